"""Real stores for the activities."""

from tests.database_fixtures import database, database_url, migrated_sqlite, postgresql

__all__ = ["database", "database_url", "migrated_sqlite", "postgresql"]
