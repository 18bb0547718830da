"""From a socket of 127.0.0.1 to books and opportunities, with the sender in another process."""

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from math import inf
from random import Random
from statistics import median
from typing import Any, Final

import trio

from actors.detection.identity import Comparable
from actors.detection.opportunity import DetectorSettings
from actors.network.websocket import Transport, choose_transport
from actors.sandbox.server import sandbox_endpoints
from exchanges import VENUES
from exchanges.market.numbers import NS_PER_MS
from supervisor.bench.hot import RUNS, SYMBOLS, VENUE
from supervisor.settings.config import Config, FeeConfig, VenueConfig
from supervisor.system.engine import Engine, open_engine

# Spot and perpetual of the same assets part and meet all the time.
PAIRED: Final = tuple(symbol + suffix for symbol in SYMBOLS for suffix in ("", ":USDT"))
_FREE: Final = FeeConfig(maker_bps=0.0, taker_bps=0.0)


def _lanes() -> tuple[Transport, ...]:
    """Those that this installation has."""
    fastest = choose_transport(Transport.AUTO)
    return (fastest,) if fastest is Transport.BASE else (fastest, Transport.BASE)


async def measure_throughput(count: int) -> dict[str, Any]:
    """Frames a second from socket to book, through session, inboxes and book actors, per lane."""
    rates: dict[str, float] = {}
    for lane in _lanes():
        seconds = [await _race(count, lane) for _ in range(RUNS)]
        rates[str(lane)] = count / median(seconds)
    return {"frames": count, "frames_per_s": rates}


async def measure_latency(count: int, rate: float) -> dict[str, Any]:
    """Time from the socket read to the telling of an opportunity, at `rate` frames a second."""
    async with _engine(PAIRED, count, rate, Transport.AUTO) as (engine, server):
        await _until_live(engine)
        engine.latency_ns.clear()
        frames = engine.frames
        await server.go()
        with trio.move_on_after(2 * count / rate + 10):
            while engine.frames < frames + count:
                await trio.sleep(0.05)
        histogram = engine.latency_ns
        points = {f"p{p:g}_ms": histogram.percentile(p) / NS_PER_MS for p in (50, 99, 99.9)}
        return {
            "frames": engine.frames - frames,
            "rate_per_s": rate,
            "opportunity_changes": histogram.count,
            **points,
            "max_ms": histogram.most / NS_PER_MS,
        }


async def _race(count: int, lane: Transport) -> float:
    """Seconds from the first frame of a burst to the last one's place in a book."""
    async with _engine(SYMBOLS, count, 0, lane) as (engine, server):
        await _until_live(engine)
        books, updates = engine.books(), sum(book.updates for book in engine.books())
        await server.go()
        started_s = trio.current_time()
        while sum(book.updates for book in books) < updates + count:
            if not all(book.is_live for book in books):
                raise RuntimeError(f"a book was lost: {[book.fault for book in books]}")
            await trio.sleep(0.001)
        return trio.current_time() - started_s


async def _until_live(engine: Engine) -> None:
    while not engine.books() or not all(book.is_live for book in engine.books()):
        await trio.sleep(0.05)


class _Server:
    """The other process."""

    def __init__(self, process: trio.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout

    async def line(self) -> str:
        data = b""
        while not data.endswith(b"\n"):
            data += await self._stdout.receive_some()
        return data.decode().strip()

    async def go(self) -> None:
        """Let it make its frames; returns as it starts to send them."""
        await self._stdin.send_all(b"go\n")
        assert await self.line() == "ready"


@asynccontextmanager
async def _engine(
    symbols: Sequence[str], count: int, rate: float, lane: Transport
) -> AsyncIterator[tuple[Engine, _Server]]:
    command = [sys.executable, "-m", "supervisor.bench.server", VENUE, str(count), str(rate)]
    async with trio.open_nursery() as nursery:
        start = partial(
            trio.run_process,
            [*command, *symbols],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # what a terminal tells us is ours to obey: we end the server
        )
        process: trio.Process = await nursery.start(start)
        server = _Server(process)
        address = f"127.0.0.1:{await server.line()}"
        endpoints = sandbox_endpoints(VENUES[VENUE], address)
        fees = dict.fromkeys(VENUES[VENUE].kinds, _FREE)
        config = Config(
            venues={VENUE: VenueConfig(endpoints=endpoints, fees=fees)},
            symbols=list(symbols),
            comparable=Comparable.SPOT_PERP,
            transport=lane,
            # Every change of a crossing pair is told; the made frames carry made stamps.
            detector=DetectorSettings(
                open_bps=0.0, close_bps=0.0, improve_bps=0.0, min_notional=0.0, max_age_s=inf
            ),
        )
        async with open_engine(config, chance=Random(1)) as engine:
            yield engine, server
        nursery.cancel_scope.cancel()
