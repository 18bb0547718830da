"""`arbitrio record`: stores the raw traffic of a configuration."""

from argparse import Namespace
from pathlib import Path

import trio

from actors.clock import SystemClock
from actors.recorder import Recorder
from supervisor.config import Config, load_config
from supervisor.engine import Taps, open_engine
from supervisor.logs import log_to_stderr
from supervisor.running import cancel_on_signal


def main(args: Namespace) -> int:
    log_to_stderr()
    recorder = trio.run(_record, load_config(args.config), args.output, args.seconds)
    print(f"{args.output}: {recorder.written} frames, {recorder.lost} lost")
    return 1 if recorder.lost else 0


async def _record(config: Config, path: Path, seconds: float | None) -> Recorder:
    clock = SystemClock()
    recorder = Recorder(path, clock)
    taps = Taps(recorder.stream_tap, recorder.http_tap)
    with trio.move_on_after(float("inf") if seconds is None else seconds) as scope:
        async with trio.open_nursery() as nursery:
            await nursery.start(recorder.run)
            nursery.start_soon(cancel_on_signal, scope)
            async with open_engine(config, clock=clock, taps=taps):
                await trio.sleep_forever()
    return recorder
