"""Paradex's streams: what is asked for and answered, and how a book is kept."""

import json
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import InvalidSymbol, StreamStale, VenueProtocolError
from exchanges.market.events import (
    BookLost,
    BookSnapshot,
    Fault,
    StreamEvent,
    SubscriptionState,
    Trade,
)
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.paradex.frames import book, pack, trade
from tests.exchanges.transcripts import RECEIVED_NS, AnError, besides, ids, market, news

VENUE = VENUES["paradex"]
PUBLIC, DERIVATIVES = VENUE.streams
BTC = market("BTC/USD:USDC", "BTC-USD-PERP", venue="paradex")
ETH = market("ETH/USD:USDC", "ETH-USD-PERP", venue="paradex")
BOOK, ETH_BOOK = (Topic(Channel.BOOK, one.symbol) for one in (BTC, ETH))
BOOK_KEY = "order_book.BTC-USD-PERP.deltas"


def open_for(*topics: Topic) -> MarketCodec:
    codec = VENUE.codec(PUBLIC, Instruments([BTC, ETH]))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe(topics)
    codec.outgoing(0.0)
    return codec


def sent(codec: MarketCodec, now_s: float) -> list[Any]:
    return [json.loads(frame) for frame in codec.outgoing(now_s)]


def hear(codec: MarketCodec, *frames: str) -> list[StreamEvent]:
    """What text frames of answers and frames of data that are written as text say."""
    carried = [frame if '"jsonrpc"' in frame else pack(frame) for frame in frames]
    return [event for frame in carried for event in codec.receive(frame, RECEIVED_NS)]


def request(method: str, channel: str, number: int) -> dict[str, object]:
    return {"jsonrpc": "2.0", "method": method, "params": {"channel": channel}, "id": number}


def granted(number: int, channel: str = BOOK_KEY) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": {"channel": channel}, "usIn": 1})


def refused(number: int | None, code: int = -32600) -> str:
    error = {"code": code, "message": "invalid subscribe request", "data": "invalid channel"}
    return json.dumps({"jsonrpc": "2.0", "id": number, "error": error, "usIn": 1})


# Requests and answers.


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (Channel.BOOK, BOOK_KEY),
        (Channel.TOP, "bbo.BTC-USD-PERP"),
        (Channel.TRADES, "trades.BTC-USD-PERP"),
        (Channel.TICKER, "markets_summary.BTC-USD-PERP"),
        (Channel.FUNDING, "markets_summary.BTC-USD-PERP"),
        (Channel.MARK_PRICE, "markets_summary.BTC-USD-PERP"),
        (Channel.OPEN_INTEREST, "markets_summary.BTC-USD-PERP"),
        (Channel.LIQUIDATIONS, "trades.BTC-USD-PERP"),
    ],
)
def test_topic_is_asked_for_and_ended_by_its_name(channel: Channel, name: str) -> None:
    stream = PUBLIC if channel in PUBLIC.channels else DERIVATIVES
    codec = VENUE.codec(stream, Instruments([BTC]))
    topic = Topic(channel, BTC.symbol)
    codec.subscribe([topic])
    assert sent(codec, 0.0) == [request("subscribe", name, 1)]
    codec.unsubscribe([topic])
    assert sent(codec, 1.0) == [request("unsubscribe", name, 2)]


def test_answers_are_matched_by_their_number() -> None:
    codec = open_for(BOOK, ETH_BOOK)
    assert hear(codec, granted(2)) == [news(ETH, ETH_BOOK, SubscriptionState.SUBSCRIBED)]
    assert hear(codec, granted(1)) == [news(BTC, BOOK, SubscriptionState.SUBSCRIBED)]


def test_refusal_tells_why() -> None:
    codec = open_for(BOOK, ETH_BOOK)
    told = AnError(InvalidSymbol, "invalid subscribe request: invalid channel", "-32600")
    heard = hear(codec, refused(1))
    assert besides(BookLost, heard) == [news(BTC, BOOK, SubscriptionState.REFUSED, told)]
    assert codec.topics == (ETH_BOOK,)


@pytest.mark.parametrize("frame", [refused(None), refused(0), refused(1, 42901), refused(99)])
def test_error_that_is_about_no_topic_refuses_none(frame: str) -> None:
    codec = open_for(BOOK)
    assert hear(codec, frame) == []
    assert codec.topics == (BOOK,)


def test_paradex_c1_frame_of_another_market_is_left_out_where_all_are_told() -> None:
    other = trade().replace("BTC-USD-PERP", "BTC-USD-96000-C")
    codec = VENUE.codec(PUBLIC, Instruments([BTC, ETH]), listening=True)
    with pytest.raises(VenueProtocolError, match="unknown channel"):
        hear(codec, other)
    hear(codec, granted(1, "trades.ALL"))
    assert hear(codec, other) == []
    (told,) = hear(codec, trade())
    assert isinstance(told, Trade)
    assert told.instrument == BTC


# Signs of life.


def test_quiet_connection_is_made_to_answer_and_then_given_up() -> None:
    codec = open_for()
    codec.expire(1.0, RECEIVED_NS)
    codec.expire(16.0, RECEIVED_NS)
    assert sent(codec, 16.0) == [request("unsubscribe", "bbo.ALL", 0)]
    with pytest.raises(StreamStale):
        codec.expire(26.0, RECEIVED_NS)


def test_answer_to_that_is_a_sign_of_life() -> None:
    codec = open_for()
    codec.expire(15.0, RECEIVED_NS)
    assert hear(codec, refused(0)) == []
    codec.expire(26.0, RECEIVED_NS)


# The book.


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (book(12, "d"), [(11, 12)]),
        (book(11, "d"), []),
        (book(13, "d"), [Fault.GAP]),
        (book(9, "d"), [Fault.GAP]),
        (book(5, "s"), [5]),
    ],
    ids=["follows", "repeated", "gap", "fallen", "whole"],
)
def test_number_must_rise_by_one(frame: str, told: list[object]) -> None:
    codec = open_for(BOOK)
    assert ids(hear(codec, book(10, "s"), book(11, "d"))) == [10, (10, 11)]
    assert ids(hear(codec, frame)) == told


def test_lost_book_is_subscribed_anew() -> None:
    codec = open_for(BOOK)
    hear(codec, granted(1), book(10, "s"))
    assert ids(hear(codec, book(12, "d"))) == [Fault.GAP]
    assert sent(codec, 10.0) == [request("unsubscribe", BOOK_KEY, 2)]
    assert hear(codec, book(13, "d"), book(14, "s")) == []
    hear(codec, granted(2))
    assert sent(codec, 11.0) == [request("subscribe", BOOK_KEY, 3)]
    assert ids(hear(codec, granted(3), book(20, "s"), book(21, "d"))) == [20, (20, 21)]


def test_deltas_before_the_whole_book_are_dropped() -> None:
    frames = book(9, "d"), book(10, "s"), book(11, "d")
    assert ids(hear(open_for(BOOK), *frames)) == [10, (10, 11)]


@pytest.mark.parametrize("feed", ["snapshot@15@50ms@10", "interactive_deltas", "nope"])
def test_paradex_c1_book_of_grouped_prices_or_other_orders_is_not_taken_for_the_book(
    feed: str,
) -> None:
    codec = VENUE.codec(PUBLIC, Instruments([BTC]), listening=True)
    hear(codec, granted(1, BOOK_KEY.replace("deltas", feed)))
    with pytest.raises(VenueProtocolError, match="unknown channel"):
        hear(codec, book(1, "s"))


def test_paradex_c1_book_of_fifteen_levels_says_so_to_who_listens() -> None:
    codec = VENUE.codec(PUBLIC, Instruments([BTC]), listening=True)
    hear(codec, granted(1, BOOK_KEY.replace("deltas", "snapshot@15@50ms")))
    (told,) = hear(codec, book(1, "s"))
    assert isinstance(told, BookSnapshot)
    assert told.window == 15


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.PERPETUAL, "BTC-USD-PERP", "BTC/USD:USDC"),
        (Kind.PERPETUAL, "kBONK-USD-PERP", "BONK/USD:USDC"),
        (Kind.PERPETUAL, "BTC-USDT-PERP", "BTC/USDT:USDT"),
        (Kind.PERPETUAL, "BTC-USD-96000-C", None),
        (Kind.PERPETUAL, "BTC-USD", None),
        (Kind.PERPETUAL, "-USD-PERP", None),
        (Kind.PERPETUAL, "BTC-PERP", None),
        (Kind.SPOT, "BTC-USD-PERP", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol
