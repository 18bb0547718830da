"""Sandbox venues for a configuration: the same engine, against synthetic markets on this machine.

async with open_sandboxes(config) as sandboxes:
    async with open_engine(sandboxes.config) as engine:
        ...
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import Random

import msgspec

from actors.edges.clock import Clock, SystemClock
from actors.network.network import MemoryNetwork
from actors.sandbox.server import (
    SandboxServer,
    sandbox_endpoints,
    serve_in_memory,
    serve_on_loopback,
)
from exchanges.market.instrument import Kind
from exchanges.sandbox.synthetic import MarketProfile
from exchanges.sandbox.world import World
from supervisor.settings.checking import check_config
from supervisor.settings.comparing import conversions_of
from supervisor.settings.config import Config


class Sandboxes(msgspec.Struct, frozen=True):
    """Running sandboxes.

    Attributes:
        config: the configuration, with the sandboxes for endpoints.
        servers: the venues by name; their faults can be armed.
        clock: what they stamp by; an engine in virtual time is given the same.
        network: reaches them if they are served in memory; on loopback sockets any network does.
    """

    config: Config
    servers: Mapping[str, SandboxServer]
    clock: Clock
    network: MemoryNetwork | None = None


@asynccontextmanager
async def open_sandboxes(
    config: Config,
    *,
    seed: int = 0,
    clock: Clock | None = None,
    in_memory: bool = False,
    port: int = 0,
) -> AsyncIterator[Sandboxes]:
    """Serve the venues of a configuration on 127.0.0.1, or in memory for virtual time.

    All of one seed follow the same world: one fundamental price per asset, that each venue sees
    with its own lag, noise and spread. With a `port` the first is served there and the others at
    those that follow, else each at a free one.

    Raises:
        ConfigError: the configuration is wrong.
    """
    check_config(config)
    clock = clock or SystemClock()
    servers = _servers(config, seed, clock)
    if in_memory:
        async with serve_in_memory(servers.values()) as (network, addresses):
            yield Sandboxes(_served_at(config, addresses), servers, clock, network)
    else:
        async with serve_on_loopback(servers.values(), port) as addresses:
            yield Sandboxes(_served_at(config, addresses), servers, clock)


def _servers(config: Config, seed: int, clock: Clock) -> dict[str, SandboxServer]:
    now_ns = clock.now_ns()
    world = World(now_ns, lambda asset: Random(f"{seed} {asset}"))
    servers = {}
    for name in config.venues:
        chance = Random(f"{seed} {name}")
        make = config.venue(name).sandbox()
        venue = make(_symbols(config, name), world, chance, now_ns, _profile(name))
        servers[name] = SandboxServer(venue, clock)
    return servers


def _symbols(config: Config, name: str) -> list[str]:
    """What a sandbox trades: what is to be watched there, and what tells the rates for that."""
    conversions = conversions_of(config) if Kind.SPOT in config.venue(name).kinds else ()
    return list(dict.fromkeys([*config.symbols_of(name), *conversions]))


def _profile(name: str) -> MarketProfile:
    """Venues differ in how late they are and how far they stray; they part often, to be seen."""
    chance = Random(name)
    return MarketProfile(
        lag_s=chance.uniform(0.0, 0.3),
        noise_bp=chance.uniform(1.0, 3.0),
        half_spread_bp=chance.uniform(0.5, 2.0),
        dislocations_per_hour=120.0,
        dislocation_bp=25.0,
    )


def _served_at(config: Config, addresses: Mapping[str, str]) -> Config:
    venues = {
        name: msgspec.structs.replace(
            own, endpoints=sandbox_endpoints(config.venue(name), addresses[name])
        )
        for name, own in config.venues.items()
    }
    return msgspec.structs.replace(config, venues=venues)
