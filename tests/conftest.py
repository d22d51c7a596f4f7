"""What holds for every test."""

from hypothesis import settings

# How long an example takes says something of the machine, and nothing of the rule.
settings.register_profile("tongxing", deadline=None)
settings.load_profile("tongxing")
