"""Binance's order books, rule by rule of "How to manage a local order book correctly"."""

import json

import pytest

from exchanges.market.events import BookDelta, Fault
from exchanges.market.instrument import Instrument
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.binance.markets import BTC, PERP, wanting_codec
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, ids, send_all, snapshot

BOOKS = (
    Transcript(
        name="spot book: an event brings the book from U - 1 to u",
        stream="spot_stream",
        instrument=BTC,
        channel=Channel.BOOK,
        start=snapshot(BTC, 156, [(60000.5, 2.0)], [(60001.0, 1.0)]),
        frames=(
            """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,
            "s":"BTCUSDT","U":157,"u":160,"b":[["60000.50000000","0.00000000"],
            ["60000.40000000","0.00250000"]],"a":[]}}""",
            """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1672515782236,
            "s":"BTCUSDT","U":161,"u":161,"b":[],"a":[["60000.90000000","1.50000000"]]}}""",
        ),
        events=(
            snapshot(BTC, 156, [(60000.5, 2.0)], [(60001.0, 1.0)]),
            BookDelta(
                instrument=BTC,
                bids=[(60000.5, 0.0), (60000.4, 0.0025)],
                asks=[],
                previous=156,
                sequence=160,
                venue_ns=1672515782136_000_000,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[],
                asks=[(60000.9, 1.5)],
                previous=160,
                sequence=161,
                venue_ns=1672515782236_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="perpetual book: an event brings the book from pu to u",
        stream="um_public",
        instrument=PERP,
        channel=Channel.BOOK,
        start=snapshot(PERP, 149, [(60000.5, 2.0)], [(60001.0, 1.0)]),
        frames=(
            """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,
            "T":1672515782130,"s":"BTCUSDT","ps":"BTCUSDT","st":1,"U":157,"u":160,"pu":149,
            "b":[["60000.40","0.250"]],"a":[["60000.90","0"]]}}""",
        ),
        events=(
            snapshot(PERP, 149, [(60000.5, 2.0)], [(60001.0, 1.0)]),
            BookDelta(
                instrument=PERP,
                bids=[(60000.4, 0.25)],
                asks=[(60000.9, 0.0)],
                previous=149,
                sequence=160,
                venue_ns=1672515782136_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
)


def depth(first: int, last: int, previous: int | None = None) -> str:
    """A depth event; `previous` is the `pu` that USD-M events have."""
    linked = {} if previous is None else {"pu": previous}
    data = {"E": 1, "U": first, "u": last, "b": [], "a": [], **linked}
    return json.dumps({"stream": "btcusdt@depth@100ms", "data": data})


def book_codec(
    *frames: str, stream: str = "spot_stream", instrument: Instrument = BTC
) -> MarketCodec:
    codec = wanting_codec(stream, Topic(Channel.BOOK, instrument.symbol))
    send_all(codec)
    for frame in frames:
        assert codec.receive(frame, RECEIVED_NS) == ()
    return codec


@pytest.mark.parametrize(
    ("last_update_id", "told"),
    [
        (90, []),  # older than the first event: to be fetched again
        (99, []),
        (100, [100, (100, 103), (103, 105)]),  # U = lastUpdateId + 1
        (101, [101, (101, 103), (103, 105)]),  # in the middle of an event
        (103, [103, (103, 105)]),
        (105, [105]),
        (110, []),  # ahead of the stream: it waits
    ],
)
def test_spot_book_joins_snapshot_and_events(last_update_id: int, told: list[object]) -> None:
    codec = book_codec(depth(101, 103), depth(104, 105))
    (request,) = codec.requests(10.0)
    assert (request.path, request.instrument) == ("/api/v3/depth", BTC)
    assert ids(codec.answer(request, snapshot(BTC, last_update_id, [], []))) == told


@pytest.mark.parametrize(
    ("last_update_id", "told"),
    [
        (99, []),
        (100, [100, (100, 103), (103, 109)]),  # pu = lastUpdateId
        (101, [101, (101, 103), (103, 109)]),  # pu <= lastUpdateId <= u
        (103, [103, (103, 109)]),
        (109, [109]),
    ],
)
def test_perpetual_book_joins_snapshot_and_events(last_update_id: int, told: list[object]) -> None:
    codec = book_codec(
        depth(101, 103, 100), depth(107, 109, 103), stream="um_public", instrument=PERP
    )
    (request,) = codec.requests(10.0)
    assert (request.path, request.instrument) == ("/fapi/v1/depth", PERP)
    assert ids(codec.answer(request, snapshot(PERP, last_update_id, [], []))) == told


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (depth(101, 102), [(100, 102)]),
        (depth(99, 100), []),  # u <= id: taken already
        (depth(102, 103), [Fault.GAP]),  # U > id + 1
    ],
    ids=["follows", "repeated", "gap"],
)
def test_spot_event_must_begin_one_above_the_book(frame: str, told: list[object]) -> None:
    codec = book_codec()
    codec.start(snapshot(BTC, 100, [], []))
    assert ids(codec.receive(depth(95, 100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(frame, RECEIVED_NS)) == told


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (depth(105, 109, 100), [(100, 109)]),  # U says nothing, pu does
        (depth(90, 100, 80), []),
        (depth(101, 109, 104), [Fault.GAP]),
    ],
    ids=["follows", "repeated", "gap"],
)
def test_perpetual_event_must_name_the_one_before(frame: str, told: list[object]) -> None:
    codec = book_codec(stream="um_public", instrument=PERP)
    codec.start(snapshot(PERP, 100, [], []))
    assert ids(codec.receive(depth(80, 100, 70), RECEIVED_NS)) == [100]
    assert ids(codec.receive(frame, RECEIVED_NS)) == told
