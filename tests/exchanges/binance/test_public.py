"""Binance's public streams, checked against "WebSocket Streams" of its documentation."""

import json
from collections.abc import Callable
from math import inf

import pytest
from msgspec.structs import replace

from exchanges import VENUES
from exchanges.codec import StreamCodec
from exchanges.errors import VenueProtocolError
from exchanges.events import (
    BookDelta,
    BookLost,
    BookSnapshot,
    Event,
    Fault,
    Funding,
    Kline,
    KlineInterval,
    Liquidation,
    MarkPrice,
    Notice,
    Subscription,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.instrument import Instrument, Instruments
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

VENUE = VENUES["binance"]
BTC = market("BTC/USDT", "BTCUSDT", venue="binance")
BNB = market("BNB/BTC", "BNBBTC", venue="binance")
PERP = market("BTC/USDT:USDT", "BTCUSDT", venue="binance", funding_interval_s=28_800.0)
LISTED = market("NEW/USDT:USDT", "NEWUSDT", venue="binance")  # its funding interval is unknown


def snapshot(
    instrument: Instrument,
    sequence: int,
    bids: list[tuple[float, float]],
    asks: list[tuple[float, float]],
) -> BookSnapshot:
    return BookSnapshot(
        instrument=instrument, bids=bids, asks=asks, sequence=sequence, received_ns=RECEIVED_NS
    )


TRANSCRIPTS = (
    Transcript(
        name="spot book: an event brings the book from U - 1 to u",
        stream="spot_stream",
        instrument=BTC,
        channel=Channel.BOOK,
        start=snapshot(BTC, 156, [(60000.5, 2.0)], [(60001.0, 1.0)]),
        frames=(
            """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,
            "s":"BTCUSDT","U":157,"u":160,"b":[["60000.50000000","0.00000000"],
            ["60000.40000000","0.00250000"]],"a":[]}}""",
            """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1672515782236,
            "s":"BTCUSDT","U":161,"u":161,"b":[],"a":[["60000.90000000","1.50000000"]]}}""",
        ),
        events=(
            snapshot(BTC, 156, [(60000.5, 2.0)], [(60001.0, 1.0)]),
            BookDelta(
                instrument=BTC,
                bids=[(60000.5, 0.0), (60000.4, 0.0025)],
                asks=[],
                previous=156,
                sequence=160,
                venue_ns=1672515782136_000_000,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[],
                asks=[(60000.9, 1.5)],
                previous=160,
                sequence=161,
                venue_ns=1672515782236_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="perpetual book: an event brings the book from pu to u",
        stream="um_public",
        instrument=PERP,
        channel=Channel.BOOK,
        start=snapshot(PERP, 149, [(60000.5, 2.0)], [(60001.0, 1.0)]),
        frames=(
            """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,
            "T":1672515782130,"s":"BTCUSDT","ps":"BTCUSDT","st":1,"U":157,"u":160,"pu":149,
            "b":[["60000.40","0.250"]],"a":[["60000.90","0"]]}}""",
        ),
        events=(
            snapshot(PERP, 149, [(60000.5, 2.0)], [(60001.0, 1.0)]),
            BookDelta(
                instrument=PERP,
                bids=[(60000.4, 0.25)],
                asks=[(60000.9, 0.0)],
                previous=149,
                sequence=160,
                venue_ns=1672515782136_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="spot top carries no time",
        stream="spot_stream",
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            """{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT",
            "b":"60000.40000000","B":"0.31000000","a":"60000.90000000","A":"1.50000000"}}""",
        ),
        events=(
            Top(
                instrument=BTC,
                bid=60000.4,
                bid_size=0.31,
                ask=60000.9,
                ask_size=1.5,
                sequence=400900217,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="empty sides of a top are 0 and infinity",
        stream="spot_stream",
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            """{"stream":"btcusdt@bookTicker","data":{"u":400900218,"s":"BTCUSDT",
            "b":"0.00000000","B":"0.00000000","a":"0.00000000","A":"0.00000000"}}""",
        ),
        events=(
            Top(
                instrument=BTC,
                bid=0.0,
                bid_size=0.0,
                ask=inf,
                ask_size=0.0,
                sequence=400900218,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="perpetual top",
        stream="um_public",
        instrument=PERP,
        channel=Channel.TOP,
        frames=(
            """{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":400900217,
            "E":1568014460893,"T":1568014460891,"s":"BTCUSDT","b":"60000.40","B":"0.310",
            "a":"60000.90","A":"1.500","st":1,"ps":"BTCUSDT"}}""",
        ),
        events=(
            Top(
                instrument=PERP,
                bid=60000.4,
                bid_size=0.31,
                ask=60000.9,
                ask_size=1.5,
                sequence=400900217,
                venue_ns=1568014460893_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="trade whose buyer was the maker is a sell",
        stream="spot_stream",
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            """{"stream":"btcusdt@trade","data":{"e":"trade","E":1672515782136,"s":"BTCUSDT",
            "t":12345,"p":"60000.40000000","q":"0.10000000","T":1672515782134,"m":true,
            "M":true}}""",
        ),
        events=(
            Trade(
                instrument=BTC,
                price=60000.4,
                size=0.1,
                side=Side.SELL,
                trade_id="12345",
                venue_ns=1672515782134_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="trade whose buyer was the taker is a buy",
        stream="spot_stream",
        instrument=BNB,
        channel=Channel.TRADES,
        frames=(
            """{"stream":"bnbbtc@trade","data":{"e":"trade","E":1672515782136,"s":"BNBBTC",
            "t":12346,"p":"0.00100000","q":"100.00000000","T":1672515782136,"m":false,
            "M":true}}""",
        ),
        events=(
            Trade(
                instrument=BNB,
                price=0.001,
                size=100.0,
                side=Side.BUY,
                trade_id="12346",
                venue_ns=1672515782136_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="perpetual trades come aggregated",
        stream="um_market",
        instrument=PERP,
        channel=Channel.TRADES,
        frames=(
            """{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1672515782136,
            "a":5933014,"s":"BTCUSDT","p":"60000.40","q":"0.100","f":100,"l":105,
            "T":1672515782134,"m":false,"st":1}}""",
        ),
        events=(
            Trade(
                instrument=PERP,
                price=60000.4,
                size=0.1,
                side=Side.BUY,
                trade_id="5933014",
                venue_ns=1672515782134_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="spot ticker",
        stream="spot_stream",
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(
            """{"stream":"btcusdt@ticker","data":{"e":"24hrTicker","E":1672515782136,
            "s":"BTCUSDT","p":"150.00","P":"-2.50","w":"59900.1","x":"59850.4",
            "c":"60000.4","Q":"0.1","b":"60000.3","B":"10","a":"60000.5","A":"100",
            "o":"59850.4","h":"61000.0","l":"59000.0","v":"10000","q":"600000000",
            "O":1672429382136,"C":1672515782136,"F":0,"L":18150,"n":18151}}""",
        ),
        events=(
            Ticker(
                instrument=BTC,
                last=60000.4,
                bid=60000.3,
                ask=60000.5,
                high=61000.0,
                low=59000.0,
                volume=10000.0,
                quote_volume=600000000.0,
                change=-0.025,
                venue_ns=1672515782136_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="perpetual ticker has neither bid nor ask",
        stream="um_market",
        instrument=PERP,
        channel=Channel.TICKER,
        frames=(
            """{"stream":"btcusdt@ticker","data":{"e":"24hrTicker","E":1672515782136,
            "s":"BTCUSDT","p":"150.00","P":"0.250","w":"59900.1","c":"60000.40","Q":"0.002",
            "o":"59850.40","h":"61000.00","l":"59000.00","v":"122474.816",
            "q":"2036102085.69","O":1672429382136,"C":1672515782136,"F":1,"L":2,"n":2,
            "st":1}}""",
        ),
        events=(
            Ticker(
                instrument=PERP,
                last=60000.4,
                high=61000.0,
                low=59000.0,
                volume=122474.816,
                quote_volume=2036102085.69,
                change=0.0025,
                venue_ns=1672515782136_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="open candle",
        stream="spot_stream",
        instrument=BTC,
        channel=Channel.KLINES,
        interval=KlineInterval.M1,
        frames=(
            """{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1672515782136,
            "s":"BTCUSDT","k":{"t":1672515780000,"T":1672515839999,"s":"BTCUSDT","i":"1m",
            "f":100,"L":200,"o":"60000.1","c":"60000.4","h":"60010.0","l":"59990.0",
            "v":"1.5","n":100,"x":false,"q":"90000.3","V":"0.5","Q":"30000.1","B":"0"}}}""",
        ),
        events=(
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1672515780000_000_000,
                open=60000.1,
                high=60010.0,
                low=59990.0,
                close=60000.4,
                volume=1.5,
                quote_volume=90000.3,
                trades=100,
                closed=False,
                venue_ns=1672515782136_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="closed candle of a month",
        stream="um_market",
        instrument=PERP,
        channel=Channel.KLINES,
        interval=KlineInterval.MO1,
        frames=(
            """{"stream":"btcusdt@kline_1M","data":{"e":"kline","E":1675209600001,
            "s":"BTCUSDT","k":{"t":1672531200000,"T":1675209599999,"s":"BTCUSDT","i":"1M",
            "f":100,"L":200,"o":"16500.0","c":"23100.0","h":"24000.0","l":"16400.0",
            "v":"1.5","n":100,"x":true,"q":"30000.3","V":"0.5","Q":"10000.1","B":"0"}}}""",
        ),
        events=(
            Kline(
                instrument=PERP,
                interval=KlineInterval.MO1,
                open_ns=1672531200000_000_000,
                open=16500.0,
                high=24000.0,
                low=16400.0,
                close=23100.0,
                volume=1.5,
                quote_volume=30000.3,
                trades=100,
                closed=True,
                venue_ns=1675209600001_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="mark price brings the funding rate charged next",
        stream="um_market",
        instrument=PERP,
        channel=Channel.MARK_PRICE,
        frames=(
            """{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate",
            "E":1672515782000,"s":"BTCUSDT","p":"60000.15000000","i":"59990.62659091",
            "P":"59991.25641265","r":"-0.00038167","T":1672531200000,"st":1}}""",
        ),
        events=(
            MarkPrice(
                instrument=PERP,
                mark=60000.15,
                index=59990.62659091,
                venue_ns=1672515782000_000_000,
                received_ns=RECEIVED_NS,
            ),
            Funding(
                instrument=PERP,
                rate=-0.00038167,
                interval_s=28_800.0,
                next_ns=1672531200000_000_000,
                venue_ns=1672515782000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="funding that is not scheduled is not told",
        stream="um_market",
        instrument=PERP,
        channel=Channel.FUNDING,
        frames=(
            """{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate",
            "E":1672515782000,"s":"BTCUSDT","p":"60000.15000000","i":"0.00000000",
            "P":"59991.25641265","r":"0.00010000","T":0,"st":1}}""",
        ),
        events=(
            MarkPrice(
                instrument=PERP,
                mark=60000.15,
                venue_ns=1672515782000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="funding of an unknown interval is not told",
        stream="um_market",
        instrument=LISTED,
        channel=Channel.MARK_PRICE,
        frames=(
            """{"stream":"newusdt@markPrice@1s","data":{"e":"markPriceUpdate",
            "E":1672515782000,"s":"NEWUSDT","p":"0.15","i":"0.16","P":"0.15",
            "r":"0.00010000","T":1672531200000,"st":1}}""",
        ),
        events=(
            MarkPrice(
                instrument=LISTED,
                mark=0.15,
                index=0.16,
                venue_ns=1672515782000_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="liquidation by a sell closes a long position",
        stream="um_market",
        instrument=PERP,
        channel=Channel.LIQUIDATIONS,
        frames=(
            """{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":1568014460893,
            "o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"9910",
            "ap":"9909.5","X":"FILLED","l":"0.004","z":"0.014","T":1568014460890}}}""",
        ),
        events=(
            Liquidation(
                instrument=PERP,
                price=9909.5,
                size=0.014,
                side=Side.SELL,
                venue_ns=1568014460890_000_000,
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


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        ("btcusdt@trade", {"e": "trade", "p": "9910", "q": "0", "T": 1, "m": True, "t": 1}),
        ("btcusdt@trade", {"e": "trade", "p": "9910", "q": "1", "T": 1, "m": True, "t": 1,
                           "X": "INSURANCE_FUND"}),
        ("btcusdt@trade", {"e": "trade", "p": "9910", "q": "1", "T": 1, "m": True, "t": 1,
                           "X": "ADL"}),
        ("btcusdt@aggTrade", {"e": "aggTrade", "p": "0", "q": "0", "T": 1, "m": True, "a": 1}),
    ],
    ids=["size zero", "insurance fund", "auto-deleveraging", "nothing"],
)  # fmt: skip
def test_transfer_that_is_no_trade_on_the_book_is_passed_over(
    stream: str, data: dict[str, object]
) -> None:
    codec = listening_codec("um_market", PERP)
    assert codec.receive(json.dumps({"stream": stream, "data": data}), RECEIVED_NS) == ()


# Subscriptions.


def wanting_codec(stream: str, *topics: Topic) -> StreamCodec:
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([BTC, BNB, PERP]))
    codec.subscribe(topics)
    return codec


def listening_codec(stream: str, *instruments: Instrument) -> StreamCodec:
    return VENUE.codec(stream_of(VENUE, stream), Instruments(instruments), listening=True)


def news(topic: Topic, state: SubscriptionState, message: str = "") -> Subscription:
    return Subscription(
        instrument=BTC, topic=str(topic), state=state, message=message, received_ns=RECEIVED_NS
    )


TRADES = Topic(Channel.TRADES, "BTC/USDT")
BOOK = Topic(Channel.BOOK, "BTC/USDT")


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
        news(TRADES, SubscriptionState.SUBSCRIBED),
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
        news(TRADES, SubscriptionState.REFUSED, "Invalid request: unknown variant [2]"),
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


# The book, rule by rule of "How to manage a local order book correctly".


def depth(first: int, last: int, previous: int | None = None) -> str:
    """A depth event; `previous` is the `pu` that USD-M events have."""
    linked = {} if previous is None else {"pu": previous}
    data = {"E": 1, "U": first, "u": last, "b": [], "a": [], **linked}
    return json.dumps({"stream": "btcusdt@depth@100ms", "data": data})


def ids(events: tuple[object, ...]) -> list[object]:
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


def book_codec(
    *frames: str, stream: str = "spot_stream", instrument: Instrument = BTC
) -> StreamCodec:
    codec = wanting_codec(stream, Topic(Channel.BOOK, instrument.symbol))
    send_all(codec)
    for frame in frames:
        assert codec.receive(frame, RECEIVED_NS) == ()
    return codec


@pytest.mark.parametrize(
    ("last_update_id", "told"),
    [
        (90, []),  # older than the first event: to be fetched again
        (99, []),
        (100, [100, (100, 103), (103, 105)]),  # U = lastUpdateId + 1
        (101, [101, (101, 103), (103, 105)]),  # in the middle of an event
        (103, [103, (103, 105)]),
        (105, [105]),
        (110, [110]),
    ],
)
def test_spot_book_joins_snapshot_and_events(last_update_id: int, told: list[object]) -> None:
    codec = book_codec(depth(101, 103), depth(104, 105))
    (request,) = codec.requests(10.0)
    assert (request.path, request.instrument) == ("/api/v3/depth", BTC)
    assert ids(codec.answer(request, snapshot(BTC, last_update_id, [], []))) == told


@pytest.mark.parametrize(
    ("last_update_id", "told"),
    [
        (99, []),
        (100, [100, (100, 103), (103, 109)]),  # pu = lastUpdateId
        (101, [101, (101, 103), (103, 109)]),  # pu <= lastUpdateId <= u
        (103, [103, (103, 109)]),
        (109, [109]),
    ],
)
def test_perpetual_book_joins_snapshot_and_events(last_update_id: int, told: list[object]) -> None:
    codec = book_codec(
        depth(101, 103, 100), depth(107, 109, 103), stream="um_public", instrument=PERP
    )
    (request,) = codec.requests(10.0)
    assert (request.path, request.instrument) == ("/fapi/v1/depth", PERP)
    assert ids(codec.answer(request, snapshot(PERP, last_update_id, [], []))) == told


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (depth(101, 102), [(100, 102)]),
        (depth(99, 100), []),  # u <= id: taken already
        (depth(102, 103), [Fault.GAP]),  # U > id + 1
    ],
    ids=["follows", "repeated", "gap"],
)
def test_spot_event_must_begin_one_above_the_book(frame: str, told: list[object]) -> None:
    codec = book_codec()
    codec.start(snapshot(BTC, 100, [], []))
    assert ids(codec.receive(frame, RECEIVED_NS)) == told


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (depth(105, 109, 100), [(100, 109)]),  # U says nothing, pu does
        (depth(90, 100, 80), []),
        (depth(101, 109, 104), [Fault.GAP]),
    ],
    ids=["follows", "repeated", "gap"],
)
def test_perpetual_event_must_name_the_one_before(frame: str, told: list[object]) -> None:
    codec = book_codec(stream="um_public", instrument=PERP)
    codec.start(snapshot(PERP, 100, [], []))
    assert ids(codec.receive(frame, RECEIVED_NS)) == told


# What the documentation does not allow.


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("", ""),
        ("not JSON", ""),
        ("[]", ""),
        ("{}", ""),
        ('{"e":"serverShutdown","E":1770123456789}', ""),  # of the raw streams, not ours
        ('{"stream":"ethusdt@trade","data":{}}', ""),
        ('{"stream":"btcusdt@trade"}', "BTC/USDT"),
        ('{"stream":"btcusdt@trade","data":{}}', "BTC/USDT"),
        ('{"stream":"btcusdt@depth@100ms","data":{"E":1,"U":1,"u":2,"b":[["0","1"]],"a":[]}}',
         "BTC/USDT"),
        ('{"stream":"btcusdt@depth@100ms","data":{"E":1,"U":1,"u":2,"b":[["NaN","1"]],"a":[]}}',
         "BTC/USDT"),
        ('{"stream":"btcusdt@depth@100ms","data":{"E":1,"U":1,"u":2,"b":[["1","-1"]],"a":[]}}',
         "BTC/USDT"),
        ('{"stream":"btcusdt@depth@100ms","data":{"E":1,"U":1,"u":2,"b":[["1"]],"a":[]}}',
         "BTC/USDT"),
    ],
)  # fmt: skip
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(frame: str, symbol: str) -> None:
    codec = wanting_codec("spot_stream", TRADES, BOOK)
    send_all(codec)
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(frame, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("binance", symbol)


# Real payloads. They are those of the raw streams; a combined stream wraps them.

BNB_USDT = market("BNB/USDT", "BNBUSDT", venue="binance")
BNB_PERP = market("BNB/USDT:USDT", "BNBUSDT", venue="binance")
# The documentation uses the same toy numbers in several chapters.
TOY_TRADE = Trade(
    instrument=BNB,
    price=0.001,
    size=100.0,
    side=Side.SELL,
    trade_id="12345",
    venue_ns=1672515782136_000_000,
    received_ns=RECEIVED_NS,
)
TOY_PERP_TRADE = Trade(
    instrument=PERP,
    price=0.001,
    size=100.0,
    side=Side.SELL,
    trade_id="5933014",
    venue_ns=123456785_000_000,
    received_ns=RECEIVED_NS,
)
TOY_TOP = Top(
    instrument=BNB_USDT,
    bid=25.3519,
    bid_size=31.21,
    ask=25.3652,
    ask_size=40.66,
    sequence=400900217,
    received_ns=RECEIVED_NS,
)
TOY_KLINE = Kline(
    instrument=BNB,
    interval=KlineInterval.M1,
    open_ns=1672515780000_000_000,
    open=0.001,
    high=0.0025,
    low=0.0015,
    close=0.002,
    volume=1000.0,
    quote_volume=1.0,
    trades=100,
    closed=False,
    venue_ns=1672515782136_000_000,
    received_ns=RECEIVED_NS,
)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "name", "events"),
    [
        ("ws_trade", "spot_stream", "bnbbtc@trade", (TOY_TRADE,)),
        ("ws_agg_trade", "spot_stream", "bnbbtc@aggTrade", (TOY_TRADE,)),
        ("um_ws_trade", "um_public", "btcusdt@trade", (TOY_PERP_TRADE,)),
        ("um_ws_agg_trade", "um_market", "btcusdt@aggTrade", (TOY_PERP_TRADE,)),
        ("ws_book_ticker", "spot_stream", "bnbusdt@bookTicker", (TOY_TOP,)),
        (
            "um_ws_book_ticker",
            "um_public",
            "bnbusdt@bookTicker",
            (replace(TOY_TOP, instrument=BNB_PERP, venue_ns=1568014460893_000_000),),
        ),
        (
            "ws_ticker_24h",
            "spot_stream",
            "bnbbtc@ticker",
            (
                Ticker(
                    instrument=BNB,
                    last=0.0025,
                    bid=0.0024,
                    ask=0.0026,
                    high=0.0025,
                    low=0.001,
                    volume=10000.0,
                    quote_volume=18.0,
                    change=2.5,
                    venue_ns=1672515782136_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "um_ws_ticker",
            "um_market",
            "btcusdt@ticker",
            (
                Ticker(
                    instrument=PERP,
                    last=16584.6,
                    high=16764.89,
                    low=16456.51,
                    volume=122474.816,
                    quote_volume=2036102085.697464,
                    change=-0.00786,
                    venue_ns=1672515782136_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        ("ws_kline", "spot_stream", "bnbbtc@kline_1m", (TOY_KLINE,)),
        (
            "um_ws_kline",
            "um_market",
            "btcusdt@kline_1m",
            (
                replace(
                    TOY_KLINE,
                    instrument=PERP,
                    open_ns=1638747660000_000_000,
                    venue_ns=1638747660000_000_000,
                ),
            ),
        ),
        (
            "um_ws_mark_price",
            "um_market",
            "btcusdt@markPrice@1s",
            (
                MarkPrice(
                    instrument=PERP,
                    mark=11794.15,
                    index=11784.62659091,
                    venue_ns=1562305380000_000_000,
                    received_ns=RECEIVED_NS,
                ),
                Funding(
                    instrument=PERP,
                    rate=0.00038167,
                    interval_s=28_800.0,
                    next_ns=1562306400000_000_000,
                    venue_ns=1562305380000_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "um_ws_liquidation",
            "um_market",
            "btcusdt@forceOrder",
            (
                Liquidation(
                    instrument=PERP,
                    price=9910.12345678,
                    size=0.014,
                    side=Side.SELL,
                    venue_ns=1568014460893_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
    ],
)
def test_recorded_payload_is_read_value_by_value(
    sample: Callable[[str], bytes],
    file: str,
    stream: str,
    name: str,
    events: tuple[Event, ...],
) -> None:
    codec = listening_codec(stream, BTC, BNB, BNB_USDT, PERP, BNB_PERP)
    assert codec.receive(wrapped(name, sample(f"binance/{file}.json")), RECEIVED_NS) == events


def wrapped(stream: str, payload: bytes) -> bytes:
    return b'{"stream":"%s","data":%s}' % (stream.encode(), payload)


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "name", "instrument", "previous", "venue_ns"),
    [
        ("ws_book_diff_depth", "spot_stream", "bnbbtc@depth", BNB, 156, 1672515782136_000_000),
        ("um_ws_depth_update", "um_public", "btcusdt@depth", PERP, 149, 123456789_000_000),
    ],
)
def test_recorded_depth_event_follows_the_book_before_it(
    sample: Callable[[str], bytes],
    file: str,
    stream: str,
    name: str,
    instrument: Instrument,
    previous: int,
    venue_ns: int,
) -> None:
    codec = listening_codec(stream, instrument)
    assert codec.receive(wrapped(name, sample(f"binance/{file}.json")), RECEIVED_NS) == ()
    before = snapshot(instrument, previous, [(0.0023, 5.0)], [(0.0026, 1.0)])
    after = BookDelta(
        instrument=instrument,
        bids=[(0.0024, 10.0)],
        asks=[(0.0026, 100.0)],
        previous=previous,
        sequence=160,
        venue_ns=venue_ns,
        received_ns=RECEIVED_NS,
    )
    assert codec.start(before) == (before, after)


@pytest.mark.recorded
def test_recorded_conversation_about_subscriptions(sample: Callable[[str], bytes]) -> None:
    codec = wanting_codec("spot_stream", TRADES)
    (frame,) = send_all(codec)
    documented = json.loads(sample("binance/ws_subscribe_request.json"))
    assert json.loads(frame) == {**documented, "params": ["btcusdt@trade"]}
    assert codec.receive(sample("binance/ws_subscribe_ack.json"), RECEIVED_NS) == (
        news(TRADES, SubscriptionState.SUBSCRIBED),
    )


@pytest.mark.recorded
def test_recorded_end_of_the_connection_is_told(sample: Callable[[str], bytes]) -> None:
    frame = sample("binance/ws_server_shutdown_combined.json")
    (notice,) = wanting_codec("spot_stream").receive(frame, RECEIVED_NS)
    assert isinstance(notice, Notice)
