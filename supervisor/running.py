"""Runs an engine for a person: shows it, until the time is over or somebody interrupts."""

import signal
import sys

import trio

from actors.opportunity import Phase
from supervisor.engine import Engine
from supervisor.logs import log_to_memory, log_to_stderr
from supervisor.screen import show_lines, show_tables, summary


async def run_shown(engine: Engine, seconds: float | None, *, plain: bool) -> None:
    """Show a running engine, then its summary."""
    started_s = trio.current_time()
    opened = 0
    with trio.move_on_after(float("inf") if seconds is None else seconds) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel_on_signal, scope)
            if plain or not sys.stdout.isatty():
                log_to_stderr()
                nursery.start_soon(show_lines, engine, _say)
            else:
                nursery.start_soon(show_tables, engine, log_to_memory())
            with engine.opportunities() as changes:
                async for change in changes:
                    opened += change.phase is Phase.OPENED
    for line in summary(engine, opened, trio.current_time() - started_s):
        _say(line)


async def cancel_on_signal(scope: trio.CancelScope) -> None:
    """End the scope when the process is interrupted or told to terminate."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for number in signals:
            scope.cancel(reason=signal.Signals(number).name)


def _say(line: str) -> None:
    print(line, flush=True)
