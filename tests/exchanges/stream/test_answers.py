"""What a venue wants to hear from us is said, and keeps us from saying nothing else."""

import json

from msgspec.structs import replace

from exchanges import VENUES
from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.topics import Channel, Topic
from tests.exchanges.stream.words import BTC, ETH, STREAM, codec_of, hear
from tests.exchanges.transcripts import RECEIVED_NS

TRADES = [Topic(Channel.TRADES, one.symbol) for one in (BTC, ETH)]
SLOW = replace(STREAM, messages=Rate(1, 1.0, Scope.CONNECTION), batch=1)


def test_of_pings_that_wait_the_newest_is_answered_once() -> None:
    codec = codec_of(stream=SLOW)
    hear(codec, *(f"ping {number}" for number in range(1_000)))
    assert codec.outgoing(0.0) == ["pong 999"]
    assert codec.outgoing(1_000.0) == []
    assert not codec.has_work


def test_answers_go_first_and_every_other_frame_is_a_request() -> None:
    codec = codec_of(stream=SLOW)
    codec.subscribe(TRADES)
    said = []
    for step in range(40):
        hear(codec, f"ping {step}")
        said += codec.outgoing(step / 10)
    assert said == ["pong 0", "subscribe 1 trades BTC", "pong 22", "subscribe 2 trades ETH"]


def test_requests_that_wait_for_answers_of_others_hold_up_no_answer() -> None:
    stream = replace(STREAM, messages=Rate(100, 1.0, Scope.CONNECTION), unanswered=1, batch=1)
    codec = codec_of(stream=stream)
    codec.subscribe(TRADES)
    assert len(codec.outgoing(0.0)) == 1
    for step in range(3):
        hear(codec, f"ping {step}")
        assert codec.outgoing(step / 10) == [f"pong {step}"]


def test_a_venue_that_pings_all_the_time_hears_what_we_want() -> None:
    venue = VENUES["htx"]
    for stream in venue.streams:
        kind = stream.kind
        instrument = venue.guess(kind, "btcusdt" if kind is Kind.SPOT else "BTC-USDT")
        assert instrument is not None
        codec = venue.codec(stream, Instruments([instrument]))
        codec.expire(0.0, RECEIVED_NS)
        channel = next(one for one in Channel if one in stream.channels and one != Channel.KLINES)
        codec.subscribe([Topic(channel, instrument.symbol)])
        said = []
        for number in range(3_000):
            codec.receive(json.dumps({"ping": number}), RECEIVED_NS)
            said += codec.outgoing(number / 500)
        told = [json.loads(frame) for frame in said]
        assert any("sub" in (*one, one.get("op")) for one in told), stream.name
        pongs = [one["pong"] for one in told if "pong" in one]
        assert pongs == sorted(set(pongs))
        assert len(codec.outgoing(1_000.0)) <= 2, "a wish, and the newest of the pings"


def test_a_venue_that_pings_before_it_listens_is_answered_once() -> None:
    venue = VENUES["lighter"]
    codec = venue.codec(venue.streams[0], Instruments())
    codec.expire(0.0, RECEIVED_NS)
    for _ in range(1_000):
        codec.receive('{"type":"ping"}', RECEIVED_NS)
    assert codec.outgoing(0.0) == []
    codec.receive('{"type":"connected","session_id":"x"}', RECEIVED_NS)
    assert [json.loads(frame) for frame in codec.outgoing(0.0)] == [{"type": "pong"}]
