"""The folder of an installation on one machine belongs to one start at a time, and nothing in it is deleted."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pathways.errors import Misconfigured
from workflows.statefolder import AlreadyRunning, Running, StateFolder, StateUnusable

NOW = datetime(2026, 1, 5, 9, 0, 30, tzinfo=UTC)


def test_a_folder_is_held_once(tmp_path: Path) -> None:
    """A second start learns who has it and where; afterwards it is free again."""
    folder, second = StateFolder(tmp_path / "state"), StateFolder(tmp_path / "state")
    with folder.held():
        folder.tell(Running(pid=7, api="http://127.0.0.1:1"))
        with pytest.raises(AlreadyRunning, match=r"process 7, http://127\.0\.0\.1:1"), second.held():
            pass
        assert second.running() == Running(pid=7, api="http://127.0.0.1:1")
    assert folder.running() is None
    with second.held():
        pass


def test_what_others_may_not_read_is_hidden(tmp_path: Path) -> None:
    """A folder that is made has patients' data in it, so it is its owner's alone."""
    with StateFolder(tmp_path / "state").held():
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_the_old_state_is_renamed(tmp_path: Path) -> None:
    """Nothing is deleted; where there was nothing, nothing is renamed."""
    folder = StateFolder(tmp_path / "state")
    assert folder.set_aside(NOW) is None
    with folder.held():
        folder.keys.write_text("{}")
        with pytest.raises(AlreadyRunning):
            folder.set_aside(NOW)
    aside = folder.set_aside(NOW)
    assert aside is not None
    assert aside == tmp_path / "state-old-20260105-090030"
    assert (aside / "keys.json").read_text() == "{}"
    assert not folder.path.exists()


def test_an_older_state_is_not_written_over(tmp_path: Path) -> None:
    """Two within one second stay two."""
    folder = StateFolder(tmp_path / "state")
    for expected in (True, False):
        folder.path.mkdir()
        folder.keys.touch()
        if expected:
            assert folder.set_aside(NOW)
        else:
            with pytest.raises(StateUnusable):
                folder.set_aside(NOW)
    assert folder.keys.exists()


def test_strangers_keep_a_folder_where_it_is(tmp_path: Path) -> None:
    """A home folder named by mistake is not renamed."""
    (tmp_path / "letters.txt").touch()
    with pytest.raises(StateUnusable, match=r"letters\.txt"):
        StateFolder(tmp_path).set_aside(NOW)


@pytest.mark.parametrize(
    ("there", "refused"), [((), False), (("keys.json",), False), (("temporal.sqlite", "keys.json"), False),
                           (("temporal.sqlite",), True)],
)  # fmt: skip
def test_journeys_without_their_keys_are_refused(there: tuple[str, ...], refused: bool, tmp_path: Path) -> None:
    """Only a Temporal database whose keys are missing cannot be gone on with."""
    for name in there:
        (tmp_path / name).touch()
    folder = StateFolder(tmp_path)
    if refused:
        with pytest.raises(Misconfigured, match=r"keys\.json"):
            folder.check_keys()
    else:
        folder.check_keys()
