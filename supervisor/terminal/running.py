"""Runs an engine for a person: shows it, until the time is over or somebody interrupts."""

from argparse import Namespace
from collections.abc import Awaitable, Callable
from functools import partial

import trio

from actors.detection.opportunity import DetectorSettings, Phase
from supervisor.system.engine import Engine
from supervisor.terminal.abilities import can_draw
from supervisor.terminal.keeping import Keep
from supervisor.terminal.logs import log_to_memory, log_to_stderr
from supervisor.terminal.report import summary, tell, thresholds
from supervisor.terminal.screen.show import show
from supervisor.terminal.stopping import Stop

View = Callable[[Engine], Awaitable[None]]
"""Shows an engine until it is cancelled, or until the person who watches quits."""


def choose_view(args: Namespace, settings: DetectorSettings) -> View:
    """How to show an engine here; the log goes where it does not disturb that.

    Lines begin with the thresholds that are in force.
    """
    if args.plain or not can_draw():
        log_to_stderr(args.log_level, json=args.json)
        say(thresholds(settings))
        return partial(tell, say=say)
    return partial(show, recent=log_to_memory(args.log_level))


async def run_shown(
    engine: Engine, seconds: float | None, view: View, keep: Keep, stop: Stop
) -> list[str]:
    """Show a running engine until somebody quits, the time is over or a signal comes.

    Returns the lines of its summary.

    What becomes of opportunities is kept.
    """
    started_s = trio.current_time()
    opened = 0
    with (
        trio.move_on_after(float("inf") if seconds is None else seconds) as scope,
        stop.ends(scope),
    ):

        async def watch() -> None:
            await view(engine)
            scope.cancel(reason="the person who watches has quit")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch, name="view")
            with engine.opportunities() as changes:
                async for change in changes:
                    keep(change)
                    opened += change.phase is Phase.OPENED
    return list(summary(engine, opened, trio.current_time() - started_s))


def say(line: str) -> None:
    print(line, flush=True)
