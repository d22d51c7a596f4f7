"""A patient's record as people and programs see it: put in order, each thing once, with its sources."""
