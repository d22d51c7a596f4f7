"""Real Temporal servers for the tests of the durable shell."""

from tests.temporal_fixtures import client, dev_server, keyring, task_queue, time_skipping

__all__ = ["client", "dev_server", "keyring", "task_queue", "time_skipping"]
