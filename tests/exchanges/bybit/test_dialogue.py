"""What is said to Bybit and what it answers: subscriptions, refusals, heartbeats."""

import json
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import CodecUsageError, ExchangeError, InvalidSymbol, StreamStale
from exchanges.market.events import StreamEvent, Subscription, SubscriptionState
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market, send_all, stream_of

VENUE = VENUES["bybit"]
BTC = market("BTC/USDT", "BTCUSDT", venue="bybit")
ETH = market("ETH/USDT", "ETHUSDT", venue="bybit")
PERP = market("BTC/USDT:USDT", "BTCUSDT", venue="bybit")
USDC_PERP = market("BTC/USDC:USDC", "BTCPERP", venue="bybit")

TRADES = Topic(Channel.TRADES, "BTC/USDT")
TOP = Topic(Channel.TOP, "ETH/USDT")


def wanting_codec(stream: str, *topics: Topic) -> MarketCodec:
    instruments = [PERP, USDC_PERP] if stream == "linear" else [BTC, ETH]
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments(instruments))
    codec.subscribe(topics)
    return codec


def asking_codec(stream: str, *topics: Topic) -> MarketCodec:
    """A codec whose request for the topics, of id 1, has been sent."""
    codec = wanting_codec(stream, *topics)
    send_all(codec)
    return codec


def hear(codec: MarketCodec, **answer: Any) -> tuple[StreamEvent, ...]:
    return codec.receive(json.dumps({"conn_id": "a4d3ae55", **answer}), RECEIVED_NS)


def news(
    instrument: Instrument, topic: Topic, state: SubscriptionState, error: AnError | None = None
) -> Subscription:
    return Subscription(
        instrument=instrument,
        topic=str(topic),
        state=state,
        error=error,
        received_ns=RECEIVED_NS,
    )


@pytest.mark.parametrize(
    ("stream", "topic", "arg"),
    [
        ("spot", Topic(Channel.BOOK, "BTC/USDT"), "orderbook.1000.BTCUSDT"),
        ("linear", Topic(Channel.BOOK, "BTC/USDT:USDT"), "orderbook.1000.BTCUSDT"),
        ("spot", Topic(Channel.TOP, "BTC/USDT"), "orderbook.1.BTCUSDT"),
        ("linear", Topic(Channel.TRADES, "BTC/USDC:USDC"), "publicTrade.BTCPERP"),
        ("spot", Topic(Channel.TICKER, "BTC/USDT"), "tickers.BTCUSDT"),
        ("spot", Topic(Channel.KLINES, "BTC/USDT", KlineInterval.M1), "kline.1.BTCUSDT"),
        ("spot", Topic(Channel.KLINES, "BTC/USDT", KlineInterval.H12), "kline.720.BTCUSDT"),
        ("linear", Topic(Channel.KLINES, "BTC/USDT:USDT", KlineInterval.MO1), "kline.M.BTCUSDT"),
        ("linear", Topic(Channel.FUNDING, "BTC/USDT:USDT"), "tickers.BTCUSDT"),
        ("linear", Topic(Channel.LIQUIDATIONS, "BTC/USDT:USDT"), "allLiquidation.BTCUSDT"),
    ],
    ids=str,
)
def test_topic_is_asked_for_and_ended_by_its_name(stream: str, topic: Topic, arg: str) -> None:
    codec = wanting_codec(stream, topic)
    (asked,) = send_all(codec)
    assert json.loads(asked) == {"req_id": "1", "op": "subscribe", "args": [arg]}
    hear(codec, success=True, ret_msg="", req_id="1", op="subscribe")
    codec.unsubscribe([topic])
    (ended,) = codec.outgoing(15.0)
    assert json.loads(ended) == {"req_id": "2", "op": "unsubscribe", "args": [arg]}
    assert hear(codec, success=True, ret_msg="", req_id="2", op="unsubscribe") == ()
    assert codec.is_settled


def test_candles_are_those_that_the_documentation_lists() -> None:
    names = "1m 3m 5m 15m 30m 1h 2h 4h 6h 12h 1d 1w 1M"
    assert [interval.value for interval in VENUE.klines] == names.split()
    with pytest.raises(CodecUsageError, match="bybit has no candles of 8h"):
        wanting_codec("spot", Topic(Channel.KLINES, "BTC/USDT", KlineInterval.H8))


@pytest.mark.parametrize(("stream", "batch"), [("spot", 10), ("linear", 50)])
def test_request_has_as_many_args_as_are_taken(stream: str, batch: int) -> None:
    settle = ":USDT" if stream == "linear" else ""
    markets = [market(f"A{one}/USDT{settle}", f"1000000A{one}USDT") for one in range(200)]
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments(markets))
    codec.subscribe(Topic(Channel.BOOK, each.symbol) for each in markets)
    requests = [json.loads(frame)["args"] for frame in send_all(codec)]
    assert [len(args) for args in requests] == [batch] * (200 // batch)
    assert sum(len(arg) for args in requests for arg in args) < 21_000


# Acknowledgements come for whole requests.


def test_request_is_acknowledged_as_a_whole() -> None:
    codec = asking_codec("spot", TRADES, TOP)
    assert hear(codec, success=True, ret_msg="subscribe", req_id="1", op="subscribe") == (
        news(BTC, TRADES, SubscriptionState.SUBSCRIBED),
        news(ETH, TOP, SubscriptionState.SUBSCRIBED),
    )
    assert codec.is_settled


@pytest.mark.parametrize("named", [{"req_id": "1"}, {"req_id": ""}, {}])
def test_refused_topic_is_told_in_the_words_of_the_venue(named: dict[str, str]) -> None:
    codec = asking_codec("spot", TRADES)
    message = "Invalid topic: publicTrade.BTCUSDT"
    assert hear(codec, success=False, ret_msg=message, op="subscribe", **named) == (
        news(BTC, TRADES, SubscriptionState.REFUSED, AnError(InvalidSymbol, message)),
    )
    assert codec.topics == ()
    assert codec.is_settled


def test_topics_of_a_refused_request_are_asked_for_one_by_one() -> None:
    codec = asking_codec("spot", TRADES, TOP)
    assert hear(codec, success=False, ret_msg="Invalid topic: x", op="subscribe") == ()
    asked = [json.loads(frame) for frame in codec.outgoing(15.0)]
    assert [one["args"] for one in asked] == [["publicTrade.BTCUSDT"], ["orderbook.1.ETHUSDT"]]
    # Neither answer names its request: they come in the order of the requests.
    (refused,) = hear(codec, success=False, ret_msg="no", op="subscribe")
    assert refused == news(BTC, TRADES, SubscriptionState.REFUSED, AnError(ExchangeError, "no"))
    (granted,) = hear(codec, success=True, ret_msg="", op="subscribe")
    assert granted == news(ETH, TOP, SubscriptionState.SUBSCRIBED)


def test_answer_that_nobody_waits_for_says_nothing() -> None:
    codec = asking_codec("spot", TRADES)
    assert hear(codec, success=True, ret_msg="", req_id="7", op="subscribe") == ()
    assert hear(codec, success=False, ret_msg="?", op="unsubscribe") == ()
    assert codec.topics == (TRADES,)


# Heartbeats.


@pytest.mark.parametrize(
    "pong",
    [
        {"success": True, "ret_msg": "pong", "op": "ping"},
        {"success": True, "ret_msg": "pong", "op": "ping", "req_id": "ping"},
        {"op": "pong", "args": ["1782000000000"], "req_id": "ping"},
    ],
)
def test_pong_is_a_sign_of_life(pong: dict[str, Any]) -> None:
    codec = wanting_codec("linear")
    codec.expire(100.0, RECEIVED_NS)
    codec.expire(110.0, RECEIVED_NS)
    (ping,) = codec.outgoing(110.0)
    assert json.loads(ping) == {"req_id": "ping", "op": "ping"}
    assert hear(codec, **pong) == ()
    codec.expire(111.0, RECEIVED_NS)
    assert codec.deadline == 120.0


def test_connection_without_pong_is_stale() -> None:
    codec = wanting_codec("spot")
    codec.expire(100.0, RECEIVED_NS)
    codec.expire(110.0, RECEIVED_NS)
    with pytest.raises(StreamStale):
        codec.expire(120.0, RECEIVED_NS)


def test_busy_connection_is_pinged_every_twenty_seconds() -> None:
    codec = wanting_codec("spot")
    pings = []
    for second in range(61):
        codec.frames += 1
        codec.expire(float(second), RECEIVED_NS)
        pings += [second for _ in codec.outgoing(float(second))]
    assert pings == [20, 40, 60]


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.SPOT, "BTCUSDT", "BTC/USDT"),
        (Kind.SPOT, "ETHBTC", "ETH/BTC"),
        (Kind.SPOT, "BTCEUR", "BTC/EUR"),
        (Kind.PERPETUAL, "BTCUSDT", "BTC/USDT:USDT"),
        (Kind.PERPETUAL, "1000PEPEUSDT", "PEPE/USDT:USDT"),
        (Kind.PERPETUAL, "BTCPERP", "BTC/USDC:USDC"),
        (Kind.PERPETUAL, "BTC-26DEC25", None),
        (Kind.PERPETUAL, "BTCUSDT-26DEC25", None),
        (Kind.PERPETUAL, "BTCUSD", None),
        (Kind.PERPETUAL, "PERP", None),
        (Kind.SPOT, "USDT", None),
        (Kind.SPOT, "", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol
