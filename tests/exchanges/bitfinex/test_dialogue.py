"""Bitfinex's requests and answers, its numbered frames, and what proves a book."""

import json
from typing import Any

import pytest

from actors.books.order_book import OrderBook
from exchanges import VENUES
from exchanges.bitfinex.market_data import number_text
from exchanges.bitfinex.public import FLAGS
from exchanges.errors import CodecUsageError, InvalidSymbol, StreamStale, VenueProtocolError
from exchanges.market.events import BookLost, Event, Fault, Notice, SubscriptionState, VenueState
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from exchanges.stream.talk import UnreadableFrame
from tests.exchanges.transcripts import RECEIVED_NS, AnError, besides, ids, market, news

VENUE = VENUES["bitfinex"]
PUBLIC, DERIVATIVES = VENUE.streams
BTC = market("BTC/USD", "BTCUSD", venue="bitfinex")
ETH = market("ETH/USD", "ETHUSD", venue="bitfinex")
PERP = market("BTC/USDT:USDT", "BTCF0:USTF0", venue="bitfinex")
BOOK, OTHER = Topic(Channel.BOOK, BTC.symbol), Topic(Channel.BOOK, ETH.symbol)
CONF = {"event": "conf", "flags": 229376 + 536870912}


def open_for(*topics: Topic) -> tuple[MarketCodec, list[Any]]:
    """A codec, and what it asks for."""
    stream = PUBLIC if all(topic.channel in PUBLIC.channels for topic in topics) else DERIVATIVES
    codec = VENUE.codec(stream, Instruments([BTC, ETH, PERP]))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe(topics)
    return codec, sent(codec, 0.0)


def sent(codec: MarketCodec, now_s: float) -> list[Any]:
    return [json.loads(frame) for frame in codec.outgoing(now_s)]


def say(codec: MarketCodec, value: object) -> tuple[Any, ...]:
    return codec.receive(json.dumps(value), RECEIVED_NS)


def started(*rows: list[float]) -> MarketCodec:
    """Two books with channels 1 and 2; the first has these rows. The next number is 3."""
    codec, _ = open_for(BOOK, OTHER)
    say(codec, {"event": "conf", "status": "OK", "flags": FLAGS})
    for channel_id, symbol in ((1, "tBTCUSD"), (2, "tETHUSD")):
        about = {"channel": "book", "chanId": channel_id, "symbol": symbol}
        say(codec, {"event": "subscribed", **about})
        say(codec, [channel_id, list(rows) if channel_id == 1 else [], channel_id, 1])
    assert codec.is_settled
    return codec


# Requests.


@pytest.mark.parametrize(
    ("topic", "about"),
    [
        (BOOK, {"channel": "book", "symbol": "tBTCUSD", "prec": "P0", "freq": "F0", "len": "250"}),
        (Topic(Channel.TRADES, PERP.symbol), {"channel": "trades", "symbol": "tBTCF0:USTF0"}),
        (Topic(Channel.TICKER, BTC.symbol), {"channel": "ticker", "symbol": "tBTCUSD"}),
        (Topic(Channel.KLINES, BTC.symbol, KlineInterval.MO1),
         {"channel": "candles", "key": "trade:1M:tBTCUSD"}),
        (Topic(Channel.FUNDING, PERP.symbol), {"channel": "status", "key": "deriv:tBTCF0:USTF0"}),
        (Topic(Channel.LIQUIDATIONS, PERP.symbol), {"channel": "status", "key": "liq:global"}),
    ],
)  # fmt: skip
def test_flags_are_set_before_a_topic_is_asked_for(topic: Topic, about: dict[str, str]) -> None:
    codec, asked = open_for(topic)
    assert asked == [CONF, {"event": "subscribe", **about}]
    say(codec, {"event": "subscribed", "chanId": 9, **about})
    codec.unsubscribe([topic])
    assert sent(codec, 1.0) == [{"event": "unsubscribe", "chanId": 9}]
    say(codec, {"event": "unsubscribed", "status": "OK", "chanId": 9})
    assert codec.is_settled


def test_state_of_a_perpetual_is_asked_for_once() -> None:
    channels = (Channel.FUNDING, Channel.MARK_PRICE, Channel.OPEN_INTEREST)
    _, asked = open_for(*(Topic(channel, PERP.symbol) for channel in channels))
    assert len(asked) == 2


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        open_for(Topic(Channel.KLINES, BTC.symbol, KlineInterval.H4))


def test_refusal_repeats_the_request() -> None:
    codec, (_, asked, _) = open_for(BOOK, OTHER)
    error = asked | {"event": "error", "msg": "symbol: invalid", "code": 10300}
    told = AnError(InvalidSymbol, "symbol: invalid", "10300")
    heard = besides(BookLost, say(codec, error))
    assert heard == [news(BTC, BOOK, SubscriptionState.REFUSED, told)]
    assert codec.topics == (OTHER,)


def test_error_about_nothing_that_was_asked_says_nothing() -> None:
    codec, _ = open_for(BOOK)
    assert say(codec, {"event": "error", "msg": "ratelimit", "code": 11010}) == ()


def test_what_is_subscribed_already_is_subscribed() -> None:
    codec, (_, asked) = open_for(BOOK)
    error = asked | {"event": "error", "msg": "subscribe: dup", "code": 10301}
    assert say(codec, error) == (news(BTC, BOOK, SubscriptionState.SUBSCRIBED),)


def test_subscription_that_cannot_be_ended_has_ended() -> None:
    codec = started()
    codec.unsubscribe([BOOK])
    sent(codec, 1.0)
    say(codec, {"event": "error", "msg": "unsubscribe: invalid", "code": 10400, "chanId": 1})
    assert codec.is_settled


@pytest.mark.parametrize("code", [20051, 20061])
def test_restart_and_end_of_maintenance_ask_for_a_new_connection(code: int) -> None:
    (notice,) = say(started(), {"event": "info", "code": code, "msg": "soon"})
    assert notice == Notice(venue="bitfinex", close_in_s=1.0, message="soon")


CLOSED = VenueState(venue="bitfinex", takes_orders=False, message="maintenance")


def test_books_are_lost_when_maintenance_begins() -> None:
    state, *lost = say(started(), {"event": "info", "code": 20060})
    assert (state, ids(tuple(lost))) == (CLOSED, [Fault.GAP, Fault.GAP])


def test_greeting_tells_whether_the_venue_is_in_maintenance() -> None:
    codec, _ = open_for()
    greeting = {"event": "info", "version": 2, "platform": {"status": 0}}
    assert say(codec, greeting) == (CLOSED,)
    (state,) = say(codec, greeting | {"platform": {"status": 1}})
    assert isinstance(state, VenueState)
    assert state.takes_orders


def test_quiet_connection_is_pinged_and_given_up() -> None:
    codec, _ = open_for()
    codec.expire(20.0, RECEIVED_NS)
    assert sent(codec, 20.0) == [{"event": "ping", "cid": 1}]
    assert say(codec, {"event": "pong", "ts": 1, "cid": 1}) == ()
    codec.expire(21.0, RECEIVED_NS)
    codec.expire(41.0, RECEIVED_NS)
    with pytest.raises(StreamStale):
        codec.expire(51.0, RECEIVED_NS)


# Numbers of the connection.


def test_number_that_is_missing_costs_all_books() -> None:
    codec = started()
    assert ids(say(codec, [2, "hb", 4, 1])) == [Fault.GAP, Fault.GAP]
    assert [one["event"] for one in sent(codec, 10.0)] == ["unsubscribe", "unsubscribe"]


def test_books_are_lost_even_if_the_frame_after_the_hole_cannot_be_read() -> None:
    with pytest.raises(UnreadableFrame) as caught:
        say(started(), [1, ["nonsense"], 4, 1])
    assert ids(caught.value.told) == [Fault.GAP, Fault.GAP]


@pytest.mark.parametrize(
    ("number", "told"),
    [(3, [(1, 3)]), (2, []), (1, [Fault.GAP, Fault.GAP]), (4, [Fault.GAP, Fault.GAP])],
    ids=["next", "repeated", "lower: the count may have begun anew", "hole"],
)
def test_frames_are_numbered_one_by_one(number: int, told: list[object]) -> None:
    assert ids(say(started(), [1, [100, 1, 1], number, 1])) == told


def test_frame_after_a_lost_snapshot_is_not_taken_for_one() -> None:
    codec = started()
    codec.unsubscribe([BOOK])
    sent(codec, 1.0)
    say(codec, {"event": "unsubscribed", "status": "OK", "chanId": 1})
    codec.subscribe([BOOK])
    sent(codec, 2.0)
    say(codec, {"event": "subscribed", "channel": "book", "chanId": 5, "symbol": "tBTCUSD"})
    # The frame of number 3 was the snapshot.
    assert ids(say(codec, [5, [[100, 1, 1]], 4, 1])) == [Fault.GAP]
    assert ids(say(codec, [5, [[101, 1, 1]], 5, 1])) == []


def test_snapshot_that_cannot_be_read_is_not_replaced_by_the_update_after_it() -> None:
    codec, _ = open_for(BOOK)
    say(codec, {"event": "subscribed", "channel": "book", "chanId": 1, "symbol": "tBTCUSD"})
    with pytest.raises(VenueProtocolError):
        say(codec, [1, [[100, 1, 0]], 1, 1])
    assert ids(say(codec, [1, [[101, 1, 1]], 2, 1])) == []


def test_book_whose_frames_are_not_numbered_is_refused() -> None:
    codec, _ = open_for(BOOK)
    say(codec, {"event": "conf", "status": "FAILED", "flags": FLAGS})
    say(codec, {"event": "subscribed", "channel": "book", "chanId": 1, "symbol": "tBTCUSD"})
    with pytest.raises(VenueProtocolError, match="not numbered"):
        say(codec, [1, [[100, 1, 1]]])


def test_frames_of_a_channel_that_has_ended_say_nothing() -> None:
    codec = started()
    codec.unsubscribe([BOOK])
    sent(codec, 1.0)
    say(codec, {"event": "unsubscribed", "status": "OK", "chanId": 1})
    assert say(codec, [1, [100, 1, 1], 3, 1]) == ()
    assert codec.is_settled


# The checksum.


@pytest.mark.parametrize(
    ("rows", "proof"),
    [
        ([[6000, 2, 1], [5900, 1, 1.5], [6100, 1, -0.5], [6200, 3, -2.25]], 1161857585),
        ([[6000, 1, 1], [5900, 1, 1], [6100, 1, -1], [6200, 1, -1]], -1494577313),
    ],
)
@pytest.mark.parametrize("error", [0, 1])
def test_checksum_covers_both_sides_in_turn(
    rows: list[list[float]], proof: int, error: int
) -> None:
    codec, book = open_for(BOOK)[0], OrderBook(BTC, VENUE.checksum)
    say(codec, {"event": "subscribed", "channel": "book", "chanId": 1, "symbol": "tBTCUSD"})
    for frame in ([1, rows, 1, 1], [1, "cs", proof + error, 2, 1]):
        for event in say(codec, frame):
            assert isinstance(event, Event)
            book.apply(event)
    assert book.fault is (Fault.CHECKSUM if error else None)


def test_checksum_of_a_number_with_an_exponent_cannot_be_told() -> None:
    assert VENUE.checksum
    assert VENUE.checksum(BTC, [(1.0, 1e-7)], []) is None
    assert VENUE.checksum(BTC, [], [(2e-8, 1.0)]) is None
    deep = [(100.0 - number, 1.0) for number in range(25)]
    assert VENUE.checksum(BTC, [*deep, (1.0, 1e-7)], []) is not None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6000.0, "6000"),
        (-0.5, "-0.5"),
        (0.00002505, "0.00002505"),
        (0.000001, "0.000001"),
        (5.1e-7, "5.1e-7"),
        (-2e-8, "-2e-8"),
        (1e16, "10000000000000000"),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_numbers_are_written_as_javascript_does(value: float, text: str) -> None:
    assert number_text(value) == text


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.SPOT, "BTCUSD", "BTC/USD"),
        (Kind.SPOT, "BTCUST", "BTC/USDT"),
        (Kind.SPOT, "UDCUSD", "USDC/USD"),
        (Kind.SPOT, "AVAX:UST", "AVAX/USDT"),
        (Kind.SPOT, "TESTBTC:TESTUSD", "TESTBTC/TESTUSD"),
        (Kind.SPOT, "LUNA2:USD", "LUNA/USD"),
        (Kind.PERPETUAL, "BTCF0:USTF0", "BTC/USDT:USDT"),
        (Kind.PERPETUAL, "ETHF0:BTCF0", "ETH/BTC:BTC"),
        (Kind.PERPETUAL, "BTCUSD", None),
        (Kind.SPOT, "BTCF0:USTF0", None),
        (Kind.SPOT, "AVAXUST", None),
        (Kind.SPOT, "A:B:C", None),
        (Kind.PERPETUAL, "F0:F0", None),
        (Kind.SPOT, "", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol
