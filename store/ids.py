"""Ids that are drawn here; those of a journey's own things are derived by the engine."""

from secrets import token_hex


def new_id() -> str:
    """32 hexadecimal digits that nobody can guess."""
    return token_hex(16)
