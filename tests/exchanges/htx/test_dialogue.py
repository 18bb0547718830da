"""What is said to HTX and what it answers: subscriptions, refusals, pings."""

import json
from typing import Any

import pytest

from exchanges import VENUES
from exchanges.errors import CodecUsageError, InvalidSymbol, StreamStale
from exchanges.market.events import StreamEvent, Subscription, SubscriptionState
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.htx.test_books import packed
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market, send_all, stream_of

VENUE = VENUES["htx"]
BTC = market("BTC/USDT", "btcusdt", venue="htx")
SWAP = market("BTC/USDT:USDT", "BTC-USDT", venue="htx", contract_size="0.001")
TRADES = Topic(Channel.TRADES, "BTC/USDT")
FUNDING = Topic(Channel.FUNDING, "BTC/USDT:USDT")


def asking_codec(stream: str, *topics: Topic) -> MarketCodec:
    """A codec whose request for the topics, of id 1, has been sent."""
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([BTC, SWAP]))
    codec.subscribe(topics)
    send_all(codec)
    return codec


def hear(codec: MarketCodec, **answer: Any) -> tuple[StreamEvent, ...]:
    return codec.receive(packed(json.dumps(answer)), RECEIVED_NS)


@pytest.mark.parametrize(
    ("stream", "topic", "name"),
    [
        ("market", Topic(Channel.TOP, "BTC/USDT"), "market.btcusdt.bbo"),
        ("market", TRADES, "market.btcusdt.trade.detail"),
        ("market", Topic(Channel.TICKER, "BTC/USDT"), "market.btcusdt.ticker"),
        (
            "market",
            Topic(Channel.KLINES, "BTC/USDT", KlineInterval.H4),
            "market.btcusdt.kline.4hour",
        ),
        ("swap", Topic(Channel.TOP, "BTC/USDT:USDT"), "market.BTC-USDT.bbo"),
        ("swap", Topic(Channel.TICKER, "BTC/USDT:USDT"), "market.BTC-USDT.detail"),
        (
            "swap",
            Topic(Channel.KLINES, "BTC/USDT:USDT", KlineInterval.H1),
            "market.BTC-USDT.kline.60min",
        ),
        (
            "swap_index",
            Topic(Channel.MARK_PRICE, "BTC/USDT:USDT"),
            "market.BTC-USDT.mark_price.1min",
        ),
    ],
    ids=str,
)
def test_topic_is_asked_for_and_ended_by_its_name(stream: str, topic: Topic, name: str) -> None:
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([BTC, SWAP]))
    codec.subscribe([topic])
    (asked,) = send_all(codec)
    assert json.loads(asked) == {"sub": name, "id": "1"}
    hear(codec, id="1", status="ok", subbed=name, ts=1)
    codec.unsubscribe([topic])
    (ended,) = codec.outgoing(15.0)
    assert json.loads(ended) == {"unsub": name, "id": "2"}
    assert hear(codec, id="2", status="ok", unsubbed=name, ts=1) == ()
    assert codec.is_settled


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        (FUNDING, "public.BTC-USDT.funding_rate"),
        (Topic(Channel.LIQUIDATIONS, "BTC/USDT:USDT"), "public.BTC-USDT.liquidation_orders"),
    ],
    ids=str,
)
def test_notifications_are_asked_for_in_a_form_of_their_own(topic: Topic, name: str) -> None:
    codec = VENUE.codec(stream_of(VENUE, "swap_news"), Instruments([SWAP]))
    codec.subscribe([topic])
    (asked,) = send_all(codec)
    assert json.loads(asked) == {"op": "sub", "cid": "1", "topic": name}
    hear(codec, op="sub", cid="1", topic=name, ts=1, **{"err-code": 0})
    codec.unsubscribe([topic])
    (ended,) = codec.outgoing(15.0)
    assert json.loads(ended) == {"op": "unsub", "cid": "2", "topic": name}
    assert hear(codec, op="unsub", cid="2", topic=name, ts=1, **{"err-code": 0}) == ()
    assert codec.is_settled


def test_htx_b12_candles_are_those_that_open_when_others_do() -> None:
    names = "1m 5m 15m 30m 1h 4h"
    assert [interval.value for interval in VENUE.klines] == names.split()
    with pytest.raises(CodecUsageError, match="htx has no candles of 3m"):
        asking_codec("market", Topic(Channel.KLINES, "BTC/USDT", KlineInterval.M3))


SPOT_REFUSAL = {"status": "error", "err-code": "bad-request", "err-msg": "invalid symbol", "ts": 1}
NEWS_REFUSAL = {"op": "sub", "err-code": 2011, "err-msg": "invalid symbol", "ts": 1}


@pytest.mark.parametrize(
    ("stream", "topic", "answer", "state", "error"),
    [
        (
            "market",
            TRADES,
            {"id": "1", "status": "ok", "subbed": "market.btcusdt.trade.detail", "ts": 1},
            SubscriptionState.SUBSCRIBED,
            None,
        ),
        (
            "market",
            TRADES,
            {"id": 1, "status": "ok", "subbed": "market.btcusdt.trade.detail", "ts": 1},
            SubscriptionState.SUBSCRIBED,
            None,
        ),
        (
            "market",
            TRADES,
            {"id": "1", **SPOT_REFUSAL},
            SubscriptionState.REFUSED,
            AnError(InvalidSymbol, "invalid symbol", "bad-request"),
        ),
        (
            "swap_news",
            FUNDING,
            {"cid": "1", **NEWS_REFUSAL},
            SubscriptionState.REFUSED,
            AnError(InvalidSymbol, "invalid symbol", "2011"),
        ),
    ],
)
def test_answer_is_about_the_request_that_it_names(
    stream: str,
    topic: Topic,
    answer: dict[str, Any],
    state: SubscriptionState,
    error: AnError | None,
) -> None:
    codec = asking_codec(stream, topic)
    other = {**answer, "id": "9", "cid": "9"}
    assert hear(codec, **other) == ()
    assert hear(codec, **{**other, "id": "x", "cid": "x"}) == ()
    assert hear(codec, **answer) == (
        Subscription(
            instrument=BTC if topic is TRADES else SWAP,
            topic=str(topic),
            state=state,
            error=error,
            received_ns=RECEIVED_NS,
        ),
    )
    assert codec.is_settled


# The venue pings.


@pytest.mark.parametrize(
    ("stream", "ping", "pong"),
    [
        ("feed", {"ping": 1492420473027}, {"pong": 1492420473027}),
        ("swap", {"ping": 1492420473027}, {"pong": 1492420473027}),
        (
            "swap_news",
            {"op": "ping", "ts": "1492420473058"},
            {"op": "pong", "ts": "1492420473058"},
        ),
    ],
)
def test_ping_is_answered_before_anything_else_is_said(
    stream: str, ping: dict[str, Any], pong: dict[str, Any]
) -> None:
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([BTC, SWAP]))
    (channel, *_) = codec.stream.channels
    symbol = SWAP.symbol if Kind.PERPETUAL in codec.stream.kinds else BTC.symbol
    interval = KlineInterval.M1 if channel is Channel.KLINES else None
    codec.subscribe([Topic(channel, symbol, interval)])
    assert hear(codec, **ping) == ()
    assert json.loads(codec.outgoing(0.0)[0]) == pong


def test_connection_on_which_three_pings_are_missing_is_stale() -> None:
    codec = VENUE.codec(stream_of(VENUE, "market"), Instruments([BTC]))
    codec.expire(100.0, RECEIVED_NS)
    for at_s in (105.0, 110.0):
        hear(codec, ping=1)
        codec.expire(at_s, RECEIVED_NS)
    assert codec.deadline == 126.0
    codec.expire(125.9, RECEIVED_NS)
    with pytest.raises(StreamStale):
        codec.expire(126.0, RECEIVED_NS)


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.SPOT, "btcusdt", "BTC/USDT"),
        (Kind.SPOT, "omgbtc", "OMG/BTC"),
        (Kind.SPOT, "fil3susdt", "FIL3S/USDT"),
        (Kind.PERPETUAL, "BTC-USDT", "BTC/USDT:USDT"),
        (Kind.PERPETUAL, "SHIB-USD", "SHIB/USD:SHIB"),
        (Kind.PERPETUAL, "BTC-USDT-211203", None),
        (Kind.PERPETUAL, "BTC", None),
        (Kind.PERPETUAL, "-USDT", None),
        (Kind.SPOT, "usdt", None),
        (Kind.SPOT, "BTCUSDT", None),
        (Kind.SPOT, "", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol
