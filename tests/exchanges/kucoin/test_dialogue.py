"""What is said to KuCoin and what it answers: the welcome, subscriptions, heartbeats."""

import json

import pytest

from exchanges import VENUES
from exchanges.errors import CodecUsageError, ExchangeError, StreamStale
from exchanges.market.events import BookLost, Fault, Subscription, SubscriptionState
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market, send_all

VENUE = VENUES["kucoin"]
(STREAM,) = VENUE.streams
BTC = market("BTC/USDT", "BTC-USDT", venue="kucoin")
BSV = market("BSV/USDT", "BCHSV-USDT", venue="kucoin")
WELCOME = '{"sessionId":"ddfb0cbd","message":"welcome","pingInterval":18000}'
TRADES = Topic(Channel.TRADES, "BTC/USDT")


def welcomed_codec(*topics: Topic) -> MarketCodec:
    codec = VENUE.codec(STREAM, Instruments([BTC, BSV]))
    codec.subscribe(topics)
    assert codec.receive(WELCOME, RECEIVED_NS) == ()
    return codec


def test_nothing_is_asked_before_the_welcome() -> None:
    codec = VENUE.codec(STREAM, Instruments([BTC]))
    codec.subscribe([TRADES])
    assert send_all(codec) == []
    codec.receive(WELCOME, RECEIVED_NS)
    assert len(codec.outgoing(10.0)) == 1


@pytest.mark.parametrize(
    ("topic", "asked"),
    [
        (
            Topic(Channel.BOOK, "BTC/USDT"),
            {"channel": "obu", "depth": "increment@10ms", "rpiFilter": 0},
        ),
        (Topic(Channel.TOP, "BTC/USDT"), {"channel": "obu", "depth": "1", "rpiFilter": 0}),
        (TRADES, {"channel": "trade"}),
        (Topic(Channel.TICKER, "BTC/USDT"), {"channel": "ticker"}),
        (
            Topic(Channel.KLINES, "BTC/USDT", KlineInterval.H8),
            {"channel": "kline", "interval": "8hour"},
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, Topic) else "",
)
def test_topic_is_asked_for_and_ended_by_itself(topic: Topic, asked: dict[str, object]) -> None:
    codec = welcomed_codec(topic)
    market_named = {"tradeType": "SPOT", "symbol": "BTC-USDT"}
    (subscribe,) = codec.outgoing(0.0)
    assert json.loads(subscribe) == {"id": "1", "action": "subscribe", **market_named, **asked}
    codec.receive('{"id":"1","result":true}', RECEIVED_NS)
    codec.unsubscribe([topic])
    (unsubscribe,) = codec.outgoing(1.0)
    assert json.loads(unsubscribe) == {"id": "2", "action": "unsubscribe", **market_named, **asked}
    assert codec.receive('{"id":"2","result":true}', RECEIVED_NS) == ()
    assert codec.is_settled


def test_market_is_asked_for_by_the_name_it_keeps() -> None:
    (asked,) = welcomed_codec(Topic(Channel.TRADES, "BSV/USDT")).outgoing(0.0)
    assert json.loads(asked)["symbol"] == "BCHSV-USDT"


def test_candles_are_those_that_the_documentation_lists() -> None:
    names = "1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 1w 1M"
    assert [interval.value for interval in VENUE.klines] == names.split()
    with pytest.raises(CodecUsageError, match="kucoin has no candles of 3d"):
        welcomed_codec(Topic(Channel.KLINES, "BTC/USDT", KlineInterval.D3))


def test_no_more_than_a_hundred_messages_go_out_in_any_ten_seconds() -> None:
    markets = [market(f"A{number}/USDT", f"A{number}-USDT") for number in range(300)]
    codec = VENUE.codec(STREAM, Instruments(markets))
    codec.subscribe(Topic(Channel.TRADES, each.symbol) for each in markets)
    codec.receive(WELCOME, RECEIVED_NS)
    at_s = [tenth / 10 for tenth in range(1000) for _ in codec.outgoing(tenth / 10)]
    assert len(at_s) == len(markets)
    assert all(sum(start <= sent < start + 10 for sent in at_s) <= 100 for start in at_s)


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        ('{"id":"1","result":true}', SubscriptionState.SUBSCRIBED, None),
        (
            '{"id":"1","result":false,"reason":"no such topic"}',
            SubscriptionState.REFUSED,
            AnError(ExchangeError, "no such topic"),
        ),
        (
            '{"id":"1","result":false,"message":"invalid request data"}',
            SubscriptionState.REFUSED,
            AnError(ExchangeError, "invalid request data"),
        ),
    ],
)
def test_answer_is_about_the_request_that_it_names(
    answer: str, state: SubscriptionState, error: AnError | None
) -> None:
    codec = welcomed_codec(TRADES)
    codec.outgoing(0.0)
    assert codec.receive(answer.replace('"1"', '"9"'), RECEIVED_NS) == ()
    assert codec.receive(answer.replace('"1"', '"x"'), RECEIVED_NS) == ()
    assert codec.receive(answer, RECEIVED_NS) == (
        Subscription(
            instrument=BTC,
            topic=str(TRADES),
            state=state,
            error=error,
            received_ns=RECEIVED_NS,
        ),
    )
    assert codec.is_settled


def test_kucoin_b15_refusal_has_words_in_whichever_field_they_come() -> None:
    codec = welcomed_codec(TRADES)
    codec.outgoing(0.0)
    refusal = '{"id":"1","result":false,"message":"invalid request data"}'
    (told,) = codec.receive(refusal, RECEIVED_NS)
    assert isinstance(told, Subscription)
    assert told.error is not None
    assert told.error.message == "invalid request data"


def test_kucoin_b17_market_that_is_granted_and_says_nothing_is_told() -> None:
    topic = Topic(Channel.BOOK, "BTC/USDT")
    codec = welcomed_codec(topic)
    codec.expire(0.0, RECEIVED_NS)
    codec.outgoing(0.0)
    codec.receive('{"id":"1","result":true}', RECEIVED_NS)
    (lost,) = codec.expire(15.0, RECEIVED_NS)
    assert isinstance(lost, BookLost)
    assert (lost.instrument, lost.fault) == (BTC, Fault.STARTING)
    assert lost.detail == "acknowledged, but no start for 15 s"


def test_busy_connection_is_pinged_as_often_as_the_venue_wants() -> None:
    codec = welcomed_codec()
    pings = []
    for second in range(60):
        codec.frames += 1
        codec.expire(float(second), RECEIVED_NS)
        pings += [(second, json.loads(frame)) for frame in codec.outgoing(float(second))]
    assert pings == [(at_s, {"id": "ping", "type": "ping"}) for at_s in (18, 36, 54)]


def test_pong_is_a_sign_of_life_and_silence_is_the_end() -> None:
    codec = welcomed_codec()
    codec.expire(0.0, RECEIVED_NS)
    codec.expire(10.0, RECEIVED_NS)
    assert len(codec.outgoing(10.0)) == 1
    assert codec.receive('{"type":"pong","id":"ping","ts":1771580331134146844}', RECEIVED_NS) == ()
    codec.expire(11.0, RECEIVED_NS)
    codec.expire(21.0, RECEIVED_NS)
    with pytest.raises(StreamStale):
        codec.expire(31.0, RECEIVED_NS)


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.SPOT, "BTC-USDT", "BTC/USDT"),
        (Kind.SPOT, "BCHSV-USDT", "BSV/USDT"),
        (Kind.SPOT, "KALT-BTC", "ALT/BTC"),
        (Kind.SPOT, "ALT-BTC", "APTOSLAUNCHTOKEN/BTC"),
        (Kind.PERPETUAL, "BTC-USDT", None),
        (Kind.SPOT, "XBTUSDTM", None),
        (Kind.SPOT, "-USDT", None),
        (Kind.SPOT, "BTC-", None),
        (Kind.SPOT, "", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol
