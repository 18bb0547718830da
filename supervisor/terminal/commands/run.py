"""`arbitrio run`: watches the venues of a configuration."""

from argparse import Namespace

from supervisor.settings.config import Config
from supervisor.settings.loading import load_config
from supervisor.system.engine import open_engine
from supervisor.terminal.keeping import Keep, keep_opportunities
from supervisor.terminal.running import View, choose_view, run_shown, say
from supervisor.terminal.stopping import Stop


def main(args: Namespace) -> int:
    """Exit code 1 says that no venue has sent anything."""
    config, stop = load_config(args.config), Stop()
    view = choose_view(args, config.detector)
    with keep_opportunities(args.opportunities, replace=args.force) as keep:
        lines, frames = stop.run(_run, config, args.seconds, view, keep, stop)
    for line in lines:
        say(line)
    return 0 if frames else 1


async def _run(
    config: Config, seconds: float | None, view: View, keep: Keep, stop: Stop
) -> tuple[list[str], int]:
    async with open_engine(config) as engine:
        return await run_shown(engine, seconds, view, keep, stop), engine.frames
