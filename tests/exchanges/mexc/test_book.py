"""MEXC's order books, rule by rule of "How to build a local order book correctly"."""

import pytest

from exchanges.market.events import BookDelta, Fault
from exchanges.market.topics import Channel
from exchanges.stream.wire import Frame
from tests.exchanges.mexc.frames import (
    BOOK,
    BTC,
    SENT_NS,
    STREAM,
    depth,
    listening_codec,
    pack,
    push,
    wanting_codec,
)
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, ids, send_all, snapshot

BOOKS = (
    Transcript(
        name="book: a frame brings it from fromVersion - 1 to toVersion",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.BOOK,
        start=snapshot(BTC, 43296363235, [(117053.41, 2.0)], [(117145.49, 1.0)]),
        frames=(
            depth(
                43296363236,
                43296363255,
                bids=[("117053.41", "1.86837271"), ("117000", "0.5")],
                asks=[("117145.49", "0")],
            ),
            depth(43296363256, 43296363256, bids=[("117053.41", "0.00000000")]),
        ),
        events=(
            snapshot(BTC, 43296363235, [(117053.41, 2.0)], [(117145.49, 1.0)]),
            BookDelta(
                instrument=BTC,
                bids=[(117053.41, 1.86837271), (117000.0, 0.5)],
                asks=[(117145.49, 0.0)],
                previous=43296363235,
                sequence=43296363255,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[(117053.41, 0.0)],
                asks=[],
                previous=43296363255,
                sequence=43296363256,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
        pack=pack,
    ),
)


@pytest.mark.parametrize(
    ("last_update_id", "told"),
    [
        (90, []),  # older than the first frame: to be fetched again
        (99, []),
        (100, [100, (100, 103), (103, 105)]),  # fromVersion = lastUpdateId + 1
        (101, [101, (101, 103), (103, 105)]),
        (103, [103, (103, 105)]),
        (105, [105]),
        (110, []),  # ahead of the stream: it waits
    ],
)
def test_book_joins_snapshot_and_frames(last_update_id: int, told: list[object]) -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)
    for frame in (depth(101, 103), depth(104, 105)):
        assert codec.receive(pack(frame), RECEIVED_NS) == ()
    (request,) = codec.requests(10.0)
    assert request.target == "/api/v3/depth?symbol=BTCUSDT&limit=5000"
    assert ids(codec.answer(request, snapshot(BTC, last_update_id, [], []))) == told


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (depth(101, 105), [(100, 105)]),
        (depth(96, 100), []),  # taken already
        (depth(102, 105), [Fault.GAP]),
    ],
    ids=["follows", "repeated", "gap"],
)
def test_frame_must_begin_one_above_the_book(frame: str, told: list[object]) -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)
    codec.start(snapshot(BTC, 100, [], []))
    codec.receive(pack(depth(100, 100)), RECEIVED_NS)
    assert ids(codec.receive(pack(frame), RECEIVED_NS)) == told


def test_recorded_partial_books_replace_each_other() -> None:
    codec = listening_codec()

    def partial(version: int) -> Frame:
        levels = [{"price": "93180.18", "quantity": "0.2"}]
        channel = "spot@public.limit.depth.v3.api.pb@BTCUSDT@5"
        return pack(push(channel, "publicLimitDepths", asks=levels, version=str(version)))

    assert ids(codec.receive(partial(100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(partial(100), RECEIVED_NS)) == []
    assert ids(codec.receive(partial(99), RECEIVED_NS)) == []
    assert ids(codec.receive(partial(105), RECEIVED_NS)) == [105]
