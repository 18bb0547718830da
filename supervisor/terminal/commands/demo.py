"""`arbitrio demo`: sandbox venues on this machine, and the engine watching them.

The venues speak their real wire protocols on sockets of 127.0.0.1 over synthetic markets that
follow one world; now and then one of them misbehaves, and the supervisors heal it.
"""

from argparse import Namespace
from collections.abc import Sequence
from random import Random
from typing import Final

import trio

from actors.edges.log import Log
from actors.sandbox.faults import FrameFault
from actors.sandbox.server import SandboxServer
from supervisor.settings.config import Config
from supervisor.system.engine import open_engine
from supervisor.system.sandboxes import open_sandboxes
from supervisor.terminal.demo_config import demo_config
from supervisor.terminal.keeping import Keep, keep_opportunities
from supervisor.terminal.running import View, choose_view, run_shown, say
from supervisor.terminal.stopping import Stop

# Often enough to be seen, seldom enough to see the calm in between.
FAULT_EVERY_S: Final = 8.0

log = Log(__name__)


def main(args: Namespace) -> int:
    config, stop = demo_config(args.venues), Stop()
    view = choose_view(args, config.detector)
    with keep_opportunities(args.opportunities, replace=args.force) as keep:
        lines = stop.run(_demo, config, args, view, keep, stop)
    for line in lines:
        say(line)
    return 0


async def _demo(config: Config, args: Namespace, view: View, keep: Keep, stop: Stop) -> list[str]:
    chance = Random(args.seed)
    async with (
        open_sandboxes(config, seed=args.seed) as sandboxes,
        open_engine(sandboxes.config, chance=chance) as engine,
        trio.open_nursery() as nursery,
    ):
        if not args.calm:
            nursery.start_soon(_misbehave, list(sandboxes.servers.values()), chance)
        lines = await run_shown(engine, args.seconds, view, keep, stop)
        nursery.cancel_scope.cancel(reason="the demo is over")
    return lines


async def _misbehave(servers: Sequence[SandboxServer], chance: Random) -> None:
    """Let a venue drop its connections or lose a frame every so often."""
    while True:
        await trio.sleep(FAULT_EVERY_S * (0.5 + chance.random()))
        server = chance.choice(servers)
        if chance.random() < 0.5:
            log.info("demo_fault", venue=server.venue.name, fault="drops its connections")
            server.drop_connections()
        else:
            log.info("demo_fault", venue=server.venue.name, fault="loses a frame")
            server.faults.arm(FrameFault.LOSE)
