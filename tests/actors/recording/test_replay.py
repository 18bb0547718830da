"""Tests of `actors.replay`: records in, books and opportunities out."""

import gzip
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.books.keeper import Resync, run_book
from actors.books.order_book import OrderBook
from actors.books.tops import Tops
from actors.detection.identity import AssetIdentity, Comparable
from actors.detection.opportunity import DetectorSettings, OpportunityChange, Phase
from actors.edges.clock import TrioClock
from actors.edges.taps import Direction
from actors.recording.format import RecordedFrame, RecordedQuote, read_recording
from actors.recording.packing import RecordingError
from actors.recording.recorder import Recorder
from actors.recording.replay import Replay
from actors.sandbox.faults import FrameFault
from actors.venue.commands import Subscribe
from actors.venue.connection import Connection
from actors.venue.context import VenueContext
from exchanges import VENUES
from exchanges.market.events import Fault, Level
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel, Topic
from tests.actors.sandbox.sandboxes import EPOCH_NS, venue_context, with_stream

BTC, ETH = "BTC/USDT", "ETH/USDT"
MARKET = ("binance", BTC)
DEPTH = "https://data-api.binance.vision/api/v3/depth?symbol=BTCUSDT&limit=1000"
SETTINGS = DetectorSettings(open_bps=5.0, close_bps=0.0, min_notional=0.0)

Books = dict[str, tuple[int, list[Level], list[Level]]]
"""Sequence, bids and asks of the live books by symbol."""


def new_replay(comparable: Comparable = Comparable.SAME_SYMBOL) -> Replay:
    return Replay(SETTINGS, AssetIdentity({}, comparable), lambda venue, instrument: 0.0)


def replayed(
    records: Iterable[RecordedFrame | RecordedQuote],
    comparable: Comparable = Comparable.SAME_SYMBOL,
) -> Replay:
    replay = new_replay(comparable)
    for record in records:
        replay.feed(record)
    return replay


def books_of(books: Iterable[OrderBook]) -> Books:
    return {
        book.instrument.symbol: (book.sequence, book.bids(10_000), book.asks(10_000))
        for book in books
        if book.is_live
    }


def losses_of(books: Iterable[OrderBook]) -> dict[str, dict[Fault, int]]:
    return {book.instrument.symbol: dict(book.losses) for book in books}


# Records written by hand: the ids of Binance's spot stream.

STAMPS = count(1)


def frame(
    data: Any, *, conn: str = "ws.1", direction: Direction = "recv", url: str = ""
) -> RecordedFrame:
    """A frame, each a second after the one before."""
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    return RecordedFrame.of(next(STAMPS) * 10**9, "binance", conn, direction, url, text)


def update(first: int, last: int, bid: str = "99", **facts: str) -> RecordedFrame:
    """A change of the size at one bid."""
    data = {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": first, "u": last}
    levels = {"b": [[bid, str(last)]], "a": []}
    return frame({"stream": "btcusdt@depth@100ms", "data": data | levels}, **facts)  # type: ignore[arg-type]


def reply(last_id: int) -> RecordedFrame:
    """A fetched book."""
    book = {"lastUpdateId": last_id, "bids": [["98", "1"]], "asks": [["101", "1"]]}
    return frame(book, conn="http.1", direction="http", url=DEPTH)


def test_a_book_starts_from_the_recorded_reply() -> None:
    replay = replayed([update(9, 11), reply(10), update(12, 13, "97")])
    book = replay.books[MARKET]
    assert book.bids() == [(99.0, 11.0), (98.0, 1.0), (97.0, 13.0)]
    assert book.sequence == 13
    assert (replay.frames, replay.unparsed) == (3, 0)


def test_a_book_starts_from_a_reply_that_came_before_its_first_update() -> None:
    replay = replayed([reply(10), update(9, 11), update(12, 13)])
    assert replay.books[MARKET].is_live
    assert replay.books[MARKET].sequence == 13


def test_an_old_reply_starts_no_book_after_a_bad_frame() -> None:
    """It could be joined to nothing: the bad frame may have been the update that is missing."""
    bad = update(12, 13)
    assert bad.data is not None
    bad.data = bad.data.replace('"13"', '"x"')
    records = [reply(10), update(9, 11), bad, frame({"result": None, "id": 1})]
    replay = replayed(records)
    assert replay.unparsed == 1
    assert replay.books[MARKET].fault is Fault.BAD_FRAME
    replay.feed(update(14, 15))
    assert not replay.books[MARKET].is_live
    replay.feed(reply(14))
    assert replay.books[MARKET].sequence == 15


def test_a_gap_closes_the_book_until_the_next_reply() -> None:
    replay = replayed([update(9, 11), reply(10), update(14, 15)])
    assert replay.books[MARKET].fault is Fault.GAP
    (report,) = replay.report()["books"]
    assert (report["live"], report["gaps"], report["bids"]) == (False, 1, [])
    replay.feed(reply(14))
    (report,) = replay.report()["books"]
    assert (report["live"], report["gaps"], report["resyncs"], report["sequence"]) == (
        True,
        1,
        1,
        15,
    )


def test_a_new_connection_takes_over_with_its_snapshot() -> None:
    """As when the live system replaces a connection: both send for a while."""
    replay = replayed([update(9, 11), reply(10), update(12, 13)])
    replay.feed(update(12, 13, conn="ws.2"))
    replay.feed(update(14, 15))
    assert replay.books[MARKET].sequence == 15
    replay.feed(update(14, 15, conn="ws.2"))
    replay.feed(reply(15))
    replay.feed(update(16, 17, conn="ws.2"))
    replay.feed(update(16, 16))
    assert replay.books[MARKET].sequence == 17
    assert not replay.books[MARKET].losses


def test_sent_frames_and_unknown_replies_say_nothing() -> None:
    sent = frame({"method": "SUBSCRIBE"}, direction="send")
    time = frame({"serverTime": 1}, direction="http", url="https://venue/api/v3/time")
    assert replayed([sent, time]).report()["books"] == []


@pytest.mark.parametrize("nonsense", ["", "{", "[]", "ü"])
def test_nonsense_is_counted_and_costs_the_books_that_it_may_have_been_for(nonsense: str) -> None:
    begin = [update(9, 11), reply(10)]
    replay = replayed([*begin, frame(nonsense), update(12, 13)])
    assert (replay.frames, replay.unparsed) == (4, 1)
    book = replay.books[MARKET]
    assert (book.fault, book.sequence) == (Fault.BAD_FRAME, 11)
    replay.feed(reply(12))
    assert (book.fault, book.sequence) == (None, 13)


def test_a_frame_of_something_else_is_counted_and_costs_nothing() -> None:
    strange = frame('{"stream":"btcusdt@what","data":{}}')
    replay = replayed([update(9, 11), reply(10), strange, update(12, 13)])
    assert (replay.frames, replay.unparsed) == (4, 1)
    assert replay.books[MARKET].sequence == 13


def test_a_venue_that_nobody_reads_is_told() -> None:
    record = RecordedFrame(ts=1, venue="mtgox", conn="ws.1", dir="recv", data="{}")
    with pytest.raises(RecordingError, match="no venue here reads recordings of 'mtgox'"):
        new_replay().feed(record)


def test_frames_of_markets_that_have_only_quotes_here_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spot_only = replace(VENUES["gateio"], recorded_as={"quotes": Kind.PERPETUAL})
    monkeypatch.setattr("actors.recording.replay.VENUES", {"gateio": spot_only})
    record = RecordedFrame(ts=1, venue="quotes", conn="ws.1", dir="recv", data="{}")
    with pytest.raises(RecordingError, match="recordings of frames of 'quotes'"):
        new_replay().feed(record)


# Quotes.


def quote(ts: float, venue: str, bid: float, ask: float, symbol: str = "") -> RecordedQuote:
    native = {"binance": "BTCUSDT", "okx": "BTC-USDT"}.get(venue, "BTC")
    return RecordedQuote(
        ts=ts, venue=venue, symbol=symbol or native, bid=bid, bid_qty=2.0, ask=ask, ask_qty=3.0
    )


def test_quotes_are_books_of_one_level_that_open_and_close_opportunities() -> None:
    replay = new_replay()
    changes: list[OpportunityChange] = []
    for record in (
        quote(1.0, "binance", 100.0, 100.1),
        quote(2.0, "okx", 101.0, 101.1),
        quote(3.5, "okx", 100.0, 100.1),
    ):
        changes += replay.feed(record)
    assert [change.phase for change in changes] == [Phase.OPENED, Phase.CLOSED]
    report = replay.report()
    assert report["unparsed"] == 0
    assert [book["bids"] for book in report["books"]] == [[(100.0, 2.0)], [(100.0, 2.0)]]
    (pair,) = report["opportunities"]["pairs"]
    edge_bps = pytest.approx((101.0 / 100.1 - 1) * 1e4)
    assert pair == {
        "sell": "okx:BTC/USDT",
        "buy": "binance:BTC/USDT",
        "opened": 1,
        "open_s": 1.5,
        "best_edge_bps": edge_bps,
    }


def test_an_opportunity_that_is_still_open_counts_until_the_last_record() -> None:
    replay = replayed(
        [
            quote(1.0, "binance", 100.0, 100.1),
            quote(2.0, "okx", 101.0, 101.1),
            quote(4.0, "binance", 100.0, 100.1),
        ]
    )
    assert replay.report()["opportunities"]["open_s"] == 2.0
    assert replay.report()["opportunities"]["open_s"] == 2.0, "asking changes nothing"


def test_time_alone_closes_an_opportunity_whose_side_is_heard_no_more() -> None:
    replay = replayed([quote(1.0, "binance", 100.0, 100.1), quote(2.0, "okx", 101.0, 101.1)])
    (closed,) = replay.feed(quote(60.0, "okx", 1.0, 2.0, "ETH-USDT"))
    assert closed.phase is Phase.CLOSED
    assert closed.decided_ns == pytest.approx(60e9)


def test_quotes_of_unknown_venues_and_markets_are_counted() -> None:
    replay = replayed([quote(1, "mtgox", 1, 2), quote(2, "binance", 1, 2, "?")])
    assert (replay.frames, replay.unparsed) == (2, 2)
    assert not replay.books


def test_a_stamp_that_goes_back_is_no_reason_to_go_back() -> None:
    replay = replayed([quote(5.0, "binance", 100.0, 100.1), quote(2.0, "okx", 101.0, 101.1)])
    (found,) = replay.detector.open(5_000_000_000)
    assert found.opened_ns == 5_000_000_000


# What our own recorder wrote.


@pytest.mark.parametrize(("name", "stream"), [("binance", "spot_stream"), ("okx", "public")])
async def test_a_connection_that_was_replaced_and_hurt_replays_to_the_same_books(
    name: str, stream: str, tmp_path: Path, autojump_clock: MockClock
) -> None:
    recorder = Recorder(tmp_path / "file.jsonl", TrioClock(EPOCH_NS))
    async with venue_context(name) as (context, server), trio.open_nursery() as nursery:
        await nursery.start(recorder.run)
        books = await recorded(context, recorder, stream, nursery)
        for fault in FrameFault:
            await trio.sleep(30.0)  # longer than half a connection's life
            server.faults.arm(fault)
        await trio.sleep(30.0)
        await wait_all_tasks_blocked()
        live, losses = books_of(books), losses_of(books)
        nursery.cancel_scope.cancel()
    assert set(live) == {BTC, ETH}
    records = list(read_recording(recorder.path))
    assert len({record.conn for record in records if isinstance(record, RecordedFrame)}) > 3
    replay = replayed(records)
    assert books_of(replay.books.values()) == live
    assert losses_of(replay.books.values()) == losses


async def recorded(
    context: VenueContext, recorder: Recorder, stream: str, nursery: trio.Nursery
) -> list[OrderBook]:
    """Two books on a connection that is replaced every minute; all of it is recorded."""
    context = with_stream(context, stream, lifetime_s=60.0)
    context.tap = recorder.stream_tap(context.venue.name)
    context.gateway._tap = recorder.http_tap(context.venue.name)
    for request in context.venue.rest.instruments():
        await context.gateway.call(request)
    (spec,) = [one for one in context.venue.streams if one.name == stream]
    connection = Connection(context, spec)
    books = []

    # The books of a sandbox are never wrong: nobody would hear of it, and its actor would fail.
    def fail(command: Resync) -> None:
        raise AssertionError(command)

    for symbol in (BTC, ETH):
        instrument = context.instruments.get(symbol)
        assert instrument is not None
        books.append(OrderBook(instrument, context.venue.checksum))
        await nursery.start(
            run_book, books[-1], context.inboxes[symbol], Tops(), fail, context.venue_clock.heard
        )
        connection.tell(Subscribe((Topic(Channel.BOOK, symbol),)))
    await nursery.start(connection.run)
    return books


# What others recorded.


@pytest.mark.recorded
@pytest.mark.parametrize("name", ["binance", "binance-futures", "okx", "gateio"])
def test_captures_replay_to_live_books_without_a_gap(name: str, shared: Path) -> None:
    replay = replayed(read_recording(shared / "captures" / f"{name}.jsonl.gz"))
    assert len(replay.books) >= 2
    for book in replay.books.values():
        assert book.is_live
        assert not book.losses
    assert replay.unparsed == 0


@pytest.mark.recorded
def test_captured_quotes_bring_the_same_opportunities_each_time(shared: Path) -> None:
    path = shared / "captures" / "aligned-lunc-20251011.csv.gz"
    first, second = (
        replayed(read_recording(path), Comparable.SPOT_PERP).report() for _ in range(2)
    )
    assert first == second
    with gzip.open(path) as lines:
        assert first["frames"] == sum(1 for _ in lines) - 1
    assert first["opportunities"]["opened"] > 100
