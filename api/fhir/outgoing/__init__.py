"""What is kept, as resources: one module a group of resources."""
