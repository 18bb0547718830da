"""`arbitrio run`: watches the venues of a configuration."""

from argparse import Namespace

import trio

from supervisor.config import Config, load_config
from supervisor.engine import open_engine
from supervisor.running import run_shown


def main(args: Namespace) -> int:
    trio.run(_run, load_config(args.config), args.seconds, args.plain)
    return 0


async def _run(config: Config, seconds: float | None, plain: bool) -> None:
    async with open_engine(config) as engine:
        await run_shown(engine, seconds, plain=plain)
