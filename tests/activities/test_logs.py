"""What a log holds of an exception: where it happened, and nothing of what it says."""

import json
import subprocess
import sys

import pytest

LOGGED = {
    "a line of a library": "logging.getLogger('uvicorn.error').exception('broken')",
    "a line of ours": "structlog.get_logger().error('broken', exc_info=True)",
}
SCRIPT = """
import logging, structlog
from activities.logs import write_logs
write_logs("info")
def ward():
    try:
        raise ValueError("13800000000")
    except ValueError as cause:
        raise RuntimeError("王芳") from cause
try:
    ward()
except RuntimeError:
    {line}
"""


@pytest.mark.parametrize("line", [pytest.param(line, id=name) for name, line in LOGGED.items()])
def test_an_exception_is_logged_by_its_class_and_place(line: str) -> None:
    """What led to it is told too; a name or number in its message is not."""
    written = _stderr(SCRIPT.format(line=line), status=0)
    assert [one["class"] for one in written["exception"]] == ["RuntimeError", "ValueError"]
    assert all(one["at"][-1].endswith(" ward") for one in written["exception"])


def test_a_process_that_ends_on_a_defect_says_where() -> None:
    """Its last words are a line of the log like any other."""
    written = _stderr(SCRIPT.format(line="raise"), status=1)
    assert (written["level"], written["exception"][0]["class"]) == ("critical", "RuntimeError")


def _stderr(script: str, *, status: int) -> dict[str, list[dict[str, list[str]]]]:
    """The one line that the script writes; no word of an exception stands in it."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status
    (line,) = done.stderr.splitlines()
    assert not any(word in line for word in ("13800000000", "王芳", "\\u738b"))
    return json.loads(line)
