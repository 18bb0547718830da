"""`arbitrio record`: stores the raw traffic of a configuration."""

import sys
from argparse import Namespace
from math import inf
from pathlib import Path

import trio

from actors.edges.clock import SystemClock
from actors.recording.packing import RecordingError
from actors.recording.recorder import Existing, Recorder
from supervisor.settings.config import Config
from supervisor.settings.loading import load_config
from supervisor.system.engine import Taps, open_engine
from supervisor.terminal.exits import FAILED, UsageError
from supervisor.terminal.logs import log_to_stderr
from supervisor.terminal.stopping import Stop


def main(args: Namespace) -> int:
    log_to_stderr(args.log_level, json=args.json)
    config = load_config(args.config)
    try:
        stop, existing = Stop(), Existing(args.existing)
        recorder = stop.run(_record, config, args.output, existing, args.seconds, stop)
    except FileExistsError as error:
        raise UsageError(
            f"{args.output}: is there already; --force replaces it, "
            "--append goes on behind its last frame"
        ) from error
    print(f"{args.output}: {recorder.written} frames, {recorder.lost} lost")
    if not recorder.written:
        print("nothing was heard of any venue: `arbitrio run` tells why", file=sys.stderr)
    return FAILED if recorder.lost or not recorder.written else 0


async def _record(
    config: Config, path: Path, existing: Existing, seconds: float | None, stop: Stop
) -> Recorder:
    clock = SystemClock()
    recorder = Recorder(path, clock, existing)
    taps = Taps(recorder.stream_tap, recorder.http_tap)
    failure: OSError | RecordingError | None = None
    with trio.move_on_after(inf if seconds is None else seconds) as scope, stop.ends(scope):
        async with trio.open_nursery() as nursery:
            try:
                await nursery.start(recorder.run)
            except (OSError, RecordingError) as error:
                failure = error  # on its way out of a nursery it would be wrapped in a group
            else:
                async with open_engine(config, clock=clock, taps=taps):
                    await trio.sleep_forever()
    if failure:
        raise failure
    return recorder
