"""What is said to Gate.io and what it answers: subscriptions, refusals, notices, heartbeats."""

import json

import pytest

from exchanges.errors import CodecUsageError, InvalidSymbol
from exchanges.market.events import Notice, SubscriptionState
from exchanges.market.topics import Channel, KlineInterval, Topic
from tests.exchanges.gateio.frames import BOOK, BTC, ETH, TRADES, ack, sent, wanting_codec
from tests.exchanges.transcripts import RECEIVED_NS, AnError, news

RECEIVED_S = RECEIVED_NS // 1_000_000_000
ETH_TRADES = Topic(Channel.TRADES, "ETH/USDT")


@pytest.mark.parametrize(
    ("channel", "interval", "name", "payload"),
    [
        (Channel.BOOK, None, "spot.obu", ["ob.BTC_USDT.400"]),
        (Channel.TOP, None, "spot.book_ticker", ["BTC_USDT"]),
        (Channel.TRADES, None, "spot.trades", ["BTC_USDT"]),
        (Channel.TICKER, None, "spot.tickers", ["BTC_USDT"]),
        (Channel.KLINES, KlineInterval.M1, "spot.candlesticks", ["1m", "BTC_USDT"]),
        (Channel.KLINES, KlineInterval.W1, "spot.candlesticks", ["7d", "BTC_USDT"]),
    ],
)
def test_topic_is_asked_for_and_ended_by_its_channel(
    channel: Channel, interval: KlineInterval | None, name: str, payload: list[str]
) -> None:
    topic = Topic(channel, "BTC/USDT", interval)
    codec = wanting_codec(topic)
    (request,) = sent(codec)
    assert request == {
        "time": RECEIVED_S,
        "id": 1,
        "channel": name,
        "event": "subscribe",
        "payload": payload,
    }
    codec.receive(ack(request), RECEIVED_NS)
    codec.unsubscribe([topic])
    (request,) = sent(codec)
    assert request == {
        "time": RECEIVED_S,
        "id": 2,
        "channel": name,
        "event": "unsubscribe",
        "payload": payload,
    }


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        wanting_codec(Topic(Channel.KLINES, "BTC/USDT", KlineInterval.M3))


def test_topics_of_one_channel_share_a_request_where_it_takes_several() -> None:
    topics = [
        Topic(channel, instrument.symbol, KlineInterval.M1 if channel is Channel.KLINES else None)
        for channel in (Channel.TRADES, Channel.TICKER, Channel.BOOK, Channel.KLINES)
        for instrument in (BTC, ETH)
    ]
    assert [(one["channel"], one["payload"]) for one in sent(wanting_codec(*topics))] == [
        ("spot.trades", ["BTC_USDT", "ETH_USDT"]),
        ("spot.tickers", ["BTC_USDT", "ETH_USDT"]),
        ("spot.obu", ["ob.BTC_USDT.400"]),
        ("spot.obu", ["ob.ETH_USDT.400"]),
        ("spot.candlesticks", ["1m", "BTC_USDT"]),
        ("spot.candlesticks", ["1m", "ETH_USDT"]),
    ]


def test_request_carries_the_time_of_the_last_look_at_the_clock() -> None:
    codec = wanting_codec(TRADES)
    codec.expire(0.0, RECEIVED_NS)
    codec.expire(7.0, RECEIVED_NS + 7_000_000_000)
    (frame,) = codec.outgoing(7.0)
    assert json.loads(frame)["time"] == RECEIVED_S + 7


def test_acknowledged_request_is_told() -> None:
    codec = wanting_codec(TRADES, ETH_TRADES)
    (request,) = sent(codec)
    assert codec.receive(ack(request), RECEIVED_NS) == (
        news(BTC, TRADES, SubscriptionState.SUBSCRIBED),
        news(ETH, ETH_TRADES, SubscriptionState.SUBSCRIBED),
    )


def test_unknown_pair_refuses_the_request_and_in_the_end_only_itself() -> None:
    codec = wanting_codec(TRADES, ETH_TRADES)
    (request,) = sent(codec)
    complaint = "unknown currency pair: BTC_USDT"
    assert codec.receive(ack(request, error=complaint), RECEIVED_NS) == ()
    codec.expire(100.0, RECEIVED_NS)
    first, second = (json.loads(frame) for frame in codec.outgoing(100.0))
    assert (first["payload"], second["payload"]) == (["BTC_USDT"], ["ETH_USDT"])
    assert codec.receive(ack(first, error=complaint), RECEIVED_NS) == (
        news(BTC, TRADES, SubscriptionState.REFUSED, AnError(InvalidSymbol, complaint, "2")),
    )
    assert codec.receive(ack(second), RECEIVED_NS) == (
        news(ETH, ETH_TRADES, SubscriptionState.SUBSCRIBED),
    )
    assert codec.topics == (ETH_TRADES,)


def test_idle_connection_is_pinged_and_the_pong_is_no_event() -> None:
    codec = wanting_codec()
    codec.expire(0.0, RECEIVED_NS)
    codec.expire(codec.deadline, RECEIVED_NS)
    (frame,) = codec.outgoing(100.0)
    assert json.loads(frame) == {"time": RECEIVED_S, "channel": "spot.ping"}
    pong = '{"time":1545404023,"channel":"spot.pong","event":"","error":null,"result":null}'
    assert codec.receive(pong, RECEIVED_NS) == ()


@pytest.mark.parametrize(
    "frame",
    [
        '{"time":1747054611,"channel":"spot.obu","event":"upgrade","result":null}',
        '{"time":1747054611,"channel":"spot.system","event":"update","result":{"type":"upgrade"}}',
    ],
)
def test_announced_restart_of_the_server_is_told(frame: str) -> None:
    assert wanting_codec(BOOK).receive(frame, RECEIVED_NS) == (
        Notice(venue="gateio", close_in_s=0.0, message="server upgrade"),
    )
