"""`arbitrio demo`: sandbox venues on this machine, and the engine watching them.

The venues speak their real wire protocols on sockets of 127.0.0.1 over synthetic markets that
follow one world; now and then one of them misbehaves, and the supervisors heal it.
"""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import msgspec
import structlog
import trio

from actors.clock import SystemClock
from actors.faults import FrameFault
from actors.sandbox import SandboxServer, sandbox_endpoints, serve_on_loopback
from exchanges import VENUES
from exchanges.synthetic import MarketProfile
from exchanges.world import World
from supervisor.config import Config, VenueConfig, check_config, load_config
from supervisor.engine import open_engine
from supervisor.running import View, choose_view, run_shown, say
from supervisor.settings import ConfigError, suggest

CONFIG: Final = Path(__file__).parents[2] / "examples" / "demo.toml"
# Often enough to be seen, seldom enough to see the calm in between.
FAULT_EVERY_S: Final = 8.0

log = structlog.get_logger()


def main(args: Namespace) -> int:
    config = _with_venues(load_config(CONFIG), args.venues)
    for line in trio.run(_demo, config, args, choose_view(plain=args.plain)):
        say(line)
    return 0


async def _demo(config: Config, args: Namespace, view: View) -> list[str]:
    chance, clock = Random(args.seed), SystemClock()
    now_ns = clock.now_ns()
    world = World(now_ns, lambda asset: Random(f"{args.seed} {asset}"))
    servers = [
        SandboxServer(
            VENUES[name].sandbox()(
                config.symbols_of(name),
                world,
                Random(f"{args.seed} {name}"),
                now_ns,
                _profile(name),
            ),
            clock,
        )
        for name in config.venues
    ]
    async with serve_on_loopback(servers) as addresses:
        venues = {
            name: msgspec.structs.replace(
                own, endpoints=sandbox_endpoints(VENUES[name], addresses[name])
            )
            for name, own in config.venues.items()
        }
        config = msgspec.structs.replace(config, venues=venues)
        async with (
            open_engine(config, clock=clock, chance=chance) as engine,
            trio.open_nursery() as nursery,
        ):
            if not args.calm:
                nursery.start_soon(_misbehave, servers, chance)
            lines = await run_shown(engine, args.seconds, view)
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


def _with_venues(config: Config, names: str) -> Config:
    """The configuration with other venues, if some are named."""
    if not names:
        return config
    wanted = list(VENUES) if names == "all" else names.split(",")
    unknown = [name for name in wanted if name not in VENUES]
    if unknown:
        hint = suggest(unknown[0], list(VENUES))
        raise ConfigError([f"--venues: {unknown[0]!r} is no venue; {hint}"])
    venues = {name: config.venues.get(name, VenueConfig()) for name in wanted}
    config = msgspec.structs.replace(config, venues=venues)
    check_config(config)
    return config


def _profile(name: str) -> MarketProfile:
    """Venues differ in how late they are and how far they stray."""
    chance = Random(name)
    return MarketProfile(
        lag_s=chance.uniform(0.0, 0.3),
        noise_bp=chance.uniform(1.0, 3.0),
        half_spread_bp=chance.uniform(0.5, 2.0),
        dislocations_per_hour=120.0,
        dislocation_bp=25.0,
    )
