"""What happens on a journey: one turn takes an event and returns what must be done, and why."""
