"""Coinbase's stream: what is asked for and answered, and how the books are kept."""

import json
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import InvalidSymbol, StreamStale, VenueProtocolError
from exchanges.market.events import BookLost, Event, Fault, StreamEvent, SubscriptionState
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.topics import Channel, Topic
from exchanges.stream.books import MarketCodec
from exchanges.stream.talk import UnreadableFrame
from tests.exchanges.transcripts import RECEIVED_NS, AnError, besides, ids, market, news

VENUE = VENUES["coinbase"]
(PUBLIC,) = VENUE.streams
BTC = market("BTC/USD", "BTC-USD", venue="coinbase")
ETH = market("ETH/USD", "ETH-USD", venue="coinbase")
BOOK, ETH_BOOK = (Topic(Channel.BOOK, one.symbol) for one in (BTC, ETH))
TRADES = Topic(Channel.TRADES, BTC.symbol)
BEAT = {"type": "subscribe", "channel": "heartbeats"}


def open_for(*topics: Topic) -> MarketCodec:
    codec = VENUE.codec(PUBLIC, Instruments([BTC, ETH]))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe(topics)
    codec.outgoing(0.0)
    return codec


def sent(codec: MarketCodec, now_s: float) -> list[Any]:
    return [json.loads(frame) for frame in codec.outgoing(now_s)]


def told(number: int, channel: str, *events: object) -> str:
    return json.dumps(
        {
            "channel": channel,
            "client_id": "",
            "timestamp": "2026-11-20T12:00:00Z",
            "sequence_num": number,
            "events": events,
        }
    )


def beat(number: int) -> str:
    return told(number, "heartbeats", {"current_time": "now", "heartbeat_counter": "1"})


def listed(number: int, **products: list[str]) -> str:
    return told(number, "subscriptions", {"subscriptions": products})


def book(number: int, kind: str = "update", product: str = "BTC-USD", price: str = "1") -> str:
    row = {"side": "bid", "event_time": "", "price_level": price, "new_quantity": "1"}
    event = {"type": kind, "product_id": product, "updates": [row]}
    return told(number, "l2_data", event)


def hear(codec: MarketCodec, *frames: str) -> list[StreamEvent]:
    return [event for frame in frames for event in codec.receive(frame, RECEIVED_NS)]


# Requests and answers.


def test_connection_asks_for_heartbeats_before_anything_else() -> None:
    codec = VENUE.codec(PUBLIC, Instruments([BTC]))
    assert codec.has_work
    assert sent(codec, 0.0) == [BEAT]


def test_request_names_one_channel_and_many_products() -> None:
    codec = VENUE.codec(PUBLIC, Instruments([BTC, ETH]))
    codec.subscribe([BOOK, ETH_BOOK, TRADES])
    assert sent(codec, 0.0) == [
        BEAT,
        {"type": "subscribe", "channel": "level2", "product_ids": ["BTC-USD", "ETH-USD"]},
        {"type": "subscribe", "channel": "market_trades", "product_ids": ["BTC-USD"]},
    ]
    codec.unsubscribe([TRADES])
    assert sent(codec, 1.0) == [
        {"type": "unsubscribe", "channel": "market_trades", "product_ids": ["BTC-USD"]}
    ]


def test_answer_lists_all_that_is_subscribed_and_may_come_after_data() -> None:
    codec = open_for(BOOK, ETH_BOOK, TRADES)
    assert ids(hear(codec, book(0, "snapshot"))) == [0]
    assert hear(codec, listed(1, heartbeats=["heartbeats"])) == []
    assert hear(codec, listed(2, level2=["BTC-USD", "ETH-USD"])) == [
        news(BTC, BOOK, SubscriptionState.SUBSCRIBED),
        news(ETH, ETH_BOOK, SubscriptionState.SUBSCRIBED),
    ]
    assert hear(codec, listed(3, level2=["BTC-USD", "ETH-USD"], market_trades=["BTC-USD"])) == [
        news(BTC, TRADES, SubscriptionState.SUBSCRIBED)
    ]


def test_end_is_confirmed_by_a_list_without_it() -> None:
    codec = open_for(BOOK, TRADES)
    hear(codec, listed(0, level2=["BTC-USD"], market_trades=["BTC-USD"]))
    codec.unsubscribe([TRADES])
    codec.outgoing(1.0)
    hear(codec, listed(1, level2=["BTC-USD"], market_trades=["BTC-USD"]))  # of another request
    trade = {"product_id": "BTC-USD", "trade_id": "1", "price": "1", "size": "1",
             "time": "2026-11-20T12:00:00Z", "side": "BUY"}  # fmt: skip
    last = {"type": "update", "trades": [trade]}
    assert hear(codec, told(2, "market_trades", last)) == []  # still under way
    hear(codec, listed(3, level2=["BTC-USD"]))
    with pytest.raises(VenueProtocolError):
        hear(codec, told(4, "market_trades", last))


def test_error_is_about_the_oldest_request_and_asked_for_one_by_one() -> None:
    codec = open_for(BOOK, ETH_BOOK)
    error = '{"type":"error","message":"product not found"}'
    assert hear(codec, error) == []
    products = [request["product_ids"] for request in sent(codec, 2.0)]
    assert products == [["BTC-USD"], ["ETH-USD"]]
    assert besides(BookLost, hear(codec, error)) == [
        news(BTC, BOOK, SubscriptionState.REFUSED, AnError(InvalidSymbol, "product not found")),
    ]
    assert codec.topics == (ETH_BOOK,)


def test_error_about_nothing_says_nothing() -> None:
    assert hear(open_for(), '{"type":"error","message":"authentication failure"}') == []


def test_connection_without_heartbeats_is_dead() -> None:
    codec = open_for()
    hear(codec, beat(0))
    codec.expire(1.0, RECEIVED_NS)
    with pytest.raises(StreamStale):
        codec.expire(6.1, RECEIVED_NS)


# The books.


def live() -> MarketCodec:
    """Both books have started, and frame 7 is next."""
    codec = open_for(BOOK, ETH_BOOK)
    frames = (
        listed(4, level2=["BTC-USD", "ETH-USD"]),
        book(5, "snapshot"),
        book(6, "snapshot", "ETH-USD"),
    )
    assert ids(hear(codec, *frames)) == [5, 6]
    assert codec.is_settled
    return codec


def test_updates_follow_while_no_frame_of_any_channel_is_missing() -> None:
    frames = (book(7), beat(8), book(9, product="ETH-USD"), listed(10), book(11))
    assert ids(hear(live(), *frames)) == [(5, 7), (6, 9), (7, 11)]


@pytest.mark.parametrize("frame", [book(8), beat(8), listed(1000), book(8, product="ETH-USD")])
def test_missing_frame_costs_all_books_of_the_connection(frame: str) -> None:
    codec = live()
    assert ids(hear(codec, frame)) == [Fault.GAP, Fault.GAP]
    (request,) = sent(codec, 10.0)
    assert request == {
        "type": "unsubscribe",
        "channel": "level2",
        "product_ids": ["BTC-USD", "ETH-USD"],
    }


@pytest.mark.parametrize("number", [6, 5, 0])
def test_late_or_repeated_frame_is_ignored(number: int) -> None:
    codec = live()
    assert hear(codec, book(number, price="99")) == []
    assert ids(hear(codec, book(7))) == [(5, 7)]


def test_count_that_begins_anew_costs_the_books_and_goes_on() -> None:
    codec = live()
    hear(codec, *(beat(number) for number in range(7, 200)))
    assert ids(hear(codec, beat(0))) == [Fault.GAP, Fault.GAP]
    assert ids(hear(codec, book(1, "snapshot"))) == [1]
    assert ids(hear(codec, book(2))) == [(1, 2)]


def test_frame_that_shows_a_gap_and_cannot_be_read_costs_the_books_as_well() -> None:
    with pytest.raises(UnreadableFrame) as caught:
        hear(live(), book(9, price="NaN"))
    assert ids(caught.value.told) == [Fault.GAP, Fault.GAP]


def test_books_go_on_after_a_frame_of_another_channel_that_cannot_be_read() -> None:
    codec = live()
    with pytest.raises(VenueProtocolError):
        hear(codec, told(7, "ticker", {"tickers": [{}]}))
    assert ids(hear(codec, book(8))) == [(5, 8)]


def test_frame_of_a_book_that_cannot_be_read_is_missing() -> None:
    codec = live()
    with pytest.raises(VenueProtocolError) as caught:
        hear(codec, book(7, price="NaN"))
    assert caught.value.symbol == BTC.symbol
    assert ids(hear(codec, book(8))) == [Fault.GAP, Fault.GAP]


def test_first_frame_that_cannot_be_read_leaves_no_book_half_told() -> None:
    codec = open_for(BOOK, ETH_BOOK)
    row = {"side": "bid", "event_time": "", "price_level": "1", "new_quantity": "1"}
    good = {"type": "snapshot", "product_id": "BTC-USD", "updates": [row]}
    bad = good | {"product_id": "ETH-USD", "updates": [row | {"side": "?"}]}
    with pytest.raises(VenueProtocolError):
        hear(codec, told(0, "l2_data", good, bad))
    assert ids(hear(codec, book(1))) == [Fault.GAP]


def test_restarted_book_waits_for_its_snapshot() -> None:
    codec = live()
    hear(codec, book(8))  # 7 is missing
    codec.outgoing(10.0)
    assert hear(codec, book(9)) == []
    hear(codec, listed(10))
    assert sent(codec, 11.0)[0]["type"] == "subscribe"
    assert hear(codec, book(11)) == []
    assert ids(hear(codec, book(12, "snapshot"), book(13))) == [12, (12, 13)]


def test_later_snapshot_replaces_the_book() -> None:
    assert ids(hear(live(), book(7, "snapshot"), book(8))) == [7, (7, 8)]


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.SPOT, "BTC-USD", "BTC/USD"),
        (Kind.SPOT, "CGLD-USD", "CELO/USD"),
        (Kind.SPOT, "USDT-USDC", "USDT/USDC"),
        (Kind.PERPETUAL, "BTC-PERP-INTX", None),
        (Kind.PERPETUAL, "BIP-20DEC30-CDE", None),
        (Kind.SPOT, "BTC-PERP-INTX", None),
        (Kind.PERPETUAL, "BTC-USD", None),
        (Kind.SPOT, "BTCUSD", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol


# One book with two settlements.


def test_coinbase_c8_market_in_usdc_is_asked_for_and_told_by_the_name_of_its_book() -> None:
    coin = market("BTC/USDC", "BTC-USDC", venue="coinbase", book_of="BTC-USD")
    topic = Topic(Channel.BOOK, "BTC/USDC")
    codec = VENUE.codec(PUBLIC, Instruments([BTC, coin]))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe([topic])
    _, asked = sent(codec, 0.0)
    assert asked == {"type": "subscribe", "channel": "level2", "product_ids": ["BTC-USD"]}
    start, state, delta = hear(codec, book(0, "snapshot"), listed(1, level2=["BTC-USD"]), book(2))
    assert state == news(coin, topic, SubscriptionState.SUBSCRIBED)
    for event in (start, delta):
        assert isinstance(event, Event)
        assert event.instrument == coin
    codec.unsubscribe([topic])
    (ended,) = sent(codec, 1.0)
    assert ended["product_ids"] == ["BTC-USD"]


def test_coinbase_c8_bad_frame_of_a_shared_book_costs_that_book_alone() -> None:
    coin = market("BTC/USDC", "BTC-USDC", venue="coinbase", book_of="BTC-USD")
    topic = Topic(Channel.BOOK, "BTC/USDC")
    codec = VENUE.codec(PUBLIC, Instruments([ETH, coin]))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe([topic, ETH_BOOK])
    codec.outgoing(0.0)
    hear(codec, book(0, "snapshot"), book(1, "snapshot", "ETH-USD"))
    error = UnreadableFrame("?", venue="coinbase", payload="")
    lost = codec.distrust('{"product_id":"BTC-USD"', error, RECEIVED_NS)
    assert [event.instrument for event in lost if isinstance(event, Event)] == [coin]
