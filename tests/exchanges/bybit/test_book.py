"""Bybit's order books: snapshots and deltas in the stream, linked by their ids."""

from collections.abc import Iterable

import pytest

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Fault,
    Level,
    StreamEvent,
)
from exchanges.market.topics import Channel
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, market, open_codec, play

VENUE = VENUES["bybit"]
BTC = market("BTC/USDT", "BTCUSDT", venue="bybit")
PERP = market("BTC/USDT:USDT", "BTCUSDT", venue="bybit", funding_interval_s=28_800.0)

SNAPSHOT = """{"topic":"orderbook.1000.BTCUSDT","ts":1782000000100,"type":"snapshot","data":{
"s":"BTCUSDT","b":[["60000.4","0.31"],["60000.3","2"]],"a":[["60000.9","1.5"]],"u":700,
"seq":66544703342},"cts":1782000000098}"""
DELTA = """{"topic":"orderbook.1000.BTCUSDT","type":"delta","ts":1782000000300,"data":{
"s":"BTCUSDT","b":[["60000.4","0"],["60000.2","0.75"]],"a":[],"u":701,"seq":66544703350},
"cts":1782000000295}"""


def frame(kind: str, update_id: int, bid: str = '["60000.4","1"]', depth: int = 1000) -> str:
    data = f'{{"s":"BTCUSDT","b":[{bid}],"a":[["60000.9","1.5"]],"u":{update_id},"seq":7}}'
    return f'{{"topic":"orderbook.{depth}.BTCUSDT","type":"{kind}","ts":1,"data":{data}}}'


BOOKS = tuple(
    Transcript(
        name=f"{stream} book: a snapshot, and a delta of absolute sizes",
        stream=stream,
        instrument=instrument,
        channel=Channel.BOOK,
        frames=(SNAPSHOT, DELTA),
        events=(
            BookSnapshot(
                instrument=instrument,
                bids=[(60000.4, 0.31), (60000.3, 2.0)],
                asks=[(60000.9, 1.5)],
                sequence=700,
                window=1000,
                venue_ns=1782000000098_000_000,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=instrument,
                bids=[(60000.4, 0.0), (60000.2, 0.75)],
                asks=[],
                previous=700,
                sequence=701,
                venue_ns=1782000000295_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    )
    for stream, instrument in (("spot", BTC), ("linear", PERP))
)


def live_codec() -> MarketCodec:
    """A codec whose book is at 701."""
    codec = open_codec(VENUE, "spot", BOOKS[:1])
    play(codec, BOOKS[0])
    return codec


def faults(events: Iterable[StreamEvent]) -> list[Fault]:
    return [event.fault for event in events if isinstance(event, BookLost)]


def test_deltas_that_follow_are_taken() -> None:
    codec = live_codec()
    for update_id in (702, 703, 704):
        (delta,) = codec.receive(frame("delta", update_id), RECEIVED_NS)
        assert isinstance(delta, BookDelta)
        assert (delta.previous, delta.sequence) == (update_id - 1, update_id)


def test_delta_told_twice_is_taken_once() -> None:
    codec = live_codec()
    assert codec.receive(DELTA, RECEIVED_NS) == ()
    assert len(codec.receive(frame("delta", 702), RECEIVED_NS)) == 1


@pytest.mark.parametrize("update_id", [703, 700, 2, 1])
def test_delta_that_does_not_follow_loses_the_book_until_a_snapshot(update_id: int) -> None:
    codec = live_codec()
    assert faults(codec.receive(frame("delta", update_id), RECEIVED_NS)) == [Fault.GAP]
    assert codec.receive(frame("delta", update_id + 1), RECEIVED_NS) == ()
    (ended,) = codec.outgoing(100.0)
    assert '"op":"unsubscribe","args":["orderbook.1000.BTCUSDT"]' in str(ended)
    codec.receive('{"success":true,"ret_msg":"","req_id":"2","op":"unsubscribe"}', RECEIVED_NS)
    (asked,) = codec.outgoing(100.1)
    assert '"op":"subscribe","args":["orderbook.1000.BTCUSDT"]' in str(asked)
    (start,) = codec.receive(frame("snapshot", 900), RECEIVED_NS)
    assert isinstance(start, BookSnapshot)
    assert len(codec.receive(frame("delta", 901), RECEIVED_NS)) == 1


@pytest.mark.parametrize("update_id", [1, 700, 701, 9000])
def test_snapshot_replaces_the_book_at_any_time_and_restarts_the_count(update_id: int) -> None:
    codec = live_codec()
    (start,) = codec.receive(frame("snapshot", update_id), RECEIVED_NS)
    assert isinstance(start, BookSnapshot)
    assert start.sequence == update_id
    assert len(codec.receive(frame("delta", update_id + 1), RECEIVED_NS)) == 1


def test_delta_without_a_snapshot_is_no_book() -> None:
    codec = open_codec(VENUE, "spot", BOOKS[:1])
    assert codec.receive(DELTA, RECEIVED_NS) == ()
    assert not codec.is_settled


def test_book_is_kept_as_deep_as_its_stream_tells() -> None:
    codec = open_codec(VENUE, "linear", BOOKS[1:], listening=True)
    book = OrderBook(PERP)
    levels = ",".join(f'["{50000 - number}","1"]' for number in range(50))
    for text in (
        frame("snapshot", 5, levels, depth=50),
        frame("delta", 6, '["50001","2"]', depth=50),
        frame("delta", 7, '["50001","0"]', depth=50),
    ):
        for event in codec.receive(text, RECEIVED_NS):
            assert isinstance(event, Event)
            book.apply(event)
    bids: list[Level] = book.bids(100)
    assert bids == [(50000.0 - number, 1.0) for number in range(49)]


@pytest.mark.parametrize(
    "text",
    [
        frame("delta", 702).replace('"60000.4"', '"0"'),
        frame("delta", 702).replace('"60000.4"', '"NaN"'),
        frame("delta", 702).replace('"1.5"', '"-1"'),
        frame("delta", 702).replace('"u":702', '"u":-702'),
        frame("delta", 702).replace('"u":702,', ""),
        frame("delta", 702).replace('"b"', '"bids"'),
        frame("update", 702),
    ],
)
def test_update_that_is_not_allowed_names_the_market(text: str) -> None:
    codec = live_codec()
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(text, RECEIVED_NS)
    assert caught.value.symbol == "BTC/USDT"
