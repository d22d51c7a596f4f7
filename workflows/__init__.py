"""The durable shell that waits: no clinical rule is written here."""
