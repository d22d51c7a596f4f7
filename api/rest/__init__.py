"""The JSON routes under /api/v1."""
