"""What is said to Binance and what it answers: subscriptions, refusals, notices, heartbeats."""

import json

import pytest
from msgspec.structs import replace

from exchanges.errors import ExchangeError
from exchanges.market.events import Notice, SubscriptionState
from exchanges.market.instrument import Instruments
from exchanges.market.topics import Channel, KlineInterval, Topic
from tests.exchanges.binance.markets import BTC, PERP, TRADES, VENUE, wanting_codec
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market, news, send_all, stream_of


@pytest.mark.parametrize(
    ("stream", "symbol", "channel", "interval", "name"),
    [
        ("spot_stream", "BNB/BTC", Channel.BOOK, None, "bnbbtc@depth@100ms"),
        ("spot_stream", "BNB/BTC", Channel.TOP, None, "bnbbtc@bookTicker"),
        ("spot_stream", "BNB/BTC", Channel.TRADES, None, "bnbbtc@trade"),
        ("spot_stream", "BNB/BTC", Channel.TICKER, None, "bnbbtc@ticker"),
        ("spot_stream", "BNB/BTC", Channel.KLINES, KlineInterval.H1, "bnbbtc@kline_1h"),
        ("spot_stream", "BNB/BTC", Channel.KLINES, KlineInterval.MO1, "bnbbtc@kline_1M"),
        ("um_public", PERP.symbol, Channel.BOOK, None, "btcusdt@depth@100ms"),
        ("um_public", PERP.symbol, Channel.TOP, None, "btcusdt@bookTicker"),
        ("um_market", PERP.symbol, Channel.TRADES, None, "btcusdt@aggTrade"),
        ("um_market", PERP.symbol, Channel.TICKER, None, "btcusdt@ticker"),
        ("um_market", PERP.symbol, Channel.KLINES, KlineInterval.M1, "btcusdt@kline_1m"),
        ("um_market", PERP.symbol, Channel.MARK_PRICE, None, "btcusdt@markPrice@1s"),
        ("um_market", PERP.symbol, Channel.FUNDING, None, "btcusdt@markPrice@1s"),
        ("um_market", PERP.symbol, Channel.LIQUIDATIONS, None, "btcusdt@forceOrder"),
    ],
)
def test_topic_is_asked_for_by_its_stream_name(
    stream: str, symbol: str, channel: Channel, interval: KlineInterval | None, name: str
) -> None:
    codec = wanting_codec(stream, Topic(channel, symbol, interval))
    (frame,) = send_all(codec)
    assert json.loads(frame) == {"method": "SUBSCRIBE", "params": [name], "id": 1}


def test_hundred_topics_share_a_request() -> None:
    instruments = [market(f"A{number}/USDT", f"A{number}USDT") for number in range(150)]
    codec = VENUE.codec(stream_of(VENUE, "spot_stream"), Instruments(instruments))
    codec.subscribe(Topic(Channel.TOP, instrument.symbol) for instrument in instruments)
    requests = [json.loads(frame) for frame in send_all(codec)]
    assert [(request["id"], len(request["params"])) for request in requests] == [(1, 100), (2, 50)]


def test_no_more_than_five_messages_go_out_in_any_second() -> None:
    topics = [Topic(Channel.KLINES, "BTC/USDT", interval) for interval in VENUE.klines]
    stream = replace(stream_of(VENUE, "spot_stream"), batch=1)
    codec = VENUE.codec(stream, Instruments([BTC]))
    codec.subscribe(topics)
    at_s = [tick / 10 for tick in range(200) for _ in codec.outgoing(tick / 10)]
    assert len(at_s) == len(topics)
    assert all(sum(start <= sent < start + 1.0 for sent in at_s) <= 5 for start in at_s)


def test_acknowledged_request_is_told() -> None:
    codec = wanting_codec("spot_stream", TRADES)
    send_all(codec)
    assert codec.receive('{"result":null,"id":1}', RECEIVED_NS) == (
        news(BTC, TRADES, SubscriptionState.SUBSCRIBED),
    )


@pytest.mark.parametrize(
    "frame",
    [
        '{"code":2,"msg":"Invalid request: unknown variant","id":1}',
        '{"error":{"code":2,"msg":"Invalid request: unknown variant"},"id":1}',
    ],
    ids=["spot", "USD-M"],
)
def test_refused_request_is_told_in_the_words_of_the_venue(frame: str) -> None:
    codec = wanting_codec("spot_stream", TRADES)
    send_all(codec)
    assert codec.receive(frame, RECEIVED_NS) == (
        news(
            BTC,
            TRADES,
            SubscriptionState.REFUSED,
            AnError(ExchangeError, "Invalid request: unknown variant", "2"),
        ),
    )
    assert codec.topics == ()


def test_refusal_of_no_request_of_ours_changes_nothing() -> None:
    codec = wanting_codec("spot_stream", TRADES)
    send_all(codec)
    assert codec.receive('{"code":3,"msg":"Invalid JSON"}', RECEIVED_NS) == ()
    assert codec.topics == (TRADES,)


def test_ended_topic_is_unsubscribed() -> None:
    codec = wanting_codec("spot_stream", TRADES)
    send_all(codec)
    codec.receive('{"result":null,"id":1}', RECEIVED_NS)
    codec.unsubscribe([TRADES])
    (frame,) = codec.outgoing(100.0)
    assert json.loads(frame) == {"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 2}


def test_idle_connection_is_asked_for_its_subscriptions() -> None:
    codec = wanting_codec("um_public")
    codec.expire(0.0, RECEIVED_NS)
    codec.expire(codec.deadline, RECEIVED_NS)
    (frame,) = codec.outgoing(100.0)
    request = json.loads(frame)
    assert request["method"] == "LIST_SUBSCRIPTIONS"
    answer = {"result": ["btcusdt@bookTicker"], "id": request["id"]}
    assert codec.receive(json.dumps(answer), RECEIVED_NS) == ()


def test_announced_end_of_the_connection_is_told() -> None:
    frame = '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}'
    assert wanting_codec("spot_stream").receive(frame, RECEIVED_NS) == (
        Notice(venue="binance", close_in_s=0.0, message="server shutdown"),
    )
