"""What is remembered: the tables, and the only code that speaks SQL."""
