"""A whole engine recorded, and its recording replayed: the same books come out."""

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from actors.books.order_book import MarketKey, OrderBook
from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.edges.clock import TrioClock
from actors.recording.format import RecordedFrame, read_recording
from actors.recording.recorder import Recorder
from actors.recording.replay import Replay
from actors.sandbox.faults import FrameFault
from supervisor.terminal.commands.replay import play
from tests.actors.sandbox.sandboxes import EPOCH_NS, SYMBOLS
from tests.system.conftest import Rig, rig

BTC, ETH, PERPETUAL = SYMBOLS
VENUES = ("binance", "okx")
PARTING = {"open_bps": 1.0, "close_bps": 0.0, "min_notional": 10}

State = tuple[bool, int, int, list[Any], list[Any]]
Act = Callable[[Rig], Awaitable[None]]


def states(books: list[OrderBook]) -> dict[MarketKey, State]:
    """All that a book holds."""
    return {
        (book.instrument.venue, book.instrument.symbol): (
            book.is_live,
            book.sequence,
            book.received_ns // 1_000,  # a recording's stamps are floats
            book.bids(10_000) if book.is_live else [],
            book.asks(10_000) if book.is_live else [],
        )
        for book in books
    }


async def record(path: Path, act: Act) -> tuple[Recorder, dict[MarketKey, State]]:
    """Record an engine while something happens to it; gives its books at the end."""
    recorder = Recorder(path, TrioClock(EPOCH_NS))
    async with trio.open_nursery() as nursery:
        await nursery.start(recorder.run)
        async with rig(*VENUES, recorder=recorder, channels=["trades"]) as made:
            await made.until_live(6)
            await act(made)
            await made.until_live(6)
            await made.watch(5.0)
            books = states(made.engine.books())
        nursery.cancel_scope.cancel()
    assert recorder.lost == 0
    return recorder, books


def new_replay() -> Replay:
    settings = msgspec.convert(PARTING, DetectorSettings)
    identity = AssetIdentity({}, Comparable.SPOT_PERP)
    return Replay(settings, identity, lambda venue, instrument: 0.0)


def replayed(path: Path) -> Replay:
    replay = new_replay()
    for one in read_recording(path):
        replay.feed(one)
    return replay


async def nothing(made: Rig) -> None:
    """A calm day."""


async def all_faults(made: Rig) -> None:
    for fault in FrameFault:
        for server in made.servers.values():
            server.faults.arm(fault)
        await made.watch(3.0)


async def broken_connections(made: Rig) -> None:
    for server in made.servers.values():
        server.drop_connections()
        await made.watch(5.0)


async def busy_venues(made: Rig) -> None:
    """Snapshots are refused: the replies that say so are in the recording."""
    for server in made.servers.values():
        server.venue.busy = 2
        server.faults.arm(FrameFault.LOSE)
    await made.watch(8.0)


async def long_enough(made: Rig) -> None:
    """Venues part and meet."""
    await trio.sleep(60.0)


async def changing_symbols(made: Rig) -> None:
    for name in VENUES:
        await made.engine.remove(name, BTC)
    await made.watch(3.0)
    for name in VENUES:
        await made.engine.add(name, BTC)


ACTS = (nothing, all_faults, broken_connections, busy_venues, changing_symbols)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_a_replay_ends_with_the_books_that_the_engine_had(
    act: Act, tmp_path: Path, autojump_clock: MockClock
) -> None:
    recorder, live = await record(tmp_path / "file.jsonl.gz", act)
    replay = replayed(recorder.path)
    assert len(live) == 6
    assert states(list(replay.books.values())) == live
    assert replay.frames == recorder.written


async def test_paradex_c1_binary_frames_are_recorded_and_replayed(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    """With those of the other venue that has binary frames."""
    names = ("mexc", "paradex")
    recorder = Recorder(tmp_path / "file.jsonl.gz", TrioClock(EPOCH_NS))
    async with trio.open_nursery() as nursery:
        await nursery.start(recorder.run)
        async with rig(*names, recorder=recorder, channels=["trades"]) as made:
            await made.until_live(3)
            for server in made.servers.values():
                server.drop_connections()
            await trio.sleep(5.0)
            await made.until_live(3)
            await trio.sleep(5.05)  # between two steps of the markets
            live = states(made.engine.books())
        nursery.cancel_scope.cancel()
    replay = replayed(recorder.path)
    assert replay.unparsed == recorder.lost == 0
    assert {venue for venue, _ in live} == set(names)
    assert states(list(replay.books.values())) == live
    kinds = Counter(
        (one.venue, type(one.frame))
        for one in read_recording(recorder.path)
        if isinstance(one, RecordedFrame) and one.dir == "recv"
    )
    assert min(kinds[name, kind] for name in names for kind in (str, bytes)) > 0


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
async def test_a_recording_holds_both_directions_and_the_replies(
    suffix: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    recorder, _ = await record(tmp_path / f"file{suffix}", nothing)
    records = [one for one in read_recording(recorder.path) if isinstance(one, RecordedFrame)]
    assert len(records) == recorder.written
    passed = Counter((one.venue, one.conn.partition(".")[0], one.dir) for one in records)
    assert passed["okx", "public", "recv"] > 100
    assert passed["binance", "spot_stream", "recv"] > 100
    assert set(passed) == {
        *[("binance", name, "send") for name in ("spot_stream", "um_public", "um_market")],
        *[("binance", name, "recv") for name in ("spot_stream", "um_public", "um_market")],
        ("binance", "http", "http"),
        *[("okx", "public", direction) for direction in ("send", "recv")],
        ("okx", "http", "http"),
    }
    stamps = [one.ts for one in records]
    assert stamps == sorted(stamps)
    assert all(one.url for one in records)


async def test_the_same_recording_brings_the_same_each_time_and_at_any_speed(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    recorder, _ = await record(tmp_path / "file.jsonl.gz", long_enough)
    first = replayed(recorder.path).report()
    assert first == replayed(recorder.path).report()
    assert first["opportunities"]["opened"] > 0
    records = list(read_recording(recorder.path))
    for speed in (0.5, 1.0, 100.0):
        paced, started_s = new_replay(), trio.current_time()
        await play(paced, records, speed, lambda change, at_s: None)
        assert paced.report() == first
        lasted_s = trio.current_time() - started_s
        assert lasted_s == pytest.approx((records[-1].ts - records[0].ts) / speed)
