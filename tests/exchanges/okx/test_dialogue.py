"""What is said to OKX and what it answers: subscriptions, refusals, notices, heartbeats."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.errors import CodecUsageError, InvalidSymbol, StreamStale
from exchanges.market.events import Event, Notice, StreamEvent, SubscriptionState
from exchanges.market.instrument import Instrument, Instruments, Kind
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.okx.market_data import kind_of
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, AnError, market, news, send_all, stream_of

VENUE = VENUES["okx"]
BTC = market("BTC/USDT", "BTC-USDT", venue="okx")
ETH = market("ETH/USDT", "ETH-USDT", venue="okx")
SWAP = market("BTC/USDT:USDT", "BTC-USDT-SWAP", venue="okx", contract_size="0.01")
ETH_SWAP = market("ETH/USDT:USDT", "ETH-USDT-SWAP", venue="okx", contract_size="0.1")

TRADES = Topic(Channel.TRADES, "BTC/USDT")
TICKER = Topic(Channel.TICKER, "ETH/USDT")
LIQUIDATIONS = Topic(Channel.LIQUIDATIONS, "BTC/USDT:USDT")
ETH_LIQUIDATIONS = Topic(Channel.LIQUIDATIONS, "ETH/USDT:USDT")


def wanting_codec(stream: str, *topics: Topic) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([BTC, ETH, SWAP, ETH_SWAP]))
    codec.subscribe(topics)
    return codec


def asking_codec(stream: str, *topics: Topic) -> MarketCodec:
    """A codec whose request for the topics, of id 1, has been sent."""
    codec = wanting_codec(stream, *topics)
    send_all(codec)
    return codec


def arg(channel: str, native: str = "BTC-USDT") -> dict[str, str]:
    return {"channel": channel, "instId": native}


def hear(codec: MarketCodec, **answer: Any) -> tuple[StreamEvent, ...]:
    return codec.receive(json.dumps({"connId": "a4d3ae55", **answer}), RECEIVED_NS)


@pytest.mark.parametrize(
    ("stream", "topic", "named"),
    [
        ("public", Topic(Channel.BOOK, "BTC/USDT"), arg("books")),
        ("public", Topic(Channel.BOOK, "BTC/USDT:USDT"), arg("books", "BTC-USDT-SWAP")),
        ("public", Topic(Channel.TOP, "BTC/USDT"), arg("bbo-tbt")),
        ("public", Topic(Channel.TRADES, "BTC/USDT:USDT"), arg("trades", "BTC-USDT-SWAP")),
        ("public", Topic(Channel.TICKER, "BTC/USDT"), arg("tickers")),
        ("business", Topic(Channel.KLINES, "BTC/USDT", KlineInterval.M1), arg("candle1m")),
        ("business", Topic(Channel.KLINES, "BTC/USDT", KlineInterval.H4), arg("candle4H")),
        ("business", Topic(Channel.KLINES, "BTC/USDT", KlineInterval.H6), arg("candle6Hutc")),
        ("business", Topic(Channel.KLINES, "BTC/USDT", KlineInterval.MO3), arg("candle3Mutc")),
        (
            "derivatives",
            Topic(Channel.FUNDING, "BTC/USDT:USDT"),
            arg("funding-rate", "BTC-USDT-SWAP"),
        ),
        (
            "derivatives",
            Topic(Channel.MARK_PRICE, "BTC/USDT:USDT"),
            arg("mark-price", "BTC-USDT-SWAP"),
        ),
        (
            "derivatives",
            Topic(Channel.OPEN_INTEREST, "BTC/USDT:USDT"),
            arg("open-interest", "BTC-USDT-SWAP"),
        ),
        ("derivatives", LIQUIDATIONS, {"channel": "liquidation-orders", "instType": "SWAP"}),
    ],
    ids=lambda value: str(value) if isinstance(value, Topic) else "",
)
def test_topic_is_asked_for_and_ended_by_its_channel(
    stream: str, topic: Topic, named: dict[str, str]
) -> None:
    codec = wanting_codec(stream, topic)
    (asked,) = send_all(codec)
    assert json.loads(asked) == {"id": "1", "op": "subscribe", "args": [named]}
    hear(codec, id="1", event="subscribe", arg=named)
    codec.unsubscribe([topic])
    (ended,) = codec.outgoing(100.0)
    assert json.loads(ended) == {"id": "2", "op": "unsubscribe", "args": [named]}
    assert hear(codec, id="2", event="unsubscribe", arg=named) == ()
    assert codec.is_settled


def test_candles_are_those_that_the_documentation_lists() -> None:
    names = "1m 3m 5m 15m 30m 1h 2h 4h 6h 12h 1d 2d 3d 1w 1M 3M"
    assert [interval.value for interval in VENUE.klines] == names.split()


@pytest.mark.parametrize("interval", [KlineInterval.S1, KlineInterval.H3, KlineInterval.H8])
def test_candle_that_the_venue_has_not_is_a_mistake_of_ours(interval: KlineInterval) -> None:
    with pytest.raises(CodecUsageError, match="okx has no candles of"):
        wanting_codec("business", Topic(Channel.KLINES, "BTC/USDT", interval))


def test_connection_asks_for_all_its_topics_in_one_request() -> None:
    stream = stream_of(VENUE, "public")
    instruments = [market(f"A{number}/USDT", f"A{number}-USDT") for number in range(29)]
    codec = VENUE.codec(stream, Instruments(instruments))
    codec.subscribe(Topic(Channel.BOOK, instrument.symbol) for instrument in instruments)
    (request,) = send_all(codec)
    assert len(json.loads(request)["args"]) == stream.max_topics == 29
    assert len(request) < 64 * 1024


def test_no_more_than_480_requests_go_out_in_any_hour() -> None:
    instruments = [market(f"A{number}/USDT", f"A{number}-USDT") for number in range(1000)]
    codec = VENUE.codec(replace(stream_of(VENUE, "public"), batch=1), Instruments(instruments))
    codec.subscribe(Topic(Channel.TOP, instrument.symbol) for instrument in instruments)
    at_s = [now_s for now_s in range(0, 14_400, 5) for _ in codec.outgoing(float(now_s))]
    assert len(at_s) == len(instruments)
    assert all(sum(start <= sent < start + 3600 for sent in at_s) <= 480 for start in at_s)


# Acknowledgements come arg by arg.


def test_each_arg_is_acknowledged_on_its_own() -> None:
    codec = asking_codec("public", TRADES, TICKER)
    subscribed = SubscriptionState.SUBSCRIBED
    assert hear(codec, id="1", event="subscribe", arg=arg("tickers", "ETH-USDT")) == (
        news(ETH, TICKER, subscribed),
    )
    assert not codec.is_settled
    assert hear(codec, event="subscribe", arg=arg("trades")) == (news(BTC, TRADES, subscribed),)
    assert codec.is_settled


def test_acknowledgement_that_nobody_waits_for_says_nothing() -> None:
    codec = asking_codec("public", TRADES)
    assert hear(codec, id="7", event="subscribe", arg=arg("tickers")) == ()
    assert hear(codec, id="7", event="unsubscribe", arg=arg("tickers")) == ()
    assert codec.topics == (TRADES,)


def test_refused_request_is_told_in_the_words_of_the_venue() -> None:
    codec = asking_codec("public", TRADES)
    message = "No channel trades of BTC-USDT."
    assert hear(codec, id="1", event="error", code="60018", msg=message) == (
        news(BTC, TRADES, SubscriptionState.REFUSED, AnError(InvalidSymbol, message, "60018")),
    )
    assert codec.topics == ()
    assert codec.is_settled


def test_refusal_does_not_tell_the_arg_so_that_they_are_asked_for_one_by_one() -> None:
    book = Topic(Channel.TOP, "BTC/USDT")
    codec = asking_codec("public", TRADES, TICKER, book)
    hear(codec, id="1", event="subscribe", arg=arg("bbo-tbt"))
    assert hear(codec, id="1", event="error", code="60018", msg="no such channel") == ()
    asked = [json.loads(frame) for frame in codec.outgoing(100.0)]
    assert [(one["id"], one["args"]) for one in asked] == [
        ("2", [arg("trades")]),
        ("3", [arg("tickers", "ETH-USDT")]),
    ]
    assert hear(codec, id="3", event="error", code="60018", msg="no such channel") == (
        news(
            ETH,
            TICKER,
            SubscriptionState.REFUSED,
            AnError(InvalidSymbol, "no such channel", "60018"),
        ),
    )
    hear(codec, id="2", event="subscribe", arg=arg("trades"))
    assert set(codec.topics) == {TRADES, book}


@pytest.mark.parametrize("request_id", [{}, {"id": ""}, {"id": "9"}, {"id": "a1b2"}])
def test_refusal_of_no_request_of_ours_changes_nothing(request_id: dict[str, str]) -> None:
    codec = asking_codec("public", TRADES)
    assert hear(codec, event="error", code="60012", msg="Invalid request", **request_id) == ()
    assert codec.topics == (TRADES,)


def test_swaps_share_one_stream_of_liquidations() -> None:
    codec = asking_codec("derivatives", LIQUIDATIONS, ETH_LIQUIDATIONS)
    named = {"channel": "liquidation-orders", "instType": "SWAP"}
    events = hear(codec, id="1", event="subscribe", arg=named)
    assert {getattr(event, "topic", "") for event in events} == {
        str(LIQUIDATIONS),
        str(ETH_LIQUIDATIONS),
    }
    codec.unsubscribe([LIQUIDATIONS])
    assert codec.outgoing(100.0) == []
    assert liquidated(codec, "BTC-USDT-SWAP", "IOST-USDT-SWAP", "ETH-USDT-SWAP") == [ETH_SWAP]
    codec.unsubscribe([ETH_LIQUIDATIONS])
    (ended,) = codec.outgoing(100.0)
    assert json.loads(ended) == {"id": "2", "op": "unsubscribe", "args": [named]}


def liquidated(codec: MarketCodec, *natives: str) -> list[Instrument]:
    """The instruments of which liquidations are told when all of `natives` had one."""
    detail = {"side": "sell", "posSide": "long", "bkPx": "1.5", "sz": "1", "ts": "1782000000000"}
    frame = {
        "arg": {"channel": "liquidation-orders", "instType": "SWAP"},
        "data": [{"instId": native, "details": [detail]} for native in natives],
    }
    events = codec.receive(json.dumps(frame), RECEIVED_NS)
    return [event.instrument for event in events if isinstance(event, Event)]


def test_okx_b19_only_connections_that_carry_books_are_kept_small() -> None:
    most = {stream.name: stream.max_topics for stream in VENUE.streams}
    assert most == {"public": 29, "derivatives": 100, "business": 100}


# Notices and heartbeats.


def test_announced_end_of_the_connection_is_told() -> None:
    message = "Closing for an upgrade."
    for stream in VENUE.streams:
        codec = wanting_codec(stream.name)
        assert hear(codec, event="notice", code="64008", msg=message) == (
            Notice(venue="okx", close_in_s=60.0, message=message),
        )


@pytest.mark.parametrize(
    "answer",
    [
        {"event": "notice", "code": "64999", "msg": "News of next year."},
        {"event": "channel-conn-count", "channel": "orders", "connCount": "2"},
        {"event": "channel-conn-count-error", "channel": "orders", "connCount": "30"},
    ],
)
def test_other_news_of_the_connection_say_nothing(answer: dict[str, str]) -> None:
    assert hear(asking_codec("public", TRADES), **answer) == ()


def test_idle_connection_is_pinged_in_plain_text_and_the_pong_is_a_sign_of_life() -> None:
    codec = asking_codec("public", TRADES)
    hear(codec, id="1", event="subscribe", arg=arg("trades"))
    codec.expire(100.0, RECEIVED_NS)
    assert codec.deadline == 120.0
    codec.expire(codec.deadline, RECEIVED_NS)
    assert codec.outgoing(120.0) == ["ping"]
    assert codec.receive("pong", RECEIVED_NS) == ()
    codec.expire(121.0, RECEIVED_NS)
    assert codec.deadline == 141.0


def test_connection_without_pong_is_stale_before_the_venue_ends_it() -> None:
    codec = wanting_codec("business")
    codec.expire(100.0, RECEIVED_NS)
    codec.expire(120.0, RECEIVED_NS)
    assert codec.deadline < 130.0
    with pytest.raises(StreamStale):
        codec.expire(codec.deadline, RECEIVED_NS)


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.SPOT, "BTC-USDT", "BTC/USDT"),
        (Kind.PERPETUAL, "BTC-USDT-SWAP", "BTC/USDT:USDT"),
        (Kind.PERPETUAL, "BTC-USDC-SWAP", "BTC/USDC:USDC"),
        (Kind.PERPETUAL, "BTC-USD-SWAP", "BTC/USD:BTC"),
        (Kind.SPOT, "BTC-USDT-SWAP", None),
        (Kind.PERPETUAL, "BTC-USDT", None),
        (Kind.PERPETUAL, "BTC-USDT-250328", None),
        (Kind.SPOT, "BTC-USD-250328-60000-C", None),
        (Kind.SPOT, "BTC", None),
        (Kind.SPOT, "-USDT", None),
        (Kind.SPOT, "", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol


@pytest.mark.parametrize(
    ("native", "kind"),
    [("BTC-USDT", Kind.SPOT), ("BTC-USDT-SWAP", Kind.PERPETUAL), ("SWAP-USDT", Kind.SPOT)],
)
def test_name_tells_the_kind_of_market(native: str, kind: Kind) -> None:
    assert kind_of(native) is kind
