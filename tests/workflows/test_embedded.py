"""The Temporal server of a one-machine installation."""

import socket
import uuid
from pathlib import Path

from tests.temporal_fixtures import START_WITHIN, running_dev_server
from tests.workflows.letterbox import SlowLetterbox
from workflows.client import connect
from workflows.embedded import answers, free_ports, is_free, temporal_binary, temporal_command, time_skipping_binary
from workflows.keyring import StaticKeyring


def test_the_program_comes_with_the_packages() -> None:
    """Nothing is downloaded: each program is a file of an installed package."""
    assert temporal_binary().is_file()
    assert time_skipping_binary().is_file()


def test_pages_are_shown_only_with_a_port() -> None:
    """With a port the server shows its pages on loopback, without one it has none."""

    def command(ui_port: int | None) -> list[str]:
        return temporal_command(
            binary=Path("temporal"),
            database=Path("t.sqlite"),
            namespace="n",
            port=1,
            ui_port=ui_port,
            http_port=2,
            metrics_port=3,
        )

    assert "--headless" in command(None)
    assert "--headless" not in command(8233)
    assert command(8233)[command(8233).index("--ui-port") + 1] == "8233"


async def test_what_was_accepted_survives_a_kill(tmp_path: Path, keyring: StaticKeyring, task_queue: str) -> None:
    """A workflow that the server accepted is there after SIGKILL and a new start on the same file, in WAL mode."""
    workflow_id = f"letterbox/{uuid.uuid4()}"
    with running_dev_server(tmp_path) as server:
        client = await connect(server.address, server.namespace, keyring, within=START_WITHIN)
        await client.start_workflow(SlowLetterbox.run, 1, id=workflow_id, task_queue=task_queue)
        assert (tmp_path / "temporal.sqlite-wal").exists()
        server.process.kill()
    with running_dev_server(tmp_path) as server:
        client = await connect(server.address, server.namespace, keyring, within=START_WITHIN)
        assert (await client.get_workflow_handle(workflow_id).describe()).id == workflow_id


def test_free_ports_are_free_and_different() -> None:
    """Every port given can be listened on, and is not given twice."""
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(is_free(port) and not answers(port) for port in ports)


def test_a_taken_port_is_seen() -> None:
    """A port that somebody listens on is not free, and answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert answers(port)
