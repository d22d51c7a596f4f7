"""The ways a message reaches a person, one module each."""
