"""What acts on one outside thing each."""
