"""What resources say, as notices: pure translators, one module a group of resources."""
