"""Sandbox venues in memory and in virtual time, for tests of actors and of whole trees."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from random import Random
from typing import Final

import msgspec
import trio

from actors.books.keeper import BookInbox
from actors.edges.clock import TrioClock
from actors.edges.hub import Hub
from actors.network.network import MemoryNetwork
from actors.network.websocket import Transport
from actors.sandbox.server import STEP_S, SandboxServer, sandbox_endpoints, serve_in_memory
from actors.venue.context import Injected, VenueContext
from exchanges import VENUES
from exchanges.market.events import Level
from exchanges.market.instrument import Instruments
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.world import World

EPOCH_NS: Final = 1_790_000_000_000_000_000
SYMBOLS: Final = ("BTC/USDT", "ETH/USDT", "BTC/USDT:USDT")


def make_server(
    name: str,
    clock: TrioClock,
    *,
    seed: int = 1,
    symbols: Iterable[str] = SYMBOLS,
    step_s: float = STEP_S,
) -> SandboxServer:
    """The sandbox of a venue; all of one seed follow the same world."""
    world = World(EPOCH_NS, lambda asset: Random(f"{seed} {asset}"))
    venue = VENUES[name].sandbox()(symbols, world, Random(f"{seed} {name}"), EPOCH_NS)
    return SandboxServer(venue, clock, step_s)


@asynccontextmanager
async def sandboxes(
    *names: str, seed: int = 1, symbols: Iterable[str] = SYMBOLS, step_s: float = STEP_S
) -> AsyncIterator[tuple[MemoryNetwork, Mapping[str, SandboxServer], Mapping[str, dict[str, str]]]]:
    """Running sandboxes: the network that reaches them, the servers, and their endpoints.

    Tests of hours let the markets live on in longer steps: each step is work.
    """
    clock = TrioClock(EPOCH_NS)
    servers = {
        name: make_server(name, clock, seed=seed, symbols=symbols, step_s=step_s) for name in names
    }
    async with serve_in_memory(servers.values()) as (network, addresses):
        endpoints = {name: sandbox_endpoints(VENUES[name], addresses[name]) for name in servers}
        yield network, servers, endpoints


@asynccontextmanager
async def venue_context(
    name: str,
    *,
    transport: Transport = Transport.AUTO,
    symbols: Iterable[str] = SYMBOLS,
    step_s: float = STEP_S,
) -> AsyncIterator[tuple[VenueContext, SandboxServer]]:
    """What the connections of one venue need, with a sandbox behind it."""
    clock, venue = TrioClock(EPOCH_NS), VENUES[name]
    async with sandboxes(name, symbols=symbols, step_s=step_s) as (network, servers, endpoints):
        server, chance = servers[name], Random(1)
        given = Injected(network=network, clock=clock, chance=chance, transport=transport)
        context = VenueContext.open(venue, endpoints[name], Hub(), given)
        markets = server.venue.markets.values()
        context.instruments = Instruments(market.instrument for market in markets)
        context.inboxes = {symbol: BookInbox(64) for symbol in symbols}
        async with trio.open_nursery() as nursery:
            await nursery.start(context.gateway.run)
            yield context, server
            nursery.cancel_scope.cancel()


def levels_of(market: SandboxMarket, limit: int) -> tuple[list[Level], list[Level]]:
    """The true book of a sandbox market, best first, as floats."""
    depth = market.depth(limit)
    ticks, lots = market.synthetic.ticks, market.synthetic.lots

    def read(side: list[tuple[int, int]]) -> list[Level]:
        return [(ticks.number(price), lots.number(size)) for price, size in side]

    return read(depth.bids), read(depth.asks)


def with_stream(context: VenueContext, name: str, **facts: object) -> VenueContext:
    """The context with other facts about one stream, such as a short lifetime."""
    streams = tuple(
        msgspec.structs.replace(stream, **facts) if stream.name == name else stream
        for stream in context.venue.streams
    )
    venue = msgspec.structs.replace(context.venue, streams=streams)
    return msgspec.structs.replace(context, venue=venue)
