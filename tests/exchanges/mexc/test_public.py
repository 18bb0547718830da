"""MEXC's spot streams, checked against the WebSocket pages of its documentation.

Binary frames are written here as the JSON form of their protobuf messages.
"""

import json
from collections.abc import Callable
from math import inf
from typing import Any

import pytest
from google.protobuf import json_format

from exchanges import VENUES
from exchanges.codec import Frame, StreamCodec
from exchanges.errors import CodecUsageError, VenueProtocolError
from exchanges.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Fault,
    Kline,
    KlineInterval,
    Level,
    StreamEvent,
    Subscription,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.instrument import Instrument, Instruments, Kind
from exchanges.mexc.messages import MiniTicker, read
from exchanges.mexc.wire.mexc_push_pb2 import PushDataV3ApiWrapper
from exchanges.orders import Side
from exchanges.stream import Channel, Topic
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    market,
    open_codec,
    play,
    send_all,
    stream_of,
)

VENUE = VENUES["mexc"]
STREAM = "stream"
BTC = market("BTC/USDT", "BTCUSDT", venue="mexc")
BTC_USDC = market("BTC/USDC", "BTCUSDC", venue="mexc")
MX = market("MX/USDT", "MXUSDT", venue="mexc")

# The channels of BTCUSDT, and what their names cost when they are written out.
DEPTH = "spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT"
TOPS = "spot@public.aggre.bookTicker.v3.api.pb@100ms@BTCUSDT"
DEALS = "spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDT"
TICKER = "spot@public.miniTicker.v3.api.pb@BTCUSDT@24H"
MINUTES = "spot@public.kline.v3.api.pb@BTCUSDT@Min1"
SENT_MS = 1736409765052
SENT_NS = SENT_MS * 1_000_000


def push(channel: str, body: str, **message: Any) -> str:
    """A frame as JSON; `pack` makes it binary."""
    return json.dumps({"channel": channel, "symbol": "BTCUSDT", "sendTime": SENT_MS, body: message})


def pack(frame: Frame) -> Frame:
    """The binary frame of a message in JSON; what is no such message is sent as it is."""
    try:
        message = json_format.Parse(frame, PushDataV3ApiWrapper(), ignore_unknown_fields=True)
        return message.SerializeToString()
    except (json_format.Error, ValueError, TypeError, AttributeError, RecursionError):
        return frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame


def depth(first: int, last: int, bids: Any = (), asks: Any = ()) -> str:
    return push(
        DEPTH,
        "publicAggreDepths",
        asks=[{"price": price, "quantity": quantity} for price, quantity in asks],
        bids=[{"price": price, "quantity": quantity} for price, quantity in bids],
        eventType="spot@public.aggre.depth.v3.api.pb@100ms",
        fromVersion=str(first),
        toVersion=str(last),
    )


def snapshot(sequence: int, bids: list[Level], asks: list[Level]) -> BookSnapshot:
    return BookSnapshot(
        instrument=BTC, bids=bids, asks=asks, sequence=sequence, received_ns=RECEIVED_NS
    )


TRANSCRIPTS = (
    Transcript(
        name="book: a frame brings it from fromVersion - 1 to toVersion",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.BOOK,
        start=snapshot(43296363235, [(117053.41, 2.0)], [(117145.49, 1.0)]),
        frames=(
            depth(
                43296363236,
                43296363255,
                bids=[("117053.41", "1.86837271"), ("117000", "0.5")],
                asks=[("117145.49", "0")],
            ),
            depth(43296363256, 43296363256, bids=[("117053.41", "0.00000000")]),
        ),
        events=(
            snapshot(43296363235, [(117053.41, 2.0)], [(117145.49, 1.0)]),
            BookDelta(
                instrument=BTC,
                bids=[(117053.41, 1.86837271), (117000.0, 0.5)],
                asks=[(117145.49, 0.0)],
                previous=43296363235,
                sequence=43296363255,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[(117053.41, 0.0)],
                asks=[],
                previous=43296363255,
                sequence=43296363256,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
        pack=pack,
    ),
    Transcript(
        name="top",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            push(
                TOPS,
                "publicAggreBookTicker",
                bidPrice="93387.28",
                bidQuantity="3.73485",
                askPrice="93387.29",
                askQuantity="7.669875",
                version="36913565463",
            ),
        ),
        events=(
            Top(
                instrument=BTC,
                bid=93387.28,
                bid_size=3.73485,
                ask=93387.29,
                ask_size=7.669875,
                sequence=36913565463,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
        pack=pack,
    ),
    Transcript(
        name="empty sides of a top are 0 and infinity; older frames have no version",
        stream=STREAM,
        instrument=MX,
        channel=Channel.TOP,
        frames=(
            push(TOPS.replace("BTC", "MX"), "publicAggreBookTicker", bidPrice="", askPrice=""),
        ),
        events=(
            Top(
                instrument=MX,
                bid=0.0,
                bid_size=0.0,
                ask=inf,
                ask_size=0.0,
                sequence=0,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
        pack=pack,
    ),
    Transcript(
        name="trades: type 1 bought, type 2 sold; older ones have no id",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            push(
                DEALS,
                "publicAggreDeals",
                deals=[
                    {
                        "price": "93220.00",
                        "quantity": "0.04438243",
                        "tradeType": 2,
                        "time": SENT_MS - 2,
                    },
                    {
                        "price": "93221",
                        "quantity": "1",
                        "tradeType": 1,
                        "time": SENT_MS - 1,
                        "tradeId": "505979017439002624X1",
                    },
                ],
                eventType="spot@public.aggre.deals.v3.api.pb@100ms",
            ),
        ),
        events=(
            Trade(
                instrument=BTC,
                price=93220.0,
                size=0.04438243,
                side=Side.SELL,
                venue_ns=SENT_NS - 2_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=93221.0,
                size=1.0,
                side=Side.BUY,
                trade_id="505979017439002624X1",
                venue_ns=SENT_NS - 1_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        pack=pack,
    ),
    Transcript(
        name="ticker: volume is quote and quantity base",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(
            push(
                TICKER,
                "publicMiniTicker",
                symbol="BTCUSDT",
                price="93220.5",
                rate="-0.0766",
                zonedRate="-0.07",
                high="99000",
                low="93000.1",
                volume="950000000.25",
                quantity="10000.5",
                lastCloseRate="-0.0767",
                lastCloseZonedRate="-0.0767",
                lastCloseHigh="99000",
                lastCloseLow="93000.1",
            ),
        ),
        events=(
            Ticker(
                instrument=BTC,
                last=93220.5,
                high=99000.0,
                low=93000.1,
                volume=10000.5,
                quote_volume=950000000.25,
                change=-0.0766,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
        pack=pack,
    ),
    Transcript(
        name="candle: its times are seconds, and nobody says whether it is closed",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.KLINES,
        interval=KlineInterval.H1,
        frames=(
            push(
                MINUTES.replace("Min1", "Min60"),
                "publicSpotKline",
                interval="Min60",
                windowStart=1736409600,
                openingPrice="92925",
                closingPrice="93158.47",
                highestPrice="93160",
                lowestPrice="92800",
                volume="36.83803224",
                amount="3424811.05",
                windowEnd=1736413200,
            ),
        ),
        events=(
            Kline(
                instrument=BTC,
                interval=KlineInterval.H1,
                open_ns=1736409600_000_000_000,
                open=92925.0,
                high=93160.0,
                low=92800.0,
                close=93158.47,
                volume=36.83803224,
                quote_volume=3424811.05,
                closed=None,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
        pack=pack,
    ),
)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_frames_become_events(transcript: Transcript) -> None:
    codec = open_codec(VENUE, transcript.stream, [transcript])
    assert play(codec, transcript) == transcript.events


def test_every_channel_has_a_transcript() -> None:
    written = {(transcript.stream, transcript.channel) for transcript in TRANSCRIPTS}
    assert written == {(stream.name, name) for stream in VENUE.streams for name in stream.channels}


def test_fields_that_are_newer_than_our_definitions_are_passed_over() -> None:
    codec = open_codec(VENUE, STREAM, TRANSCRIPTS)
    (transcript,) = (each for each in TRANSCRIPTS if each.name == "top")
    (frame,) = (transcript.pack(each) for each in transcript.frames)
    assert isinstance(frame, bytes)
    newer = b"\xd2\x07\x03new" + b"\xd8\x07\x2a"  # fields 122 (text) and 123 (a number)
    assert codec.receive(frame + newer, RECEIVED_NS) == transcript.events


# Subscriptions.


def wanting_codec(*topics: Topic) -> StreamCodec:
    codec = VENUE.codec(stream_of(VENUE, STREAM), Instruments([BTC, BTC_USDC, MX]))
    codec.subscribe(topics)
    return codec


def listening_codec() -> StreamCodec:
    instruments = Instruments([BTC, BTC_USDC, MX])
    return VENUE.codec(stream_of(VENUE, STREAM), instruments, listening=True)


def answer(request_id: int, message: str) -> str:
    return json.dumps({"id": request_id, "code": 0, "msg": message})


def news(topic: Topic, state: SubscriptionState, message: str = "") -> Subscription:
    return Subscription(
        instrument=BTC, topic=str(topic), state=state, message=message, received_ns=RECEIVED_NS
    )


BOOK = Topic(Channel.BOOK, "BTC/USDT")
TRADES = Topic(Channel.TRADES, "BTC/USDT")


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
        news(TRADES, SubscriptionState.SUBSCRIBED),
        news(BOOK, SubscriptionState.SUBSCRIBED),
    )


def test_refusal_has_code_0_as_well() -> None:
    codec = wanting_codec(TRADES)
    send_all(codec)
    message = f"Not Subscribed successfully! [{DEALS}].  Reason\uff1a Blocked! "
    assert codec.receive(answer(1, message), RECEIVED_NS) == (
        news(TRADES, SubscriptionState.REFUSED, f"{message} [0]"),
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


# The book, rule by rule of "How to build a local order book correctly".


def ids(events: tuple[StreamEvent, ...]) -> list[object]:
    """The id of a snapshot, `previous, id` of an update, the fault of a loss."""
    told: list[object] = []
    for event in events:
        match event:
            case BookSnapshot():
                told.append(event.sequence)
            case BookDelta():
                told.append((event.previous, event.sequence))
            case BookLost():
                told.append(event.fault)
    return told


@pytest.mark.parametrize(
    ("last_update_id", "told"),
    [
        (90, []),  # older than the first frame: to be fetched again
        (99, []),
        (100, [100, (100, 103), (103, 105)]),  # fromVersion = lastUpdateId + 1
        (101, [101, (101, 103), (103, 105)]),
        (103, [103, (103, 105)]),
        (105, [105]),
        (110, [110]),
    ],
)
def test_book_joins_snapshot_and_frames(last_update_id: int, told: list[object]) -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)
    for frame in (depth(101, 103), depth(104, 105)):
        assert codec.receive(pack(frame), RECEIVED_NS) == ()
    (request,) = codec.requests(10.0)
    assert request.target == "/api/v3/depth?symbol=BTCUSDT&limit=1000"
    assert ids(codec.answer(request, snapshot(last_update_id, [], []))) == told


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (depth(101, 105), [(100, 105)]),
        (depth(96, 100), []),  # taken already
        (depth(102, 105), [Fault.GAP]),
    ],
    ids=["follows", "repeated", "gap"],
)
def test_frame_must_begin_one_above_the_book(frame: str, told: list[object]) -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)
    codec.start(snapshot(100, [], []))
    codec.receive(pack(depth(100, 100)), RECEIVED_NS)
    assert ids(codec.receive(pack(frame), RECEIVED_NS)) == told


def test_recorded_partial_books_replace_each_other() -> None:
    codec = listening_codec()

    def partial(version: int) -> Frame:
        levels = [{"price": "93180.18", "quantity": "0.2"}]
        channel = "spot@public.limit.depth.v3.api.pb@BTCUSDT@5"
        return pack(push(channel, "publicLimitDepths", asks=levels, version=str(version)))

    assert ids(codec.receive(partial(100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(partial(100), RECEIVED_NS)) == []
    assert ids(codec.receive(partial(99), RECEIVED_NS)) == []
    assert ids(codec.receive(partial(105), RECEIVED_NS)) == [105]


# What the documentation does not allow.

KLINE = {"interval": "Min1", "windowStart": 1, "openingPrice": "1", "closingPrice": "1",
         "highestPrice": "1", "lowestPrice": "1", "volume": "1", "amount": "1"}  # fmt: skip
DEAL = {"price": "1", "quantity": "1", "tradeType": 1, "time": 1}


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("", ""),
        ("Invalid listen key", ""),
        ("[]", ""),
        (b"", ""),
        (b"\xff", ""),
        (b"\x0a\x2fspot@", ""),  # cut off
        (b"\x0a\x02\xff\xfe", ""),  # no UTF-8
        (push(DEALS.replace("BTCUSDT", "NOPE"), "publicAggreDeals"), ""),
        (push(DEALS.replace("aggre.deals", "deals"), "publicAggreDeals"), ""),
        (push(DEALS, "publicAggreDepths"), "BTC/USDT"),  # of another channel
        (push(DEPTH, "publicAggreDeals"), "BTC/USDT"),
        (json.dumps({"channel": DEPTH}), "BTC/USDT"),
        (depth(1, 2, bids=[("0", "1")]), "BTC/USDT"),
        (depth(1, 2, bids=[("-1", "1")]), "BTC/USDT"),
        (depth(1, 2, bids=[("NaN", "1")]), "BTC/USDT"),
        (depth(1, 2, bids=[("1e308", "1")]), "BTC/USDT"),
        (depth(1, 2, bids=[("9" * 40, "1")]), "BTC/USDT"),
        (depth(1, 2, bids=[("1_0", "1")]), "BTC/USDT"),
        (depth(1, 2, bids=[("", "1")]), "BTC/USDT"),
        (depth(1, 2, asks=[("1", "-1")]), "BTC/USDT"),
        (depth(1, 2, asks=[("1", "")]), "BTC/USDT"),
        (depth(1, 2, asks=[("1", "inf")]), "BTC/USDT"),
        (depth(-1, 2), "BTC/USDT"),
        (depth(1, 1 << 63), "BTC/USDT"),
        (push(DEPTH, "publicAggreDepths", fromVersion="1"), "BTC/USDT"),  # no end
        (push(DEPTH, "publicAggreDepths", fromVersion="one", toVersion="2"), "BTC/USDT"),
        (push(DEALS, "publicAggreDeals", deals=[{**DEAL, "tradeType": 3}]), "BTC/USDT"),
        (push(DEALS, "publicAggreDeals", deals=[{**DEAL, "tradeType": 0}]), "BTC/USDT"),
        (push(DEALS, "publicAggreDeals", deals=[{**DEAL, "time": -1}]), "BTC/USDT"),
        (push(DEALS, "publicAggreDeals", deals=[{**DEAL, "quantity": "0"}]), "BTC/USDT"),
        (push(TOPS, "publicAggreBookTicker", bidPrice="1", bidQuantity="-1"), "BTC/USDT"),
        (push(TOPS, "publicAggreBookTicker", askPrice="1e308", askQuantity="1"), "BTC/USDT"),
        (push(MINUTES, "publicSpotKline", **{**KLINE, "interval": "Min2"}), "BTC/USDT"),
        (push(MINUTES, "publicSpotKline", **{**KLINE, "windowStart": -1}), "BTC/USDT"),
        (push(MINUTES, "publicSpotKline", **{**KLINE, "volume": "NaN"}), "BTC/USDT"),
        (push(TICKER, "publicMiniTicker", price="1"), "BTC/USDT"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(
    frame: Frame, symbol: str
) -> None:
    minutes = Topic(Channel.KLINES, "BTC/USDT", KlineInterval.M1)
    others = (Topic(channel, "BTC/USDT") for channel in (Channel.TOP, Channel.TICKER))
    codec = wanting_codec(TRADES, BOOK, minutes, *others)
    send_all(codec)
    sent = pack(frame) if isinstance(frame, str) and frame.startswith("{") else frame
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(sent, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("mexc", symbol)


def test_frame_of_no_time_is_not_allowed() -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)
    frame = json.dumps({**json.loads(depth(1, 2)), "sendTime": -1})
    with pytest.raises(VenueProtocolError):
        codec.receive(pack(frame), RECEIVED_NS)


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("native", "symbol"),
    [
        ("BTCUSDT", "BTC/USDT"),
        ("BTCUSDC", "BTC/USDC"),
        ("CRVETH", "CRV/ETH"),
        ("GASUSDT", "GASDAO/USDT"),  # another asset than the usual GAS
        ("GASNEOUSDT", "GAS/USDT"),
        ("FLUX1USDT", "FLUX/USDT"),
        ("FLUXUSDT", "FLUX1/USDT"),
        ("USDT", None),
        ("BTCXYZ", None),
    ],
)
def test_market_is_guessed_from_its_name(native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(Kind.SPOT, native)
    assert (instrument.symbol if instrument else None) == symbol


# Real payloads.


def frame_of(sample: Callable[[str], bytes], file: str) -> bytes:
    return sample(f"mexc/{file}.bin")


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "events"),
    [
        (
            "ws_pb_aggre_book_ticker",
            (
                Top(
                    instrument=BTC,
                    bid=93387.28,
                    bid_size=3.73485,
                    ask=93387.29,
                    ask_size=7.669875,
                    venue_ns=1736412092433_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_book_ticker_batch",
            (
                Top(
                    instrument=BTC,
                    bid=96567.37,
                    bid_size=3.362925,
                    ask=96567.38,
                    ask_size=1.545255,
                    venue_ns=1739503249114_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_aggre_deals",
            (
                Trade(
                    instrument=BTC,
                    price=93220.0,
                    size=0.04438243,
                    side=Side.SELL,
                    venue_ns=1736409765051_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_kline",
            (
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M1,
                    open_ns=1754737920_000_000_000,
                    open=117317.31,
                    high=117341.0,
                    low=117317.3,
                    close=117325.26,
                    volume=3.12599854,
                    quote_volume=366804.43,
                    venue_ns=1754737941062_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_kline_min15",
            (
                Kline(
                    instrument=BTC,
                    interval=KlineInterval.M15,
                    open_ns=1736410500_000_000_000,
                    open=92925.0,
                    high=93158.47,
                    low=92800.0,
                    close=93158.47,
                    volume=36.83803224,
                    quote_volume=3424811.05,
                    venue_ns=1736410707571_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_mini_ticker",
            (
                Ticker(
                    instrument=MX,
                    last=2.5174,
                    high=2.6299,
                    low=2.302,
                    volume=4638390.17,
                    quote_volume=11336518.0264,
                    change=0.0766,
                    venue_ns=1755076752201_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_pb_limit_depth",
            (
                BookSnapshot(
                    instrument=BTC,
                    bids=[(93179.98, 2.82651)],
                    asks=[(93180.18, 0.21976424)],
                    sequence=36913565463,
                    venue_ns=1736411838730_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_frame_is_read_value_by_value(
    sample: Callable[[str], bytes], file: str, events: tuple[Event, ...]
) -> None:
    assert listening_codec().receive(frame_of(sample, file), RECEIVED_NS) == events


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "instrument", "update"),
    [
        (
            "ws_pb_aggre_depth",
            BTC,
            BookDelta(
                instrument=BTC,
                bids=[(117053.41, 1.86837271)],
                asks=[(117145.49, 0.0)],
                previous=43296363235,
                sequence=43296363255,
                venue_ns=1754741322152_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "ws_pb_aggre_depth_btcusdc",
            BTC_USDC,
            BookDelta(
                instrument=BTC_USDC,
                bids=[(114838.84, 0.000101)],
                asks=[(115198.74, 0.068865)],
                previous=17521975447,
                sequence=17521975455,
                venue_ns=1755973885809_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
        (
            "ws_pb_aggre_depth_delete",
            BTC,
            BookDelta(
                instrument=BTC,
                bids=[(92877.58, 0.0)],
                asks=[],
                previous=10589632358,
                sequence=10589632359,
                venue_ns=1736411507002_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_changes_follow_the_book_before_them(
    sample: Callable[[str], bytes], file: str, instrument: Instrument, update: BookDelta
) -> None:
    codec = listening_codec()
    assert codec.receive(frame_of(sample, file), RECEIVED_NS) == ()
    before = BookSnapshot(
        instrument=instrument,
        bids=[],
        asks=[],
        sequence=update.previous,
        received_ns=RECEIVED_NS,
    )
    assert codec.start(before) == (before, update)


@pytest.mark.recorded
def test_recorded_tickers_of_all_markets_are_read_value_by_value(
    sample: Callable[[str], bytes],
) -> None:
    """Nobody subscribes them: the frames are large, and each market's own ticker says as much."""
    frame = PushDataV3ApiWrapper.FromString(frame_of(sample, "ws_pb_mini_tickers"))
    items = frame.publicMiniTickers.items
    assert [item.symbol for item in items] == ["METAUSDT", "FCATUSDT", "CRVETH"]
    tickers = [read(item, MiniTicker).ticker(BTC, None, RECEIVED_NS) for item in items]
    assert [(each.last, each.change, each.high, each.low) for each in tickers] == [
        (0.055, -0.2361, 0.119, 0.053),
        (0.0000031, -0.4464, 0.0000066, 0.0000025),
        (0.00022592, 0.028, 0.00022856, 0.00021024),
    ]
    assert [(each.volume, each.quote_volume) for each in tickers] == [
        (10764997.16, 814864.474),
        (654649950.75, 2825.4350195),
        (4884456.998, 1062.48406269),
    ]


@pytest.mark.recorded
@pytest.mark.parametrize(
    "file",
    ["ws_pb_increase_depth_batch", "ws_pb_private_orders_filled", "ws_pb_private_account"],
)
def test_recorded_frame_of_a_channel_that_is_not_ours_is_not_read(
    sample: Callable[[str], bytes], file: str
) -> None:
    with pytest.raises(VenueProtocolError, match="unknown channel"):
        listening_codec().receive(frame_of(sample, file), RECEIVED_NS)


@pytest.mark.recorded
def test_recorded_conversation_about_subscriptions(sample: Callable[[str], bytes]) -> None:
    codec = wanting_codec(TRADES)
    (frame,) = send_all(codec)
    for file, method in (("subscribe", "SUBSCRIPTION"), ("unsubscribe", "UNSUBSCRIPTION")):
        documented = json.loads(sample(f"mexc/ws_{file}_request.json"))
        assert documented == {"method": method, "params": json.loads(frame)["params"]}
    granted = {**json.loads(sample("mexc/ws_subscribe_ack.json")), "id": 1}
    assert codec.receive(json.dumps(granted), RECEIVED_NS) == (
        news(TRADES, SubscriptionState.SUBSCRIBED),
    )
    assert json.loads(sample("mexc/ws_ping_request.json")) == {"method": "PING"}
    pong = sample("mexc/ws_pong.json").decode()
    assert codec.receive(pong, RECEIVED_NS) == ()


@pytest.mark.recorded
def test_recorded_refusal_is_told_in_the_words_of_the_venue(
    sample: Callable[[str], bytes],
) -> None:
    codec = wanting_codec(TRADES)
    send_all(codec)
    refusal = json.loads(sample("mexc/error_ws_subscribe_blocked.json"))
    assert codec.receive(json.dumps({**refusal, "id": 1}), RECEIVED_NS) == (
        news(TRADES, SubscriptionState.REFUSED, f"{refusal['msg']} [0]"),
    )
