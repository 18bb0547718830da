"""Gate.io's order books: the stream of today, and the older one that is read from recordings."""

import json

import pytest

from exchanges.market.events import BookDelta, BookSnapshot, Fault
from exchanges.market.topics import Channel
from exchanges.replies.response import Response
from tests.exchanges.gateio.frames import (
    BOOK,
    BTC,
    STREAM,
    VENUE,
    ack,
    listening_codec,
    sent,
    update,
    wanting_codec,
)
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, ids, send_all, snapshot

BOOKS = (
    Transcript(
        name="book: a whole one, changes, and a whole one again at any time",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.BOOK,
        frames=(
            """{"channel":"spot.obu","result":{"t":1747054612673,"full":true,
            "s":"ob.BTC_USDT.400","u":168,"b":[["104027.1","5.09"],["104027","4.77"]],
            "a":[["104027.2","0.44"]]},"time_ms":1747054612848,"event":"update"}""",
            """{"channel":"spot.obu","result":{"t":1747054612695,"s":"ob.BTC_USDT.400",
            "U":169,"u":212,"b":[["104027","0"]],"a":[["104027.2","0"],["104027.4","0.39"]]},
            "time_ms":1747054612925}""",
            """{"channel":"spot.obu","result":{"t":1747054612795,"s":"ob.BTC_USDT.400",
            "U":213,"u":213,"b":[["104026.5","1.5"]]},"time_ms":1747054613025,
            "event":"update"}""",
            """{"channel":"spot.obu","result":{"t":1747054612895,"full":true,
            "s":"ob.BTC_USDT.400","U":1,"u":300,"b":[["104020","1"]],"a":[["104021","2"]]},
            "time_ms":1747054613125,"event":"update"}""",
        ),
        events=(
            snapshot(
                BTC,
                168,
                [(104027.1, 5.09), (104027.0, 4.77)],
                [(104027.2, 0.44)],
                window=400,
                venue_ns=1747054612673_000_000,
            ),
            BookDelta(
                instrument=BTC,
                bids=[(104027.0, 0.0)],
                asks=[(104027.2, 0.0), (104027.4, 0.39)],
                previous=168,
                sequence=212,
                venue_ns=1747054612695_000_000,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[(104026.5, 1.5)],
                asks=[],
                previous=212,
                sequence=213,
                venue_ns=1747054612795_000_000,
                received_ns=RECEIVED_NS,
            ),
            snapshot(
                BTC,
                300,
                [(104020.0, 1.0)],
                [(104021.0, 2.0)],
                window=400,
                venue_ns=1747054612895_000_000,
            ),
        ),
    ),
)


def whole_book(last: int, channel: str = "spot.obu", name: str = "ob.BTC_USDT.400") -> str:
    return update(channel, {"t": 1, "full": True, "s": name, "u": last, "b": [], "a": []})


def changes(first: int, last: int, channel: str = "spot.obu", name: str = "ob.BTC_USDT.400") -> str:
    return update(channel, {"t": 1, "s": name, "U": first, "u": last, "b": [], "a": []})


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (changes(101, 105), [(100, 105)]),
        (changes(101, 101), [(100, 101)]),
        (changes(96, 100), []),
        (changes(90, 95), []),
        (changes(102, 105), [Fault.GAP]),
        (changes(99, 105), [Fault.GAP]),
        (whole_book(200), [200]),
        (whole_book(50), [50]),
    ],
    ids=["follows", "one id", "repeated", "older", "gap", "straddles", "whole", "whole, older"],
)
def test_changes_must_begin_one_above_the_book(frame: str, told: list[object]) -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)
    assert ids(codec.receive(whole_book(100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(frame, RECEIVED_NS)) == told


def test_changes_before_the_first_whole_book_mean_nothing() -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)
    assert codec.receive(changes(90, 95), RECEIVED_NS) == ()
    assert ids(codec.receive(whole_book(100), RECEIVED_NS)) == [100]


def test_lost_book_is_unsubscribed_and_subscribed_once_that_is_acknowledged() -> None:
    codec = wanting_codec(BOOK)
    (request,) = sent(codec)
    codec.receive(ack(request), RECEIVED_NS)
    codec.receive(whole_book(100), RECEIVED_NS)
    assert ids(codec.receive(changes(105, 110), RECEIVED_NS)) == [Fault.GAP]
    codec.expire(20.0, RECEIVED_NS)
    (end,) = (json.loads(frame) for frame in codec.outgoing(20.0))
    assert (end["event"], end["payload"]) == ("unsubscribe", ["ob.BTC_USDT.400"])
    assert codec.receive(changes(111, 115), RECEIVED_NS) == ()
    assert codec.outgoing(21.0) == []
    codec.receive(ack(end), RECEIVED_NS)
    (begin,) = (json.loads(frame) for frame in codec.outgoing(21.0))
    assert (begin["event"], begin["payload"]) == ("subscribe", ["ob.BTC_USDT.400"])
    codec.receive(ack(begin), RECEIVED_NS)
    assert ids(codec.receive(whole_book(300), RECEIVED_NS)) == [300]
    assert codec.is_settled
    assert codec.requests(21.0) == []


# The older stream of books, which is read from recordings.

JOINED = ("spot.order_book_update", "BTC_USDT")


def fetched(last: int) -> BookSnapshot:
    body = json.dumps({"id": last, "bids": [], "asks": []}).encode()
    response = Response(status=200, body=body, received_ns=RECEIVED_NS)
    return VENUE.rest.book(BTC).read(response)


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (99, []),  # behind the first frame: to be fetched again
        (100, [100, (100, 103), (103, 105)]),
        (102, [102, (102, 103), (103, 105)]),
        (103, [103, (103, 105)]),
        (105, [105]),
        (110, []),  # ahead of the stream: it waits
    ],
)
def test_recorded_changes_are_joined_to_a_snapshot(base: int, told: list[object]) -> None:
    codec = listening_codec(BTC)
    for frame in (changes(101, 103, *JOINED), changes(104, 105, *JOINED)):
        assert codec.receive(frame, RECEIVED_NS) == ()
    assert ids(codec.start(fetched(base))) == told


def test_recorded_snapshot_keeps_as_many_levels_as_the_stream() -> None:
    codec = listening_codec(BTC)
    codec.receive(changes(101, 103, *JOINED), RECEIVED_NS)
    first, *_ = codec.start(fetched(100))
    assert isinstance(first, BookSnapshot)
    assert first.window == 100


def test_recorded_whole_book_needs_no_snapshot_and_replaces_the_book() -> None:
    codec = listening_codec(BTC)
    codec.receive(changes(90, 95, *JOINED), RECEIVED_NS)
    assert ids(codec.receive(whole_book(100, *JOINED), RECEIVED_NS)) == [100]
    assert codec.start(fetched(98)) == ()  # it was asked for before
    assert ids(codec.receive(changes(101, 103, *JOINED), RECEIVED_NS)) == [(100, 103)]
    assert ids(codec.receive(whole_book(200, *JOINED), RECEIVED_NS)) == [200]


def test_recorded_partial_books_replace_each_other() -> None:
    codec = listening_codec(BTC)

    def partial(last: int) -> str:
        book = {"t": 1, "lastUpdateId": last, "s": "BTC_USDT", "bids": [["1", "2"]], "asks": []}
        return update("spot.order_book", book)

    assert ids(codec.receive(partial(100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(partial(99), RECEIVED_NS)) == []
    assert ids(codec.receive(partial(105), RECEIVED_NS)) == [105]
