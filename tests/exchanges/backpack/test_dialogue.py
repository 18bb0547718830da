"""Backpack's streams: what is asked for without ever being answered, and how a book is kept."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.errors import CodecUsageError, StreamStale
from exchanges.market.events import BookSnapshot, Fault, SubscriptionState, Trade
from exchanges.market.instrument import Instrument, Instruments, Kind, Status
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    ids,
    market,
    news,
    send_all,
    snapshot,
    stream_of,
)

VENUE = VENUES["backpack"]
PUBLIC, DERIVATIVES = VENUE.streams
SOL = market("SOL/USDC", "SOL_USDC", venue="backpack")
ETH = market("ETH/USDC:USDC", "ETH_USDC_PERP", venue="backpack", status=Status.HALTED)
BTC = market("BTC/USDC:USDC", "BTC_USDC_PERP", venue="backpack")
BOOK = Topic(Channel.BOOK, BTC.symbol)
TRADES = Topic(Channel.TRADES, SOL.symbol)


def open_for(*topics: Topic, markets: tuple[Instrument, ...] = (SOL, ETH, BTC)) -> MarketCodec:
    codec = VENUE.codec(PUBLIC, Instruments(markets))
    codec.expire(0.0, RECEIVED_NS)
    codec.subscribe(topics)
    codec.outgoing(0.0)
    return codec


def sent(codec: MarketCodec, now_s: float) -> list[Any]:
    return [json.loads(frame) for frame in codec.outgoing(now_s)]


def trade(number: int) -> str:
    data = {"p": "1", "q": "1", "t": number, "T": 1, "m": True}
    return json.dumps({"stream": "trade.SOL_USDC", "data": data})


# Requests.


@pytest.mark.parametrize(
    ("channel", "interval", "name"),
    [
        (Channel.BOOK, None, "depth.BTC_USDC_PERP"),
        (Channel.TOP, None, "bookTicker.BTC_USDC_PERP"),
        (Channel.TRADES, None, "trade.BTC_USDC_PERP"),
        (Channel.TICKER, None, "ticker.BTC_USDC_PERP"),
        (Channel.KLINES, KlineInterval.W1, "kline.1w.BTC_USDC_PERP"),
        (Channel.KLINES, KlineInterval.MO1, "kline.1month.BTC_USDC_PERP"),
        (Channel.FUNDING, None, "markPrice.BTC_USDC_PERP"),
        (Channel.OPEN_INTEREST, None, "openInterest.BTC_USDC_PERP"),
        (Channel.LIQUIDATIONS, None, "liquidation"),
    ],
)
def test_topic_is_asked_for_and_ended_by_its_name(
    channel: Channel, interval: KlineInterval | None, name: str
) -> None:
    topic = Topic(channel, BTC.symbol, interval)
    stream = PUBLIC if channel in PUBLIC.channels else DERIVATIVES
    codec = VENUE.codec(stream, Instruments([BTC]))
    codec.subscribe([topic])
    assert sent(codec, 0.0) == [{"method": "SUBSCRIBE", "params": [name]}]
    codec.unsubscribe([topic])
    assert sent(codec, 1.0) == [{"method": "UNSUBSCRIBE", "params": [name]}]


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        open_for(Topic(Channel.KLINES, BTC.symbol, KlineInterval.S10))


def test_first_data_are_the_answer() -> None:
    codec = open_for(TRADES)
    assert codec.is_settled
    assert codec.expire(1.0, RECEIVED_NS) == ()
    (event,) = codec.receive(trade(1), RECEIVED_NS)
    assert isinstance(event, Trade)
    assert codec.expire(2.0, RECEIVED_NS) == (news(SOL, TRADES, SubscriptionState.SUBSCRIBED),)


def test_data_that_come_after_the_end_are_no_mistake() -> None:
    codec = open_for(TRADES)
    codec.receive(trade(1), RECEIVED_NS)
    codec.unsubscribe([TRADES])
    codec.outgoing(1.0)
    assert codec.receive(trade(2), RECEIVED_NS) == ()


def test_complaint_about_no_one_knows_what_says_nothing() -> None:
    complaint = '{"id":null,"error":{"code":4006,"message":"Invalid stream"}}'
    assert open_for(TRADES).receive(complaint, RECEIVED_NS) == ()


# Signs of life.


@pytest.mark.parametrize(
    ("markets", "lifeline"),
    [
        ((SOL, ETH, BTC), "markPrice.BTC_USDC_PERP"),  # not of a market that is halted
        ((replace(ETH, status=Status.TRADING),), "markPrice.ETH_USDC_PERP"),
        ((SOL,), "markPrice.BTC_USDC_PERP"),
    ],
)
def test_quiet_connection_is_made_to_carry_a_stream_that_speaks(
    markets: tuple[Instrument, ...], lifeline: str
) -> None:
    codec = open_for(markets=markets)
    assert codec.deadline == PUBLIC.heartbeat.idle_s
    codec.expire(codec.deadline, RECEIVED_NS)
    assert sent(codec, 15.0) == [{"method": "SUBSCRIBE", "params": [lifeline]}]
    data = {"E": 1, "p": "1", "i": "1", "f": "0", "n": 1}
    assert codec.receive(json.dumps({"stream": lifeline, "data": data}), RECEIVED_NS) == ()
    codec.expire(16.0, RECEIVED_NS)
    assert codec.deadline == 31.0  # it is alive


def test_connection_that_stays_silent_is_given_up() -> None:
    codec = open_for()
    codec.expire(15.0, RECEIVED_NS)
    codec.outgoing(15.0)
    with pytest.raises(StreamStale):
        codec.expire(25.0, RECEIVED_NS)


def test_stream_that_keeps_the_connection_alive_can_be_wished_for_as_well() -> None:
    codec = VENUE.codec(stream_of(VENUE, "derivatives"), Instruments([BTC]))
    codec.expire(0.0, RECEIVED_NS)
    codec.expire(15.0, RECEIVED_NS)
    codec.outgoing(15.0)
    codec.subscribe([Topic(Channel.MARK_PRICE, BTC.symbol)])
    send_all(codec)
    data = {"E": 1, "p": "1", "i": "1", "f": "0", "n": 1}
    frame = json.dumps({"stream": "markPrice.BTC_USDC_PERP", "data": data})
    assert len(codec.receive(frame, RECEIVED_NS)) == 2
    codec.unsubscribe([Topic(Channel.MARK_PRICE, BTC.symbol)])
    send_all(codec)
    assert codec.receive(frame, RECEIVED_NS) == ()


# The book.


def changes(first: int, last: int, pace: str = "") -> str:
    data = {"E": 1, "U": first, "u": last, "b": [], "a": []}
    return json.dumps({"stream": f"depth.{pace}BTC_USDC_PERP", "data": data})


def fetched(last: int) -> BookSnapshot:
    return snapshot(BTC, last, [], [])


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (99, []),  # behind the first update: to be fetched again
        (100, [100, (100, 103), (103, 105)]),
        (102, [102, (102, 103), (103, 105)]),
        (105, [105]),
        (110, []),  # ahead of the socket: it waits
    ],
)
def test_updates_are_joined_to_a_snapshot(base: int, told: list[object]) -> None:
    codec = open_for(BOOK)
    for frame in (changes(101, 103), changes(104, 105)):
        assert codec.receive(frame, RECEIVED_NS) == ()
    (request,) = codec.requests(1.0)
    assert ids(codec.answer(request, fetched(base))) == told


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (changes(106, 106), [(105, 106)]),
        (changes(104, 105), []),
        (changes(107, 107), [Fault.GAP]),
        (changes(105, 107), [Fault.GAP]),
    ],
    ids=["follows", "repeated", "gap", "overlaps"],
)
def test_update_must_begin_one_above_the_book(frame: str, told: list[object]) -> None:
    codec = open_for(BOOK)
    codec.receive(changes(101, 103), RECEIVED_NS)
    (request,) = codec.requests(1.0)
    codec.answer(request, fetched(100))
    codec.receive(changes(104, 105), RECEIVED_NS)
    assert ids(codec.receive(frame, RECEIVED_NS)) == told


def test_snapshot_starts_no_book_of_which_no_update_has_come() -> None:
    """The venue keeps silent about a market that it does not send."""
    codec = open_for(BOOK)
    (request,) = codec.requests(2.0)
    assert codec.answer(request, fetched(100)) == ()
    assert not codec.is_settled
    assert codec.requests(10.0) == []
    assert ids(codec.receive(changes(101, 103), RECEIVED_NS)) == [100, (100, 103)]
    assert codec.is_settled


def test_lost_book_is_fetched_again_while_the_subscription_stays() -> None:
    codec = open_for(BOOK)
    codec.receive(changes(101, 103), RECEIVED_NS)
    (request,) = codec.requests(1.0)
    codec.answer(request, fetched(100))
    assert ids(codec.receive(changes(110, 112), RECEIVED_NS)) == [Fault.GAP]
    assert codec.outgoing(10.0) == []
    (request,) = codec.requests(10.0)
    assert ids(codec.answer(request, fetched(111))) == [111, (111, 112)]


def test_recorded_stream_of_gathered_changes_is_read_alike() -> None:
    codec = VENUE.codec(PUBLIC, Instruments([BTC]), listening=True)
    codec.receive(changes(101, 140, "200ms."), RECEIVED_NS)
    assert ids(codec.start(fetched(120))) == [120, (120, 140)]


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.SPOT, "SOL_USDC", "SOL/USDC"),
        (Kind.PERPETUAL, "BTC_USDC_PERP", "BTC/USDC:USDC"),
        (Kind.PERPETUAL, "kSHIB_USDC_PERP", "SHIB/USDC:USDC"),
        (Kind.PERPETUAL, "AAPL.US_USDC_PERP", "AAPL.US/USDC:USDC"),
        (Kind.PERPETUAL, "SOL_USDC", None),
        (Kind.SPOT, "BTC_USDC_PERP", None),
        (Kind.SPOT, "BTCUSDC", None),
        (Kind.SPOT, "", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol
