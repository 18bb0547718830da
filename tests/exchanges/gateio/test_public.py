"""Gate.io's spot streams, checked against "Spot WebSocket v4" of its documentation."""

import gzip
import json
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.identity import AssetIdentity, Comparable
from actors.opportunity import DetectorSettings
from actors.recording import RecordedFrame
from actors.replay import Replay
from exchanges import VENUES
from exchanges.codec import StreamCodec
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
    Notice,
    StreamEvent,
    Subscription,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.instrument import Instrument, Instruments, Kind
from exchanges.orders import Side
from exchanges.rest import Response
from exchanges.stream import Channel, Topic
from exchanges.venue import GuessedInstruments
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    market,
    open_codec,
    play,
    send_all,
    stream_of,
)

VENUE = VENUES["gateio"]
STREAM = "stream"
BTC = market("BTC/USDT", "BTC_USDT", venue="gateio")
ETH = market("ETH/USDT", "ETH_USDT", venue="gateio")
XRP = market("XRP/USDT", "XRP_USDT", venue="gateio")

RECEIVED_S = RECEIVED_NS // 1_000_000_000


def snapshot(
    instrument: Instrument,
    sequence: int,
    bids: list[Level],
    asks: list[Level],
    *,
    window: int,
    venue_ns: int | None = None,
) -> BookSnapshot:
    return BookSnapshot(
        instrument=instrument,
        bids=bids,
        asks=asks,
        sequence=sequence,
        window=window,
        venue_ns=venue_ns,
        received_ns=RECEIVED_NS,
    )


TRANSCRIPTS = (
    Transcript(
        name="book: a whole one, changes, and a whole one again at any time",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.BOOK,
        frames=(
            """{"channel":"spot.obu","result":{"t":1747054612673,"full":true,
            "s":"ob.BTC_USDT.400","u":168,"b":[["104027.1","5.09"],["104027","4.77"]],
            "a":[["104027.2","0.44"]]},"time_ms":1747054612848,"event":"update"}""",
            """{"channel":"spot.obu","result":{"t":1747054612695,"s":"ob.BTC_USDT.400",
            "U":169,"u":212,"b":[["104027","0"]],"a":[["104027.2","0"],["104027.4","0.39"]]},
            "time_ms":1747054612925}""",
            """{"channel":"spot.obu","result":{"t":1747054612795,"s":"ob.BTC_USDT.400",
            "U":213,"u":213,"b":[["104026.5","1.5"]]},"time_ms":1747054613025,
            "event":"update"}""",
            """{"channel":"spot.obu","result":{"t":1747054612895,"full":true,
            "s":"ob.BTC_USDT.400","U":1,"u":300,"b":[["104020","1"]],"a":[["104021","2"]]},
            "time_ms":1747054613125,"event":"update"}""",
        ),
        events=(
            snapshot(
                BTC,
                168,
                [(104027.1, 5.09), (104027.0, 4.77)],
                [(104027.2, 0.44)],
                window=400,
                venue_ns=1747054612673_000_000,
            ),
            BookDelta(
                instrument=BTC,
                bids=[(104027.0, 0.0)],
                asks=[(104027.2, 0.0), (104027.4, 0.39)],
                previous=168,
                sequence=212,
                venue_ns=1747054612695_000_000,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[(104026.5, 1.5)],
                asks=[],
                previous=212,
                sequence=213,
                venue_ns=1747054612795_000_000,
                received_ns=RECEIVED_NS,
            ),
            snapshot(
                BTC,
                300,
                [(104020.0, 1.0)],
                [(104021.0, 2.0)],
                window=400,
                venue_ns=1747054612895_000_000,
            ),
        ),
    ),
    Transcript(
        name="top",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            """{"time":1606293275,"time_ms":1606293275723,"channel":"spot.book_ticker",
            "event":"update","result":{"t":1606293275123,"u":48733182,"s":"BTC_USDT",
            "b":"19177.79","B":"0.0003341504","a":"19179.38","A":"0.09"}}""",
        ),
        events=(
            Top(
                instrument=BTC,
                bid=19177.79,
                bid_size=0.0003341504,
                ask=19179.38,
                ask_size=0.09,
                sequence=48733182,
                venue_ns=1606293275123_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="empty sides of a top are 0 and infinity",
        stream=STREAM,
        instrument=ETH,
        channel=Channel.TOP,
        frames=(
            """{"time":1606293275,"time_ms":1606293275723,"channel":"spot.book_ticker",
            "event":"update","result":{"t":1606293275123,"u":48733183,"s":"ETH_USDT",
            "b":"","B":"","a":"","A":""}}""",
        ),
        events=(
            Top(
                instrument=ETH,
                bid=0.0,
                bid_size=0.0,
                ask=inf,
                ask_size=0.0,
                sequence=48733183,
                venue_ns=1606293275123_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="trade: the side is the taker's, the time has fractions of a millisecond",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            """{"time":1606292218,"time_ms":1606292218231,"channel":"spot.trades",
            "event":"update","result":{"id":309143071,"id_market":5,"create_time":1606292218,
            "create_time_ms":"1606292218213.457","side":"sell","currency_pair":"BTC_USDT",
            "amount":"0.0470000000","price":"19170.5","range":"2390902-2390902"}}""",
            """{"time":1606292219,"time_ms":1606292219231,"channel":"spot.trades",
            "event":"update","result":{"id":309143072,"create_time":1606292219,
            "create_time_ms":"1606292219000","side":"buy","currency_pair":"BTC_USDT",
            "amount":"1","price":"19171"}}""",
        ),
        events=(
            Trade(
                instrument=BTC,
                price=19170.5,
                size=0.047,
                side=Side.SELL,
                trade_id="309143071",
                venue_ns=1606292218213_457_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=19171.0,
                size=1.0,
                side=Side.BUY,
                trade_id="309143072",
                venue_ns=1606292219000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="ticker: change is percent; a side may be missing",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(
            """{"time":1717595233,"time_ms":1717595233666,"conn_id":"","channel":"spot.tickers",
            "event":"update","result":{"currency_pair":"BTC_USDT","last":"70775.2",
            "lowest_ask":"70773.1","highest_bid":"","change_percentage":"1.5",
            "base_volume":"4643.108","quote_volume":"328461488.44","high_24h":"71366",
            "low_24h":"69336.2"}}""",
        ),
        events=(
            Ticker(
                instrument=BTC,
                last=70775.2,
                bid=None,
                ask=70773.1,
                high=71366.0,
                low=69336.2,
                volume=4643.108,
                quote_volume=328461488.44,
                change=0.015,
                venue_ns=1717595233666_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="candle: v is quote volume, a base volume",
        stream=STREAM,
        instrument=BTC,
        channel=Channel.KLINES,
        interval=KlineInterval.W1,
        frames=(
            """{"time":1606292600,"time_ms":1606292600376,"channel":"spot.candlesticks",
            "event":"update","result":{"t":"1606292580","v":"2362.32","c":"19128.1",
            "h":"19130","l":"19120.5","o":"19121","n":"7d_BTC_USDT","a":"3.82","w":true}}""",
            """{"time":1606292601,"time_ms":1606292601376,"channel":"spot.candlesticks",
            "event":"update","result":{"t":"1606293180","v":"0","c":"19128.1","h":"19128.1",
            "l":"19128.1","o":"19128.1","n":"7d_BTC_USDT","a":"0"}}""",
        ),
        events=(
            Kline(
                instrument=BTC,
                interval=KlineInterval.W1,
                open_ns=1606292580_000_000_000,
                open=19121.0,
                high=19130.0,
                low=19120.5,
                close=19128.1,
                volume=3.82,
                quote_volume=2362.32,
                closed=True,
                venue_ns=1606292600376_000_000,
                received_ns=RECEIVED_NS,
            ),
            Kline(
                instrument=BTC,
                interval=KlineInterval.W1,
                open_ns=1606293180_000_000_000,
                open=19128.1,
                high=19128.1,
                low=19128.1,
                close=19128.1,
                volume=0.0,
                quote_volume=0.0,
                closed=None,
                venue_ns=1606292601376_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_frames_become_events(transcript: Transcript) -> None:
    codec = open_codec(VENUE, transcript.stream, [transcript])
    assert play(codec, transcript) == transcript.events


def test_every_channel_has_a_transcript() -> None:
    written = {(transcript.stream, transcript.channel) for transcript in TRANSCRIPTS}
    assert written == {(stream.name, name) for stream in VENUE.streams for name in stream.channels}


def test_candle_without_its_volume_is_none() -> None:
    """Frames of 2021 have no `a`."""
    codec = listening_codec(BTC)
    frame = {"t": "1619093520", "v": "0", "c": "1", "h": "1", "l": "1", "o": "1",
             "n": "1m_BTC_USDT"}  # fmt: skip
    assert codec.receive(update("spot.candlesticks", frame), RECEIVED_NS) == ()


# Subscriptions.


def wanting_codec(*topics: Topic) -> StreamCodec:
    codec = VENUE.codec(stream_of(VENUE, STREAM), Instruments([BTC, ETH, XRP]))
    codec.subscribe(topics)
    return codec


def listening_codec(*instruments: Instrument) -> StreamCodec:
    return VENUE.codec(stream_of(VENUE, STREAM), Instruments(instruments), listening=True)


def update(channel: str, result: dict[str, Any]) -> str:
    return json.dumps({"time": 1, "channel": channel, "event": "update", "result": result})


def ack(request: dict[str, Any], *, error: str = "") -> str:
    answer = {**request, "result": {"status": "fail" if error else "success"}}
    if error:
        answer["error"] = {"code": 2, "message": error}
    return json.dumps(answer)


def sent(codec: StreamCodec) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in send_all(codec)]


def news(
    instrument: Instrument, topic: Topic, state: SubscriptionState, message: str = ""
) -> Subscription:
    return Subscription(
        instrument=instrument,
        topic=str(topic),
        state=state,
        message=message,
        received_ns=RECEIVED_NS,
    )


BOOK = Topic(Channel.BOOK, "BTC/USDT")
TRADES = Topic(Channel.TRADES, "BTC/USDT")
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
        news(BTC, TRADES, SubscriptionState.REFUSED, f"{complaint} [2]"),
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


# The book.


def whole_book(last: int, channel: str = "spot.obu", name: str = "ob.BTC_USDT.400") -> str:
    return update(channel, {"t": 1, "full": True, "s": name, "u": last, "b": [], "a": []})


def changes(first: int, last: int, channel: str = "spot.obu", name: str = "ob.BTC_USDT.400") -> str:
    return update(channel, {"t": 1, "s": name, "U": first, "u": last, "b": [], "a": []})


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
    ("frame", "told"),
    [
        (changes(101, 105), [(100, 105)]),
        (changes(101, 101), [(100, 101)]),
        (changes(96, 100), []),
        (changes(90, 95), []),
        (changes(102, 105), [Fault.GAP]),
        (changes(99, 105), [Fault.GAP]),
        (whole_book(200), [200]),
        (whole_book(50), [50]),
    ],
    ids=["follows", "one id", "repeated", "older", "gap", "straddles", "whole", "whole, older"],
)
def test_changes_must_begin_one_above_the_book(frame: str, told: list[object]) -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)
    assert ids(codec.receive(whole_book(100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(frame, RECEIVED_NS)) == told


def test_changes_before_the_first_whole_book_mean_nothing() -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)
    assert codec.receive(changes(90, 95), RECEIVED_NS) == ()
    assert ids(codec.receive(whole_book(100), RECEIVED_NS)) == [100]


def test_lost_book_is_unsubscribed_and_subscribed_once_that_is_acknowledged() -> None:
    codec = wanting_codec(BOOK)
    (request,) = sent(codec)
    codec.receive(ack(request), RECEIVED_NS)
    codec.receive(whole_book(100), RECEIVED_NS)
    assert ids(codec.receive(changes(105, 110), RECEIVED_NS)) == [Fault.GAP]
    codec.expire(20.0, RECEIVED_NS)
    (end,) = (json.loads(frame) for frame in codec.outgoing(20.0))
    assert (end["event"], end["payload"]) == ("unsubscribe", ["ob.BTC_USDT.400"])
    assert codec.receive(changes(111, 115), RECEIVED_NS) == ()
    assert codec.outgoing(21.0) == []
    codec.receive(ack(end), RECEIVED_NS)
    (begin,) = (json.loads(frame) for frame in codec.outgoing(21.0))
    assert (begin["event"], begin["payload"]) == ("subscribe", ["ob.BTC_USDT.400"])
    codec.receive(ack(begin), RECEIVED_NS)
    assert ids(codec.receive(whole_book(300), RECEIVED_NS)) == [300]
    assert codec.is_settled
    assert codec.requests(21.0) == []


# The older stream of books, which is read from recordings.

JOINED = ("spot.order_book_update", "BTC_USDT")


def fetched(last: int) -> BookSnapshot:
    body = json.dumps({"id": last, "bids": [], "asks": []}).encode()
    response = Response(status=200, body=body, received_ns=RECEIVED_NS)
    return VENUE.rest.book(BTC).read(response)


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (99, []),  # behind the first frame: to be fetched again
        (100, [100, (100, 103), (103, 105)]),
        (102, [102, (102, 103), (103, 105)]),
        (103, [103, (103, 105)]),
        (105, [105]),
        (110, [110]),
    ],
)
def test_recorded_changes_are_joined_to_a_snapshot(base: int, told: list[object]) -> None:
    codec = listening_codec(BTC)
    for frame in (changes(101, 103, *JOINED), changes(104, 105, *JOINED)):
        assert codec.receive(frame, RECEIVED_NS) == ()
    assert ids(codec.start(fetched(base))) == told


def test_recorded_snapshot_keeps_as_many_levels_as_the_stream() -> None:
    codec = listening_codec(BTC)
    codec.receive(changes(101, 103, *JOINED), RECEIVED_NS)
    first, *_ = codec.start(fetched(100))
    assert isinstance(first, BookSnapshot)
    assert first.window == 100


def test_recorded_whole_book_needs_no_snapshot_and_replaces_the_book() -> None:
    codec = listening_codec(BTC)
    codec.receive(changes(90, 95, *JOINED), RECEIVED_NS)
    assert ids(codec.receive(whole_book(100, *JOINED), RECEIVED_NS)) == [100]
    assert codec.start(fetched(98)) == ()  # it was asked for before
    assert ids(codec.receive(changes(101, 103, *JOINED), RECEIVED_NS)) == [(100, 103)]
    assert ids(codec.receive(whole_book(200, *JOINED), RECEIVED_NS)) == [200]


def test_recorded_partial_books_replace_each_other() -> None:
    codec = listening_codec(BTC)

    def partial(last: int) -> str:
        book = {"t": 1, "lastUpdateId": last, "s": "BTC_USDT", "bids": [["1", "2"]], "asks": []}
        return update("spot.order_book", book)

    assert ids(codec.receive(partial(100), RECEIVED_NS)) == [100]
    assert ids(codec.receive(partial(99), RECEIVED_NS)) == []
    assert ids(codec.receive(partial(105), RECEIVED_NS)) == [105]


# What the documentation does not allow.


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("", ""),
        ("not JSON", ""),
        ("[]", ""),
        ("{}", ""),
        ('{"channel":"spot.trades"}', ""),
        ('{"channel":"spot.trades","event":"update","result":[]}', ""),
        (update("spot.trades", {"currency_pair": "NOPE_USDT"}), ""),
        (update("spot.nope", {"s": "BTC_USDT"}), ""),
        (update("spot.trades", {"currency_pair": "BTC_USDT"}), "BTC/USDT"),
        (update("spot.obu", {"s": "ob.BTC_USDT.50", "t": 1, "u": 1}), ""),  # another depth
        (update("spot.obu", {"s": "ob.BTC_USDT.400", "t": 1, "u": 1}), "BTC/USDT"),  # no U
        (update("spot.obu", {"s": "ob.BTC_USDT.400", "t": 1, "U": 1, "u": 2, "b": [["0", "1"]]}),
         "BTC/USDT"),
        (update("spot.obu", {"s": "ob.BTC_USDT.400", "t": 1, "U": 1, "u": 2, "b": [["NaN", "1"]]}),
         "BTC/USDT"),
        (update("spot.obu", {"s": "ob.BTC_USDT.400", "t": 1, "U": 1, "u": 2, "a": [["1", "-1"]]}),
         "BTC/USDT"),
        (update("spot.obu", {"s": "ob.BTC_USDT.400", "t": 1, "U": 1, "u": 2, "a": [["1"]]}),
         "BTC/USDT"),
    ],
)  # fmt: skip
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(frame: str, symbol: str) -> None:
    codec = wanting_codec(TRADES, BOOK)
    send_all(codec)
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(frame, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("gateio", symbol)


# Markets that are known by name only.


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.SPOT, "BTC_USDT", "BTC/USDT"),
        (Kind.SPOT, "QTUM3S_USDT", "QTUM3S/USDT"),
        (Kind.SPOT, "GTC_HT_USDT", "GTC_HT/USDT"),  # a base with an underscore
        (Kind.SPOT, "GTC_USDT", "GAMECOM/USDT"),  # another asset than the usual GTC
        (Kind.SPOT, "MPH_USDT", "MORPHER/USDT"),
        (Kind.SPOT, "88MPH_USDT", "MPH/USDT"),
        (Kind.PERPETUAL, "LUNC_USDT", "LUNC/USDT:USDT"),
        (Kind.PERPETUAL, "BTC_USD", "BTC/USD:BTC"),
        (Kind.PERPETUAL, "BTC_USDT_20261225", None),
        (Kind.SPOT, "BTCUSDT", None),
        (Kind.SPOT, "", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol


def test_only_quotes_of_perpetuals_are_known() -> None:
    assert VENUE.kinds == (Kind.SPOT,)
    assert VENUE.recorded == {"gateio": Kind.SPOT, "gateio-futures": Kind.PERPETUAL}
    assert VENUE.fees[Kind.PERPETUAL].taker > 0


# Real payloads.


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "events"),
    [
        (
            "ws_trades",
            (
                Trade(
                    instrument=ETH,
                    price=0.4705,
                    size=16.47,
                    side=Side.SELL,
                    trade_id="309143071",
                    venue_ns=1606292218213_458_000,  # ...213.4578 ms
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_tickers",
            (
                Ticker(
                    instrument=ETH,
                    last=70775.2,
                    bid=70773.0,
                    ask=70773.1,
                    high=71366.0,
                    low=69336.2,
                    volume=4643.108806389,
                    quote_volume=328461488.44111,
                    change=1.618 / 100,
                    venue_ns=1717595233666_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_candlesticks",
            (
                Kline(
                    instrument=ETH,
                    interval=KlineInterval.M1,
                    open_ns=1606292580_000_000_000,
                    open=19128.1,
                    high=19128.1,
                    low=19128.1,
                    close=19128.1,
                    volume=3.8283,
                    quote_volume=2362.32035,
                    closed=True,
                    venue_ns=1606292600376_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_book_ticker",
            (
                Top(
                    instrument=ETH,
                    bid=19177.79,
                    bid_size=0.0003341504,
                    ask=19179.38,
                    ask_size=0.09,
                    sequence=48733182,
                    venue_ns=1606293275123_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_obu_full",
            (
                snapshot(
                    BTC,
                    73777715168,
                    [(104027.1, 509392.0), (104027.0, 477932.0)],
                    [(104027.2, 44617.0), (104027.4, 39322.0)],
                    window=50,
                    venue_ns=1747054612673_000_000,
                ),
            ),
        ),
        (
            "ws_obu_full_live",
            (
                snapshot(
                    XRP,
                    9649549324,
                    [(1.414, 1397.899)],
                    [(1.415, 17344.926)],
                    window=50,
                    venue_ns=1777275365213_000_000,
                ),
            ),
        ),
        (
            "ws_order_book_update_full",
            (
                snapshot(
                    BTC,
                    48776306,
                    [(19137.74, 0.0001), (19088.37, 0.0)],
                    [(19137.75, 0.6135)],
                    window=100,
                    venue_ns=1606294781123_000_000,
                ),
            ),
        ),
        (
            "ws_order_book",
            (
                snapshot(
                    ETH,
                    48791820,
                    [
                        (19079.55, 0.0195),
                        (19079.07, 0.7341),
                        (19076.23, 0.00011808),
                        (19073.9, 0.105),
                        (19068.83, 0.1009),
                    ],
                    [
                        (19080.24, 0.1638),
                        (19080.91, 0.1366),
                        (19080.92, 0.01),
                        (19081.29, 0.01),
                        (19083.8, 0.097),
                    ],
                    window=0,
                    venue_ns=1606295412123_000_000,
                ),
            ),
        ),
        ("ws_pong", ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_payload_is_read_value_by_value(
    sample: Callable[[str], bytes], file: str, events: tuple[Event, ...]
) -> None:
    codec = listening_codec(BTC, ETH, XRP)
    assert codec.receive(sample(f"gateio/{file}.json"), RECEIVED_NS) == events


@pytest.mark.recorded
def test_recorded_changes_follow_the_recorded_book(sample: Callable[[str], bytes]) -> None:
    codec = listening_codec(BTC)
    codec.receive(sample("gateio/ws_obu_full.json"), RECEIVED_NS)
    assert codec.receive(sample("gateio/ws_obu_delta.json"), RECEIVED_NS) == (
        BookDelta(
            instrument=BTC,
            bids=[(104024.5, 10343.0), (104014.5, 509392.0)],
            asks=[(104027.2, 0.0), (104027.4, 0.0)],
            previous=73777715168,
            sequence=73777715212,
            venue_ns=1747054612695_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
def test_recorded_older_changes_follow_the_book_before_them(
    sample: Callable[[str], bytes],
) -> None:
    codec = listening_codec(ETH)
    assert codec.receive(sample("gateio/ws_order_book_update.json"), RECEIVED_NS) == ()
    before = snapshot(ETH, 48776300, [], [], window=100)
    assert codec.start(before) == (
        before,
        BookDelta(
            instrument=ETH,
            bids=[(19137.74, 0.0001), (19088.37, 0.0)],
            asks=[(19137.75, 0.6135)],
            previous=48776300,
            sequence=48776306,
            venue_ns=1606294781123_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("error_ws_unknown_pair", "unknown currency pair: LUNARLENS_USDT [2]"),
        ("error_ws_duplicate_subscription", "Alert sub ob.BTC_USDT.400 [2]"),
    ],
)
def test_recorded_refusal_is_told_in_the_words_of_the_venue(
    sample: Callable[[str], bytes], file: str, message: str
) -> None:
    codec = wanting_codec(BOOK)
    send_all(codec)  # the request of the id that the recorded answers name
    lost, refused = BookLost, news(BTC, BOOK, SubscriptionState.REFUSED, message)
    events = codec.receive(sample(f"gateio/{file}.json"), RECEIVED_NS)
    assert [event for event in events if not isinstance(event, lost)] == [refused]


@pytest.mark.recorded
@pytest.mark.parametrize("file", ["ws_subscribe_ack", "ws_unsubscribe_ack"])
def test_recorded_answer_to_nobody_says_nothing(sample: Callable[[str], bytes], file: str) -> None:
    assert listening_codec(BTC).receive(sample(f"gateio/{file}.json"), RECEIVED_NS) == ()


class PlainBook:
    """A book as the documentation describes it, without windows and without speed."""

    def __init__(self) -> None:
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.sequence = 0
        self.applied = 0

    def apply(self, event: StreamEvent) -> None:
        match event:
            case BookSnapshot():
                self.bids, self.asks = dict(event.bids), dict(event.asks)
            case BookDelta():
                assert event.previous == self.sequence
                self.bids.update(event.bids)
                self.asks.update(event.asks)
                self.applied += 1
            case _:
                raise AssertionError(f"unexpected {event}")
        self.sequence = event.sequence

    @property
    def best(self) -> tuple[Level, Level]:
        bid = max(price for price, size in self.bids.items() if size)
        ask = min(price for price, size in self.asks.items() if size)
        return (bid, self.bids[bid]), (ask, self.asks[ask])


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "base", "stale", "applied", "last", "best"),
    [
        ("NEO_BTC", 31244065, 3, 36, 31244121, ((0.0018659, 0.5), (0.001873, 5.24738))),
        ("DIS_USDT", 1750468, 0, 17, 1750488, ((121.5, 0.148), (122.23, 0.00896999))),
    ],
)
def test_recorded_synchronisation_ends_with_the_stated_book(
    sample: Callable[[str], bytes],
    file: str,
    base: int,
    stale: int,
    applied: int,
    last: int,
    best: tuple[Level, Level],
) -> None:
    replay = json.loads(sample(f"gateio/replay_book_sync_{file}.json"))
    codec = VENUE.codec(stream_of(VENUE, STREAM), GuessedInstruments(VENUE), listening=True)
    frames, fetched_s = replay["frames"], replay["rest_snapshot"]["received_at"]
    request = VENUE.rest.recognise(replay["rest_snapshot"]["url"], codec.instruments.native)
    assert request is not None
    body = json.dumps(replay["rest_snapshot"]["body"]).encode()
    book = PlainBook()
    waiting = True
    for frame in frames:
        if waiting and frame["received_at"] > fetched_s:
            waiting = False
            response = Response(status=200, body=body, received_ns=RECEIVED_NS)
            start = request.read(response)
            assert isinstance(start, BookSnapshot)
            assert start.sequence == base
            for event in codec.start(start):
                book.apply(event)
        for event in codec.receive(json.dumps(frame["frame"]), RECEIVED_NS):
            book.apply(event)
    assert (len(frames) - stale, book.applied) == (applied, applied)
    assert (book.sequence, book.best) == (last, best)


@pytest.mark.recorded
def test_recorded_connection_is_read_to_its_last_frame(sample: Callable[[str], bytes]) -> None:
    codec = VENUE.codec(stream_of(VENUE, STREAM), GuessedInstruments(VENUE), listening=True)
    events: list[StreamEvent] = []
    lines = sample("gateio/capture_2021_ws.jsonl").splitlines()
    for line in lines:
        events += codec.receive(json.dumps(json.loads(line)["frame"]), RECEIVED_NS)
    told = [type(event) for event in events]
    assert (len(lines), told.count(Trade), told.count(Ticker)) == (239, 9, 22)
    assert set(told) == {Trade, Ticker}  # candles lack their volume, books their start
    first = next(event for event in events if isinstance(event, Trade))
    assert first == Trade(
        instrument=first.instrument,
        price=121.58,
        size=0.201,
        side=Side.SELL,
        trade_id="816995772",
        venue_ns=1619093543708_264_000,
        received_ns=RECEIVED_NS,
    )
    assert first.instrument.symbol == "DIS/USDT"


@pytest.mark.recorded
def test_recorded_session_keeps_all_its_books_without_a_gap(shared: Path) -> None:
    file = shared / "captures" / "gateio.jsonl.gz"
    if not file.exists():
        pytest.skip(f"no recordings: {file} is missing")
    replay = Replay(DetectorSettings(), AssetIdentity({}, Comparable.SAME_SYMBOL), lambda *_: 0.002)
    lines = gzip.decompress(file.read_bytes()).splitlines()
    records = [msgspec.json.decode(line, type=RecordedFrame) for line in lines]
    for record in sorted(records, key=lambda record: record.ts):
        replay.feed(record)
    report = replay.report()
    assert (report["frames"], report["unparsed"]) == (272, 0)
    books = {
        book["symbol"]: (book["live"], book["gaps"], book["resyncs"], book["sequence"])
        for book in report["books"]
    }
    assert books == {
        "BTC/USDC": (True, 0, 0, 13035634),
        "DIS/USDT": (True, 0, 0, 1750488),
        "FAST/USDT": (True, 0, 0, 1138143),
        "HAI/ETH": (True, 0, 0, 2691456),
        "INK/USDT": (True, 0, 0, 2509482),
        "NANO/USDT": (True, 0, 0, 8008166),
        "NEO/BTC": (True, 0, 0, 31244121),
        "OMG/USDT": (True, 0, 0, 59231950),
        "QTUM3S/USDT": (True, 0, 0, 69527041),
        "ZKS/ETH": (True, 0, 0, 11077674),
    }
