"""Tasks behind a block: what a public context manager is made of that runs something."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


@asynccontextmanager
async def open_background(reason: str) -> AsyncIterator[trio.Nursery]:
    """A nursery whose tasks run while the block does, and are cancelled at its end.

    What the block or one of the tasks raises comes out as itself, so that `except` by class works
    around it as around any other block. Only two failures at once are a group. Cancellation and
    interrupts pass through. `reason` is told to the tasks that are cancelled.
    """
    failure: Exception | None = None
    failures: list[BaseException] = []
    try:
        async with trio.open_nursery() as nursery:
            try:
                yield nursery
            except Exception as error:  # noqa: BLE001 - raised again below, outside of the nursery
                failure = error
            nursery.cancel_scope.cancel(reason=reason)
    except BaseExceptionGroup as group:
        _, rest = group.split(trio.Cancelled)
        if rest is None and failure is None:
            raise
        failures = [_unwrapped(error) for error in rest.exceptions] if rest else []
    if failure:
        failures.insert(0, failure)  # as it is, for it may be a group of the block's own
    if len(failures) > 1:
        raise BaseExceptionGroup("a block and the tasks behind it failed", failures)
    if failures:
        raise failures[0]


def _unwrapped(error: BaseException) -> BaseException:
    """What a task raised, without the nurseries that it passed."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
