"""Recorded sessions of HTX, compressed as they came: spot of April 2021, swaps of February 2022."""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings
from actors.recording.format import RecordedFrame
from actors.recording.replay import Replay
from exchanges import VENUES
from exchanges.market.events import BookSnapshot, Event, Level, Trade
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.numbers import NS_PER_S
from exchanges.rest.request import Listing
from exchanges.stream.wire import Frame
from tests.exchanges.transcripts import ok, stream_of

VENUE = VENUES["htx"]


@pytest.fixture(scope="module")
def recorded(shared: Path) -> Callable[[str], list[RecordedFrame]]:
    def read(name: str) -> list[RecordedFrame]:
        file = shared / "captures" / f"{name}.jsonl.gz"
        if not file.exists():
            pytest.skip(f"no recordings: {file} is missing")
        lines = gzip.decompress(file.read_bytes()).splitlines()
        records = [msgspec.json.decode(line, type=RecordedFrame) for line in lines]
        return sorted(records, key=lambda record: record.ts)

    return read


Recorded = Callable[[str], list[RecordedFrame]]


def replayed(records: Iterable[RecordedFrame]) -> Replay:
    replay = Replay(DetectorSettings(), AssetIdentity({}, Comparable.SAME_SYMBOL), lambda *_: 0.002)
    for record in records:
        replay.feed(record)
    return replay


def texts(records: Iterable[RecordedFrame]) -> Iterable[dict[str, Any]]:
    for record in records:
        if record.dir == "recv" and isinstance(record.frame, bytes):
            yield json.loads(gzip.decompress(record.frame))


def listed(records: Iterable[RecordedFrame]) -> list[Instrument]:
    """The instruments of the lists in a recording."""
    found: list[Instrument] = []
    for record in records:
        if record.dir == "http":
            request = VENUE.rest.recognise(record.url, lambda kind, native: None)
            assert request is not None
            listing = request.read(ok((record.data or "").encode()))
            assert isinstance(listing, Listing)
            assert listing.odd == ()
            found += listing.instruments
    return found


def base(levels: list[list[float]], instrument: Instrument | None) -> list[Level]:
    """Levels in base units, worked out here from what a contract is worth."""
    if instrument is None:
        return [(price, size) for price, size in levels]
    return [(price, size * instrument.units_per_contract(price)) for price, size in levels]


def assert_close(levels: list[Level], expected: list[Level]) -> None:
    assert [price for price, _ in levels] == [price for price, _ in expected]
    assert [size for _, size in levels] == pytest.approx([size for _, size in expected])


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("name", "frames", "books"),
    [
        ("htx", 282, 7),
        ("htx-swap", 2036, 7),
    ],
)
def test_recorded_session_keeps_its_books(
    recorded: Recorded, name: str, frames: int, books: int
) -> None:
    records = recorded(name)
    replay = replayed(records)
    assert (replay.frames, replay.unparsed, len(replay.books)) == (frames, 0, books)
    last = {
        text["ch"].split(".")[1]: text["tick"]
        for text in texts(records)
        if text.get("ch", "").endswith("depth.step0")
    }
    for book in replay.books.values():
        tick, native = last[book.instrument.native], book.instrument.native
        assert book.is_live
        assert book.losses.total() == 0
        contracts = book.instrument if name == "htx-swap" else None
        assert_close(book.bids(1000), base(tick["bids"], contracts))
        assert_close(book.asks(1000), base(tick["asks"], contracts))
        assert book.sequence == tick["version"], native


@pytest.mark.recorded
@pytest.mark.parametrize(("name", "stream"), [("htx", "feed"), ("htx-swap", "swap")])
def test_recorded_session_is_read_to_its_last_frame(
    recorded: Recorded, name: str, stream: str
) -> None:
    records = recorded(name)
    instruments = Instruments([*listed(records), guessed("fil3susdt")])
    codec = VENUE.codec(stream_of(VENUE, stream), instruments, listening=True)
    told: dict[type[object], list[Event]] = defaultdict(list)
    pongs: list[Frame] = []
    for record in records:
        if record.dir == "recv":
            for event in codec.receive(record.frame, record.at_ns):
                assert isinstance(event, Event)
                told[type(event)].append(event)
            pongs += codec.outgoing(record.at_ns / NS_PER_S)
    pings = sum("ping" in text for text in texts(records))
    assert len(pongs) == pings > 0
    assert set(told) == {Trade, BookSnapshot}
    trades = sum(len(text.get("tick", {}).get("data", ())) for text in texts(records))
    assert len(told[Trade]) == trades > 20


def guessed(native: str) -> Instrument:
    """A leveraged token, which the lists leave out."""
    (kind,) = stream_of(VENUE, "feed").kinds
    instrument = VENUE.guess(kind, native)
    assert instrument is not None
    return instrument


@pytest.mark.recorded
def test_recorded_lists_are_read(recorded: Recorded) -> None:
    spot = {each.native: each for each in listed(recorded("htx"))}
    assert len(spot) > 800
    omg = spot["omgbtc"]
    assert (omg.symbol, omg.status) == ("OMG/BTC", "trading")
    swaps = {each.native: each for each in listed(recorded("htx-swap"))}
    linear, inverse = swaps["GRT-USDT"], swaps["SHIB-USD"]
    assert (linear.symbol, str(linear.contract_size), linear.step) == (
        "GRT/USDT:USDT",
        "10",
        linear.contract_size,
    )
    assert (inverse.symbol, inverse.inverse, str(inverse.contract_size)) == (
        "SHIB/USD:SHIB",
        True,
        "10",
    )


@pytest.mark.recorded
def test_recorded_trade_of_a_swap_takes_half_its_size_out_of_the_book(recorded: Recorded) -> None:
    """Levels that a trade emptied, or took a part of, in contracts."""
    records = recorded("htx-swap")
    sizes: dict[str, list[tuple[int, dict[float, float]]]] = defaultdict(list)
    traded: dict[tuple[str, int, float], float] = defaultdict(float)
    for text in texts(records):
        native = text.get("ch", "..").split(".")[1]
        tick = text.get("tick", {})
        if text.get("ch", "").endswith("depth.step0"):
            sizes[native].append((tick["ts"], dict(map(tuple, tick["bids"] + tick["asks"]))))
        for row in tick.get("data", ()):
            traded[native, row["ts"], row["price"]] += row["amount"]
    halves = 0
    for (native, at_ms, price), amount in traded.items():
        before = [levels for ts, levels in sizes[native] if ts < at_ms]
        after = [levels for ts, levels in sizes[native] if at_ms + 25 <= ts <= at_ms + 60]
        if before and after:
            taken = before[-1].get(price, 0) - after[0].get(price, 0)
            assert taken != amount
            halves += taken == amount / 2
    assert halves >= 5
