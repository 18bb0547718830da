"""Lighter's streams: what is asked for and answered, and how a book is kept."""

import json
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import CodecUsageError, InvalidSymbol, StreamStale
from exchanges.market.events import (
    BookLost,
    BookSnapshot,
    Fault,
    Notice,
    StreamEvent,
    SubscriptionState,
)
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, AnError, besides, ids, market, news

VENUE = VENUES["lighter"]
PUBLIC, DERIVATIVES = VENUE.streams
BTC = market("BTC/USDC:USDC", "1", venue="lighter")
ETH = market("ETH/USDC:USDC", "0", venue="lighter")
SPOT = market("ETH/USDC", "2048", venue="lighter")
BOOK, ETH_BOOK = (Topic(Channel.BOOK, one.symbol) for one in (BTC, ETH))
CONNECTED = '{"session_id":"1","type":"connected"}'


def open_for(*topics: Topic) -> MarketCodec:
    codec = VENUE.codec(PUBLIC, Instruments([BTC, ETH, SPOT]))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe(topics)
    codec.receive(CONNECTED, RECEIVED_NS)
    codec.outgoing(0.0)
    return codec


def sent(codec: MarketCodec, now_s: float) -> list[Any]:
    return [json.loads(frame) for frame in codec.outgoing(now_s)]


def hear(codec: MarketCodec, *frames: str) -> list[StreamEvent]:
    return [event for frame in frames for event in codec.receive(frame, RECEIVED_NS)]


def book(begin: int | None, nonce: int, action: str = "update", offset: int = 7) -> str:
    fields: dict[str, Any] = {"asks": [], "bids": [], "offset": offset, "nonce": nonce}
    if begin is not None:
        fields["begin_nonce"] = begin
    frame = {"channel": "order_book:1", "order_book": fields, "type": f"{action}/order_book"}
    return json.dumps(frame)


def whole(nonce: int) -> str:
    return book(0, nonce, "subscribed")


# Requests and answers.


def test_nothing_is_asked_for_before_the_venue_listens() -> None:
    codec = VENUE.codec(PUBLIC, Instruments([BTC]))
    codec.subscribe([BOOK])
    assert codec.has_work
    assert codec.outgoing(0.0) == []
    assert hear(codec, CONNECTED) == []
    assert sent(codec, 0.0) == [{"type": "subscribe", "channel": "order_book/1"}]


@pytest.mark.parametrize(
    ("topic", "channel"),
    [
        (BOOK, "order_book/1"),
        (Topic(Channel.TOP, BTC.symbol), "ticker/1"),
        (Topic(Channel.TRADES, BTC.symbol), "trade/1"),
        (Topic(Channel.TICKER, BTC.symbol), "market_stats/1"),
        (Topic(Channel.TICKER, SPOT.symbol), "spot_market_stats/2048"),
        (Topic(Channel.KLINES, BTC.symbol, KlineInterval.H12), "candle/1/12h"),
        (Topic(Channel.FUNDING, BTC.symbol), "market_stats/1"),
        (Topic(Channel.LIQUIDATIONS, BTC.symbol), "trade/1"),
    ],
)
def test_topic_is_asked_for_and_ended_by_its_name(topic: Topic, channel: str) -> None:
    stream = PUBLIC if topic.channel in PUBLIC.channels else DERIVATIVES
    codec = VENUE.codec(stream, Instruments([BTC, SPOT]))
    codec.receive(CONNECTED, RECEIVED_NS)
    codec.subscribe([topic])
    assert sent(codec, 0.0) == [{"type": "subscribe", "channel": channel}]
    codec.unsubscribe([topic])
    assert sent(codec, 1.0) == [{"type": "unsubscribe", "channel": channel}]


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        open_for(Topic(Channel.KLINES, BTC.symbol, KlineInterval.W1))


def test_first_frame_is_the_answer() -> None:
    codec = open_for(BOOK)
    granted, start = hear(codec, whole(10))
    assert granted == news(BTC, BOOK, SubscriptionState.SUBSCRIBED)
    assert isinstance(start, BookSnapshot)
    assert codec.is_settled


@pytest.mark.parametrize(
    "error",
    [
        '{"error":{"code":30005,"message":"Invalid Channel:  (marketId)"}}',
        '{"type":"error","code":30005,"message":"Invalid Channel:  (marketId)"}',
    ],
)
def test_error_is_about_the_oldest_request(error: str) -> None:
    codec = open_for(BOOK, ETH_BOOK)
    told = AnError(InvalidSymbol, "Invalid Channel:  (marketId)", "30005")
    heard = besides(BookLost, hear(codec, error))
    assert heard == [news(BTC, BOOK, SubscriptionState.REFUSED, told)]
    assert codec.topics == (ETH_BOOK,)


def test_what_is_subscribed_already_is_granted() -> None:
    codec = open_for(BOOK, ETH_BOOK)
    error = '{"type":"error","code":30003,"message":"Already Subscribed to : order_book:0"}'
    assert hear(codec, error) == [news(ETH, ETH_BOOK, SubscriptionState.SUBSCRIBED)]


@pytest.mark.parametrize("code", [30009, 30010])
def test_too_many_messages_refuse_no_topic(code: int) -> None:
    codec = open_for(BOOK)
    assert hear(codec, json.dumps({"error": {"code": code, "message": "?"}})) == []
    assert codec.topics == (BOOK,)


def test_end_of_what_had_not_begun_is_an_end() -> None:
    codec = open_for(BOOK, ETH_BOOK)
    codec.unsubscribe([BOOK])
    codec.outgoing(1.0)
    assert hear(codec, '{"error":{"code":30002,"message":"Not Subscribed"}}') == []
    assert codec.topics == (ETH_BOOK,)


def test_shutdown_is_announced() -> None:
    notice = Notice(venue="lighter", close_in_s=2.5, message="shutdown")
    assert hear(open_for(), '{"type":"shutdown","close_in_ms":2500}') == [notice]


# Signs of life.


def test_ping_of_the_venue_is_answered() -> None:
    codec = open_for()
    assert hear(codec, '{"type":"ping"}', '{"type":"pong"}') == []
    assert sent(codec, 1.0) == [{"type": "pong"}]


def test_quiet_connection_is_pinged_and_then_given_up() -> None:
    codec = open_for()
    codec.expire(1.0, RECEIVED_NS)
    codec.expire(31.0, RECEIVED_NS)
    assert sent(codec, 31.0) == [{"type": "ping"}]
    with pytest.raises(StreamStale):
        codec.expire(46.0, RECEIVED_NS)


def test_venue_is_pinged_every_minute_while_data_flow() -> None:
    codec = open_for(BOOK)
    for second in range(60):
        hear(codec, whole(second))
        codec.expire(float(second), RECEIVED_NS)
    assert sent(codec, 59.0) == []
    codec.expire(60.0, RECEIVED_NS)
    assert sent(codec, 60.0) == [{"type": "ping"}]


# The book.


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (book(20, 25, offset=1), [(20, 25)]),
        (book(10, 20), []),
        (book(10, 15), []),
        (book(21, 25), [Fault.GAP]),
        (book(15, 25), [Fault.GAP]),
        (whole(5), [5]),
    ],
    ids=["follows", "repeated", "older", "gap", "overlaps", "whole"],
)
def test_update_must_begin_where_the_book_ends(frame: str, told: list[object]) -> None:
    codec = open_for(BOOK)
    assert ids(hear(codec, whole(10), book(10, 20))) == [10, (10, 20)]
    assert ids(hear(codec, frame)) == told


def test_lost_book_is_subscribed_anew() -> None:
    codec = open_for(BOOK)
    hear(codec, whole(10))
    assert ids(hear(codec, book(11, 20))) == [Fault.GAP]
    assert sent(codec, 10.0) == [{"type": "unsubscribe", "channel": "order_book/1"}]
    assert hear(codec, book(20, 30)) == []
    hear(codec, '{"type":"unsubscribed","channel":"order_book:1"}')
    assert sent(codec, 11.0) == [{"type": "subscribe", "channel": "order_book/1"}]
    assert ids(hear(codec, whole(40), book(40, 50))) == [40, (40, 50)]


def test_updates_before_the_first_frame_are_dropped() -> None:
    assert ids(hear(open_for(BOOK), book(1, 2), whole(10), book(10, 11))) == [10, (10, 11)]


def test_book_of_an_old_recording_is_linked_by_its_offset() -> None:
    codec = VENUE.codec(PUBLIC, Instruments([BTC]), listening=True)
    frames = (
        book(None, 0, "subscribed", offset=100),
        book(None, 0, offset=101),
        book(None, 0, offset=103),
    )
    assert ids(hear(codec, *frames)) == [100, (100, 101), Fault.GAP]


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.PERPETUAL, "0", "ETH/USDC:USDC"),
        (Kind.PERPETUAL, "1", "BTC/USDC:USDC"),
        (Kind.PERPETUAL, "2", None),
        (Kind.SPOT, "0", None),
        (Kind.SPOT, "2048", None),
    ],
)
def test_market_is_guessed_from_its_number(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol
