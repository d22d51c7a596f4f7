"""The time of a play: a journey that is rehearsed reads it in the place of its server's own.

A time-skipping server begins at today's date, and its clock also runs while turns are taken. A play has dates of its
own, on which weekdays, holidays and clock changes depend, and nothing in it takes time but its waits. So what a
workflow is told of the time is what the play has it to be; its timers are as long as ever.
"""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info


class PlayClock:
    """What time it is in the play: it stands until it is set."""

    def __init__(self) -> None:
        self.now = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()
        self._told: dict[str, dict[int, datetime]] = {}

    def tell(self, run: str, at: int) -> datetime:
        """What a workflow run is told at its server's instant, in nanoseconds: the same again for the same one."""
        with self._lock:
            return self._told.setdefault(run, {}).setdefault(at, self.now)

    def told(self, run: str) -> dict[int, datetime]:
        """Everything that a workflow run was told."""
        with self._lock:
            return dict(self._told.get(run, {}))


@dataclass(frozen=True)
class PlayRunner(SandboxedWorkflowRunner):
    """Runs workflows in their sandbox at the time of the play.

    Activities that are named in `by_lines` are not begun: what other systems do is in the lines of the play.
    """

    clock: PlayClock = field(kw_only=True)
    by_lines: frozenset[str] = field(kw_only=True)

    def create_instance(self, det: Any) -> WorkflowInstance:
        """Give an instance that reads the play's clock."""
        return _AtPlayTime(super().create_instance(det), self.clock, self.by_lines)


class _AtPlayTime(WorkflowInstance):
    def __init__(self, instance: WorkflowInstance, clock: PlayClock, by_lines: frozenset[str]) -> None:
        self._instance = instance
        self._clock = clock
        self._by_lines = by_lines

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Hand the activation on, with the play's time, and leave out what the lines of the play do."""
        act.timestamp.FromDatetime(self._clock.tell(act.run_id, act.timestamp.ToNanoseconds()))
        done = self._instance.activate(act)
        commands = done.successful.commands
        kept = [one for one in commands if one.schedule_activity.activity_type not in self._by_lines]
        if len(kept) < len(commands):
            del commands[:]
            commands.extend(kept)
        return done

    def get_serialization_context(self, command_info: Any) -> Any:
        """Give what the instance gives."""
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        """Give what the instance gives."""
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Info:
        """Give what the instance gives."""
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        """Give what the instance gives."""
        return self._instance.get_thread_id()
