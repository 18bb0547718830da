"""`arbitrio run`: watches the venues of a configuration."""

from argparse import Namespace

import trio

from supervisor.settings.config import Config, load_config
from supervisor.system.engine import open_engine
from supervisor.terminal.running import View, choose_view, run_shown, say


def main(args: Namespace) -> int:
    config, view = load_config(args.config), choose_view(args)
    for line in trio.run(_run, config, args.seconds, view):
        say(line)
    return 0


async def _run(config: Config, seconds: float | None, view: View) -> list[str]:
    async with open_engine(config) as engine:
        return await run_shown(engine, seconds, view)
