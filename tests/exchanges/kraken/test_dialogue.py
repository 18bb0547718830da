"""Kraken's requests and answers, and what proves its book."""

import json
import zlib
from typing import Any

import pytest

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.errors import CodecUsageError, InvalidSymbol, RateLimited, StreamStale
from exchanges.market.events import (
    BookLost,
    BookSnapshot,
    Event,
    Fault,
    SubscriptionState,
    VenueState,
)
from exchanges.market.instrument import Instruments
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, AnError, besides, ids, market, news

VENUE = VENUES["kraken"]
(STREAM,) = VENUE.streams
SOL = market("SOL/EUR", "SOL/EUR", venue="kraken", tick="0.01", step="0.00000001")
XRP = market("XRP/EUR", "XRP/EUR", venue="kraken")
BOOK, OTHER = Topic(Channel.BOOK, SOL.symbol), Topic(Channel.BOOK, XRP.symbol)


def open_for(*topics: Topic) -> tuple[MarketCodec, list[Any]]:
    """A codec, and what it asks for."""
    codec = VENUE.codec(STREAM, Instruments([SOL, XRP]))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe(topics)
    return codec, sent(codec, 0.0)


def sent(codec: MarketCodec, now_s: float) -> list[Any]:
    return [json.loads(frame) for frame in codec.outgoing(now_s)]


def answer(request_id: int, symbol: str, error: str = "", method: str = "subscribe") -> str:
    result = {"channel": "book", "symbol": symbol, "depth": 10, "snapshot": True}
    told = {"success": False, "error": error} if error else {"success": True, "result": result}
    return json.dumps({"method": method, "req_id": request_id, **told})


# Requests.


@pytest.mark.parametrize(
    ("topic", "about", "subscribed"),
    [
        (BOOK, {"channel": "book", "depth": 10}, {"snapshot": True}),
        (Topic(Channel.TOP, SOL.symbol), {"channel": "ticker", "event_trigger": "bbo"},
         {"snapshot": True}),
        (Topic(Channel.TRADES, SOL.symbol), {"channel": "trade"}, {"snapshot": False}),
        (Topic(Channel.KLINES, SOL.symbol, KlineInterval.D1),
         {"channel": "ohlc", "interval": 1440}, {"snapshot": True}),
    ],
)  # fmt: skip
def test_topic_is_asked_for_and_ended(
    topic: Topic, about: dict[str, object], subscribed: dict[str, object]
) -> None:
    codec, asked = open_for(topic)
    named = {"symbol": ["SOL/EUR"], **about}
    assert asked == [{"method": "subscribe", "params": {**named, **subscribed}, "req_id": 1}]
    codec.unsubscribe([topic])
    assert sent(codec, 1.0) == [{"method": "unsubscribe", "params": named, "req_id": 2}]


def test_best_prices_and_ticker_are_asked_for_once() -> None:
    _, asked = open_for(Topic(Channel.TOP, SOL.symbol), Topic(Channel.TICKER, SOL.symbol))
    assert len(asked) == 1


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        open_for(Topic(Channel.KLINES, SOL.symbol, KlineInterval.H12))


def test_symbols_of_one_request_are_granted_one_by_one() -> None:
    codec, (asked,) = open_for(BOOK, OTHER)
    assert asked["params"]["symbol"] == ["SOL/EUR", "XRP/EUR"]
    told = codec.receive(answer(1, "XRP/EUR"), RECEIVED_NS)
    assert told == (news(XRP, OTHER, SubscriptionState.SUBSCRIBED),)
    told = codec.receive(answer(1, "SOL/EUR"), RECEIVED_NS)
    assert told == (news(SOL, BOOK, SubscriptionState.SUBSCRIBED),)


def test_refusal_of_one_symbol_leaves_the_others() -> None:
    """The error need not name its symbol: each that is unanswered is asked for by itself."""
    codec, _ = open_for(BOOK, OTHER)
    text = "Currency pair not supported SOL/EUR"
    assert codec.receive(answer(1, "", text), RECEIVED_NS) == ()
    codec.receive(answer(1, "XRP/EUR"), RECEIVED_NS)
    assert [one["params"]["symbol"] for one in sent(codec, 1.0)] == [["SOL/EUR"], ["XRP/EUR"]]
    heard = besides(BookLost, codec.receive(answer(2, "", text), RECEIVED_NS))
    assert heard == [news(SOL, BOOK, SubscriptionState.REFUSED, AnError(InvalidSymbol, text))]
    told = codec.receive(answer(3, "", "Already subscribed"), RECEIVED_NS)
    assert told == (news(XRP, OTHER, SubscriptionState.SUBSCRIBED),)
    assert codec.topics == (OTHER,)


@pytest.mark.parametrize(
    "frame",
    [
        '{"channel":"heartbeat"}',
        '{"method":"pong","req_id":3,"time_in":"2026-01-01T00:00:00Z"}',
    ],
)
def test_signs_of_life_say_nothing_else(frame: str) -> None:
    codec, _ = open_for(BOOK)
    assert codec.receive(frame, RECEIVED_NS) == ()


@pytest.mark.parametrize(
    ("system", "takes_orders"),
    [("online", True), ("post_only", False), ("cancel_only", False), ("maintenance", False)],
)
def test_kraken_b8_state_of_the_whole_venue_is_told(system: str, takes_orders: bool) -> None:
    codec, _ = open_for(BOOK)
    frame = f'{{"channel":"status","type":"update","data":[{{"system":"{system}"}}]}}'
    assert codec.receive(frame, RECEIVED_NS) == (
        VenueState(venue="kraken", takes_orders=takes_orders, message=system),
    )


def test_kraken_b22_too_many_messages_are_a_reason_to_ask_less() -> None:
    codec, _ = open_for(BOOK)
    told = besides(BookLost, codec.receive('{"Error":"Exceeded msg rate"}', RECEIVED_NS))
    error = AnError(RateLimited, "Exceeded msg rate", "")
    assert told == [news(SOL, BOOK, SubscriptionState.REFUSED, error)]
    codec.expire(1.0, RECEIVED_NS)
    assert sent(codec, 1.0) == []  # it is asked for again later
    codec.expire(11.0, RECEIVED_NS)
    assert "subscribe" in [one["method"] for one in sent(codec, 11.0)]


def test_quiet_connection_is_pinged_and_given_up_after_ten_seconds() -> None:
    codec, _ = open_for()
    codec.expire(5.0, RECEIVED_NS)
    assert sent(codec, 5.0) == [{"method": "ping"}]
    with pytest.raises(StreamStale):
        codec.expire(10.0, RECEIVED_NS)


# The book.


def book(
    kind: str, micros: int, bids: str = "", asks: str = "", checksum: int | None = None
) -> str:
    """A frame; levels are written as `price size, price size`."""

    def rows(levels: str) -> str:
        pairs = (level.split() for level in levels.split(",") if level)
        return ",".join(f'{{"price":{price},"qty":{size}}}' for price, size in pairs)

    stamp = f"2026-01-01T00:00:00.{micros:06}Z"
    return (
        f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"SOL/EUR","bids":[{rows(bids)}],'
        f'"asks":[{rows(asks)}],"checksum":{checksum or 0},"timestamp":"{stamp}"}}]}}'
    )


def proof(text: str) -> int:
    return zlib.crc32(text.encode())


def apply(target: OrderBook, events: tuple[object, ...]) -> None:
    for event in events:
        assert isinstance(event, Event)
        target.apply(event)


def kept(*frames: str) -> OrderBook:
    codec, _ = open_for(BOOK)
    codec.receive(answer(1, "SOL/EUR"), RECEIVED_NS)
    target = OrderBook(SOL, VENUE.checksum)
    for frame in frames:
        apply(target, codec.receive(frame, RECEIVED_NS))
    return target


def test_checksum_is_made_of_asks_then_bids_without_points_and_leading_zeros() -> None:
    start = book(
        "snapshot", 1, "0.5 1.5", "150.2 1e-08,151 40", proof("1502011510040000000005015" + "0" * 7)
    )
    assert kept(start).is_live


def test_wrong_checksum_ends_the_book() -> None:
    assert kept(book("snapshot", 1, "150 1", "151 1", 1)).fault is Fault.CHECKSUM


def test_sizes_of_more_digits_than_a_float_keeps_are_proven_as_they_were_written() -> None:
    start = book("snapshot", 1, "0.5 123456789.12345678", "", proof("50" + "12345678912345678"))
    target = kept(start)
    assert target.is_live
    assert target.bids() == [(0.5, 123456789.12345678)]
    wrong = book("snapshot", 1, "0.5 123456789.12345678", "", proof("50" + "12345678912345679"))
    assert kept(wrong).fault is Fault.CHECKSUM


def test_level_that_was_pushed_out_is_told_anew_when_it_comes_back() -> None:
    asks = ",".join(f"{price} 1" for price in range(151, 161))
    digits = [f"{price}00100000000" for price in range(151, 161)]
    target = kept(
        book("snapshot", 1, "", asks, proof("".join(digits))),
        book("update", 2, "", "150 1", proof("15000100000000" + "".join(digits[:9]))),
        book("update", 3, "", "150 0,160 2", proof("".join(digits[:9]) + "16000200000000")),
    )
    assert target.is_live
    assert target.asks(20)[-2:] == [(159.0, 1.0), (160.0, 2.0)]


@pytest.mark.parametrize(
    ("micros", "told"),
    [(7, [(1_767_225_600_000_005_000, 1_767_225_600_000_007_000)]),
     (5, [(1_767_225_600_000_005_000, 1_767_225_600_000_005_000)]),
     (4, [])],
    ids=["later", "at the same time", "older: would bring back what was"],
)  # fmt: skip
def test_updates_are_ordered_by_their_stamps(micros: int, told: list[object]) -> None:
    codec, _ = open_for(BOOK)
    codec.receive(book("snapshot", 5, "150 1"), RECEIVED_NS)
    assert ids(codec.receive(book("update", micros, "150 2"), RECEIVED_NS)) == told


def test_book_that_was_wrong_is_subscribed_anew() -> None:
    codec, _ = open_for(BOOK)
    assert codec.receive(book("update", 1, "150 1"), RECEIVED_NS) == ()
    codec.receive(answer(1, "SOL/EUR"), RECEIVED_NS)
    codec.receive(book("snapshot", 5, "150 1"), RECEIVED_NS)
    assert codec.is_settled
    lost = codec.resync(SOL.symbol, Fault.CHECKSUM, "wrong", RECEIVED_NS)
    assert ids(lost) == [Fault.CHECKSUM]
    (ended,) = sent(codec, 10.0)
    assert ended["method"] == "unsubscribe"
    assert codec.receive(book("update", 6, "150 2"), RECEIVED_NS) == ()
    codec.receive(answer(2, "SOL/EUR", method="unsubscribe"), RECEIVED_NS)
    (again,) = sent(codec, 11.0)
    assert again["method"] == "subscribe"
    (start,) = codec.receive(book("snapshot", 9, "150 3"), RECEIVED_NS)
    assert isinstance(start, BookSnapshot)
