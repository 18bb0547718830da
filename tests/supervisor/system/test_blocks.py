"""What comes out of every public block that has tasks behind it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors.edges.background import open_background
from actors.edges.clock import TrioClock
from actors.network.websocket import Transport, open_websocket
from actors.sandbox.server import serve_in_memory, serve_on_loopback
from exchanges.errors import VenueUnavailable
from supervisor.settings.config import Config, VenueConfig
from supervisor.system.engine import open_engine
from supervisor.system.exchange import open_exchange
from supervisor.system.sandboxes import open_sandboxes
from tests.actors.sandbox.sandboxes import EPOCH_NS, SYMBOLS, sandboxes

NAME = "okx"
CONFIG = Config(symbols=[SYMBOLS[0]], venues={NAME: VenueConfig()})
DOWN = VenueUnavailable("down", venue=NAME)


def a_background() -> AbstractAsyncContextManager[Any]:
    return open_background("test")


@asynccontextmanager
async def an_exchange() -> AsyncIterator[Any]:
    async with (
        sandboxes(NAME) as (network, _, endpoints),
        open_exchange(
            NAME, endpoints=endpoints[NAME], network=network, clock=TrioClock(EPOCH_NS)
        ) as exchange,
    ):
        yield exchange


@asynccontextmanager
async def a_stream() -> AsyncIterator[Any]:
    async with an_exchange() as exchange, exchange.stream_trades(SYMBOLS[0]) as trades:
        yield trades


@asynccontextmanager
async def a_book() -> AsyncIterator[Any]:
    async with an_exchange() as exchange, exchange.stream_book(SYMBOLS[0]) as books:
        await anext(books)
        yield books


@asynccontextmanager
async def some_sandboxes() -> AsyncIterator[Any]:
    async with open_sandboxes(CONFIG, clock=TrioClock(EPOCH_NS), in_memory=True) as opened:
        yield opened


@asynccontextmanager
async def an_engine() -> AsyncIterator[Any]:
    clock = TrioClock(EPOCH_NS)
    async with (
        open_sandboxes(CONFIG, clock=clock, in_memory=True) as opened,
        open_engine(opened.config, network=opened.network, clock=clock, chance=Random(1)) as engine,
    ):
        yield engine


def in_memory() -> AbstractAsyncContextManager[Any]:
    return serve_in_memory([])


def on_loopback() -> AbstractAsyncContextManager[Any]:
    return serve_on_loopback([])


def a_websocket(lane: Transport) -> Callable[[], AbstractAsyncContextManager[Any]]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Any]:
        async with sandboxes(NAME) as (network, _, endpoints):
            url = endpoints[NAME]["public"]
            async with open_websocket(network, url, transport=lane, max_bytes=10_000) as socket:
                yield socket

    return opened


BLOCKS = {
    "open_background": a_background,
    "open_exchange": an_exchange,
    "stream_trades": a_stream,
    "stream_book": a_book,
    "open_engine": an_engine,
    "open_sandboxes": some_sandboxes,
    "serve_in_memory": in_memory,
    "serve_on_loopback": on_loopback,
    "open_websocket fast": a_websocket(Transport.FAST),
    "open_websocket base": a_websocket(Transport.BASE),
}
every_block = pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)


@every_block
async def test_what_a_block_raises_comes_out_as_itself(
    block: Callable[[], AbstractAsyncContextManager[Any]], autojump_clock: MockClock
) -> None:
    group = ExceptionGroup("the block's own", [DOWN])
    for error in (DOWN, group, KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught:
            async with block():
                raise error
        assert caught.value is error


@every_block
async def test_cancellation_passes_through(
    block: Callable[[], AbstractAsyncContextManager[Any]], autojump_clock: MockClock
) -> None:
    with trio.move_on_after(1) as scope:
        async with block():
            await trio.sleep_forever()
    assert scope.cancelled_caught
