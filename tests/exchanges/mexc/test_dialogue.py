"""What is said to MEXC and what it answers: subscriptions, refusals, heartbeats."""

import json

import pytest

from exchanges.errors import CodecUsageError, InvalidSymbol
from exchanges.market.events import SubscriptionState
from exchanges.market.instrument import Instruments
from exchanges.market.topics import Channel, KlineInterval, Topic
from tests.exchanges.mexc.frames import (
    BOOK,
    BTC,
    DEALS,
    DEPTH,
    MINUTES,
    STREAM,
    TICKER,
    TOPS,
    TRADES,
    VENUE,
    wanting_codec,
)
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market, news, send_all, stream_of


def answer(request_id: int, message: str) -> str:
    return json.dumps({"id": request_id, "code": 0, "msg": message})


@pytest.mark.parametrize(
    ("channel", "interval", "name"),
    [
        (Channel.BOOK, None, DEPTH),
        (Channel.TOP, None, TOPS),
        (Channel.TRADES, None, DEALS),
        (Channel.TICKER, None, TICKER),
        (Channel.KLINES, KlineInterval.M1, MINUTES),
        (Channel.KLINES, KlineInterval.W1, MINUTES.replace("Min1", "Week1")),
    ],
)
def test_topic_is_asked_for_and_ended_by_its_name(
    channel: Channel, interval: KlineInterval | None, name: str
) -> None:
    topic = Topic(channel, "BTC/USDT", interval)
    codec = wanting_codec(topic)
    (frame,) = send_all(codec)
    assert json.loads(frame) == {"method": "SUBSCRIPTION", "params": [name], "id": 1}
    codec.receive(answer(1, name), RECEIVED_NS)
    codec.unsubscribe([topic])
    (frame,) = codec.outgoing(100.0)
    assert json.loads(frame) == {"method": "UNSUBSCRIPTION", "params": [name], "id": 2}


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        wanting_codec(Topic(Channel.KLINES, "BTC/USDT", KlineInterval.M3))


def test_full_connection_is_asked_for_in_two_short_frames() -> None:
    instruments = [
        market(f"LONGNAME{number}/USDT", f"LONGNAME{number}USDT") for number in range(30)
    ]
    codec = VENUE.codec(stream_of(VENUE, STREAM), Instruments(instruments))
    codec.subscribe(Topic(Channel.TOP, instrument.symbol) for instrument in instruments)
    frames = send_all(codec)
    assert [len(json.loads(frame)["params"]) for frame in frames] == [15, 15]
    assert all(len(frame) <= 1024 for frame in frames)
    assert stream_of(VENUE, STREAM).max_topics == len(instruments)


def test_acknowledged_request_is_told() -> None:
    codec = wanting_codec(TRADES, BOOK)
    send_all(codec)
    assert codec.receive(answer(1, f"{DEALS},{DEPTH}"), RECEIVED_NS) == (
        news(BTC, TRADES, SubscriptionState.SUBSCRIBED),
        news(BTC, BOOK, SubscriptionState.SUBSCRIBED),
    )


def test_refusal_has_code_0_as_well() -> None:
    codec = wanting_codec(TRADES)
    send_all(codec)
    message = f"Not Subscribed successfully! [{DEALS}].  Reason\uff1a Blocked! "
    assert codec.receive(answer(1, message), RECEIVED_NS) == (
        news(BTC, TRADES, SubscriptionState.REFUSED, AnError(InvalidSymbol, message, "0")),
    )
    assert codec.topics == ()


def test_refused_names_are_asked_for_one_by_one() -> None:
    codec = wanting_codec(TRADES, BOOK)
    send_all(codec)
    message = f"Not Subscribed successfully! [{DEALS}].  Reason\uff1a Blocked! "
    assert codec.receive(answer(1, message), RECEIVED_NS) == ()
    requests = [json.loads(frame) for frame in codec.outgoing(100.0)]
    assert [(each["params"], each["id"]) for each in requests] == [([DEALS], 2), ([DEPTH], 3)]


@pytest.mark.parametrize(
    "frame", ['{"id":0,"code":0,"msg":"no such request"}', '{"id":9,"code":1,"msg":"bad"}']
)
def test_refusal_of_no_request_of_ours_changes_nothing(frame: str) -> None:
    codec = wanting_codec(TRADES)
    send_all(codec)
    assert codec.receive(frame, RECEIVED_NS) == ()
    assert codec.topics == (TRADES,)


def test_connection_is_pinged_though_data_flow() -> None:
    codec = wanting_codec(TRADES)
    send_all(codec)
    pings = 0
    for second in range(60):
        codec.receive(answer(9, "PONG"), RECEIVED_NS)
        codec.expire(float(second), RECEIVED_NS)
        pings += codec.outgoing(float(second)).count('{"method":"PING"}')
    assert pings == 2


def test_pong_is_no_event() -> None:
    assert wanting_codec(TRADES).receive(answer(0, "PONG"), RECEIVED_NS) == ()
