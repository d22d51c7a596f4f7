"""The least that a server is asked for when somebody acts: a workflow with an update that does nothing."""

from temporalio import workflow


@workflow.defn
class Bare:
    """Nothing but an update."""

    @workflow.run
    async def run(self) -> None:
        """Wait until it is ended."""
        await workflow.wait_condition(lambda: False)

    @workflow.update
    def touch(self) -> int:
        """Answer."""
        return 1
