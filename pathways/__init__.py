"""What should happen on a care pathway: pure decisions, without a clock, a network or a random number."""
