"""Real Temporal servers and stores for the long proofs."""

from tests.database_fixtures import database, database_url, migrated_sqlite, postgresql
from tests.temporal_fixtures import keyring, task_queue, time_skipping

__all__ = ["database", "database_url", "keyring", "migrated_sqlite", "postgresql", "task_queue", "time_skipping"]
