"""Histories of whole journeys, kept in the repository so that each build replays them.

`RECORD_HISTORIES=1 pytest tests/proof` writes them anew. Their payloads are kept as the encryption found them, so that
they compress, and say nothing of anybody: the patients are made up.
"""

import gzip
import json
import os
from pathlib import Path
from typing import Any, cast

from google.protobuf.json_format import MessageToDict, ParseDict
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import PayloadCodec

FOLDER = Path(__file__).parent / "histories"
WANTED = bool(os.environ.get("RECORD_HISTORIES"))
AT_MOST_BYTES = 400_000


async def record(client: Client, workflow: str, name: str) -> None:
    """Keep the history of a workflow's latest run, where that was asked for."""
    if not WANTED:
        return
    codec = client.data_converter.payload_codec
    assert codec is not None
    history = await client.get_workflow_handle(workflow).fetch_history()
    text = json.dumps(await _decoded(codec, history.to_json_dict()), ensure_ascii=False, separators=(",", ":"))
    content = gzip.compress(text.encode(), mtime=0)
    assert len(content) < AT_MOST_BYTES
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json.gz").write_bytes(content)


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
