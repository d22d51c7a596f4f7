"""Histories of whole journeys, kept in the repository so that each build replays them.

`RECORD_HISTORIES=1 pytest tests/proof` writes them anew. Their payloads are kept as the encryption found them, so that
they compress, and say nothing of anybody: the patients are made up.
"""

import base64
import gzip
import json
import os
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import PayloadCodec

FOLDER = Path(__file__).parent / "histories"
WANTED = bool(os.environ.get("RECORD_HISTORIES"))
AT_MOST_BYTES = 400_000


Times = Mapping[int, datetime]
"""What a workflow was told of the time, by its server's instants in nanoseconds."""


async def record(client: Client, workflow: str, name: str, *, times: Callable[[str], Times] | None = None) -> None:
    """Keep the history of a workflow's latest run, where that was asked for.

    `times` gives those of a run that was told others than its server's: the history then has what it was told.
    """
    if not WANTED:
        return
    codec = client.data_converter.payload_codec
    assert codec is not None
    history = await client.get_workflow_handle(workflow).fetch_history()
    decoded = await _decoded(codec, history.to_json_dict())
    if times is not None:
        decoded = _at(times(history.run_id), decoded)
    text = json.dumps(decoded, ensure_ascii=False, separators=(",", ":"))
    content = gzip.compress(text.encode(), mtime=0)
    assert len(content) < AT_MOST_BYTES
    file = FOLDER / f"{name}.json.gz"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)


def recorded(file: Path) -> WorkflowHistory:
    """A history that was kept."""
    return WorkflowHistory.from_json(file.name.removesuffix(".json.gz"), gzip.decompress(file.read_bytes()).decode())


async def _decoded(codec: PayloadCodec, value: Any) -> Any:
    if isinstance(value, list):
        return [await _decoded(codec, one) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    message = cast("dict[str, Any]", value)
    if "encoding" in message.get("metadata", {}):
        (payload,) = await codec.decode([ParseDict(message, Payload())])
        return MessageToDict(payload)
    return {key: await _decoded(codec, one) for key, one in message.items()}


def _at(times: Times, history: dict[str, Any]) -> dict[str, Any]:
    """The history with the times that its workflow was told: those of its tasks, and of its local activities' ends."""
    told = sorted(times)

    def shown(at: int) -> datetime:
        return times[told[max(bisect_right(told, at) - 1, 0)]]

    for event in history["events"]:
        at = Timestamp()
        at.FromJsonString(event["eventTime"])
        at.FromDatetime(shown(at.ToNanoseconds()))
        event["eventTime"] = at.ToJsonString()
        details = event.get("markerRecordedEventAttributes", {}).get("details", {})
        for payload in details.get("data", {}).get("payloads", ()):
            activity = json.loads(base64.b64decode(payload["data"]))
            ended = activity["complete_time"]
            seconds = shown(ended["seconds"] * 10**9 + ended["nanos"]).timestamp()
            activity["complete_time"] = {"seconds": int(seconds), "nanos": 0}
            payload["data"] = base64.b64encode(json.dumps(activity).encode()).decode()
    return history
