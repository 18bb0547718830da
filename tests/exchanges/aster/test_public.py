"""Aster's streams, checked against "WebSocket Market Streams" of its futures documentation.

What it shares with others of its dialect is tested there in every corner; real payloads are in
`test_recorded.py`.
"""

import json
from math import inf

import pytest

from exchanges import VENUES
from exchanges.errors import CodecUsageError, ExchangeError, VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Fault,
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    Subscription,
    SubscriptionState,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instruments, Kind
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    AnError,
    Transcript,
    ids,
    market,
    open_codec,
    play,
    send_all,
    stream_of,
)

VENUE = VENUES["aster"]
STREAM = stream_of(VENUE, "stream")
BTC = market("BTC/USDT:USDT", "BTCUSDT", venue="aster", funding_interval_s=14_400.0)
NEW = market("NEW/USDT:USDT", "NEWUSDT", venue="aster")  # nothing tells its interval
BOOK = Topic(Channel.BOOK, BTC.symbol)

START = BookSnapshot(
    instrument=BTC, bids=[(60000.0, 1.0)], asks=[], sequence=158, received_ns=RECEIVED_NS
)
MARK = MarkPrice(
    instrument=BTC,
    mark=60000.5,
    index=60001.25,
    venue_ns=1562305380000_000_000,
    received_ns=RECEIVED_NS,
)
FUNDING = Funding(
    instrument=BTC,
    rate=-0.000125,
    interval_s=14_400.0,
    next_ns=1562306400000_000_000,
    venue_ns=1562305380000_000_000,
    received_ns=RECEIVED_NS,
)
MARK_FRAME = """{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate",
"E":1562305380000,"s":"BTCUSDT","p":"60000.5","i":"60001.25","P":"59999","r":"-0.000125",
"T":1562306400000}}"""


TRANSCRIPTS = (
    Transcript(
        name="book: ids are global, so that an update begins where the one before ended",
        stream="stream",
        instrument=BTC,
        channel=Channel.BOOK,
        start=START,
        frames=(
            """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1754556878284,
            "T":1754556878031,"s":"BTCUSDT","U":157,"u":160,"pu":149,
            "b":[["60000.0","0.147"]],"a":[["60000.4","1.060"],["60001","0"]]}}""",
            """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1754556878384,
            "T":1754556878331,"s":"BTCUSDT","U":900,"u":900,"pu":160,"b":[["60000.0","0"]],
            "a":[]}}""",
        ),
        events=(
            START,
            BookDelta(
                instrument=BTC,
                bids=[(60000.0, 0.147)],
                asks=[(60000.4, 1.06), (60001.0, 0.0)],
                previous=158,
                sequence=160,
                venue_ns=1754556878284_000_000,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[(60000.0, 0.0)],
                asks=[],
                previous=160,
                sequence=900,
                venue_ns=1754556878384_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="top: an empty side has price 0",
        stream="stream",
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            """{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":157240846459,
            "s":"BTCUSDT","b":"60000.7","B":"1.084","a":"0","A":"0","T":1754896692922,
            "E":1754896692926}}""",
        ),
        events=(
            Top(
                instrument=BTC,
                bid=60000.7,
                bid_size=1.084,
                ask=inf,
                ask_size=0.0,
                sequence=157240846459,
                venue_ns=1754896692926_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="trades: the taker sold to a buyer that was the maker",
        stream="stream",
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            """{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1754551358681,
            "a":20505890,"s":"BTCUSDT","p":"60000.7","q":"0.020","f":26024678,"l":26024682,
            "T":1754551358528,"m":true}}""",
            """{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1754551358781,
            "a":20505891,"s":"BTCUSDT","p":"60000.8","q":"1","f":26024683,"l":26024683,
            "T":1754551358628,"m":false}}""",
        ),
        events=(
            Trade(
                instrument=BTC,
                price=60000.7,
                size=0.02,
                side=Side.SELL,
                trade_id="20505890",
                venue_ns=1754551358528_000_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=BTC,
                price=60000.8,
                size=1.0,
                side=Side.BUY,
                trade_id="20505891",
                venue_ns=1754551358628_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="ticker: volume is base, q is quote",
        stream="stream",
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(
            """{"stream":"btcusdt@ticker","data":{"e":"24hrTicker","E":1754551358681,
            "s":"BTCUSDT","p":"0.0015","P":"2.50","w":"0.0018","c":"60000.5","Q":"10",
            "o":"58500","h":"60100","l":"58000","v":"10000.5","q":"600000000","O":0,
            "C":86400000,"F":0,"L":18150,"n":18151}}""",
        ),
        events=(
            Ticker(
                instrument=BTC,
                last=60000.5,
                high=60100.0,
                low=58000.0,
                volume=10000.5,
                quote_volume=600000000.0,
                change=0.025,
                venue_ns=1754551358681_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="candle",
        stream="stream",
        instrument=BTC,
        channel=Channel.KLINES,
        interval=KlineInterval.H8,
        frames=(
            """{"stream":"btcusdt@kline_8h","data":{"e":"kline","E":1754551358681,
            "s":"BTCUSDT","k":{"t":1754524800000,"T":1754553599999,"s":"BTCUSDT","i":"8h",
            "f":100,"L":200,"o":"60000","c":"60002","h":"60025","l":"59990","v":"1000",
            "n":101,"x":false,"q":"60000000","V":"500","Q":"30000000","B":"0"}}}""",
        ),
        events=(
            Kline(
                instrument=BTC,
                interval=KlineInterval.H8,
                open_ns=1754524800000_000_000,
                open=60000.0,
                high=60025.0,
                low=59990.0,
                close=60002.0,
                volume=1000.0,
                quote_volume=60000000.0,
                trades=101,
                closed=False,
                venue_ns=1754551358681_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="mark price and funding are one stream",
        stream="stream",
        instrument=BTC,
        channel=Channel.MARK_PRICE,
        frames=(MARK_FRAME,),
        events=(MARK, FUNDING),
    ),
    Transcript(
        name="funding and mark price are one stream",
        stream="stream",
        instrument=BTC,
        channel=Channel.FUNDING,
        frames=(MARK_FRAME,),
        events=(MARK, FUNDING),
    ),
    Transcript(
        name="liquidation: the side is the liquidation order's",
        stream="stream",
        instrument=BTC,
        channel=Channel.LIQUIDATIONS,
        frames=(
            """{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":1568014460893,
            "o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.020","p":"59910",
            "ap":"59905.5","X":"FILLED","l":"0.014","z":"0.014","T":1568014460890}}}""",
        ),
        events=(
            Liquidation(
                instrument=BTC,
                price=59905.5,
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
    assert {transcript.channel for transcript in TRANSCRIPTS} == STREAM.channels


def open_for(*topics: Topic) -> MarketCodec:
    codec = VENUE.codec(STREAM, Instruments([BTC, NEW]))
    codec.subscribe(topics)
    send_all(codec)
    return codec


def test_funding_of_a_market_whose_interval_nothing_tells_has_none() -> None:
    codec = open_for(Topic(Channel.FUNDING, NEW.symbol))
    frame = MARK_FRAME.replace("btcusdt", "newusdt").replace("BTCUSDT", "NEWUSDT")
    mark, funding = codec.receive(frame, RECEIVED_NS)
    assert isinstance(mark, MarkPrice)
    assert isinstance(funding, Funding)
    assert (funding.interval_s, funding.per_8h, funding.per_year) == (None, None, None)


# Requests.


def test_topics_share_a_request_and_channels_a_stream() -> None:
    codec = VENUE.codec(STREAM, Instruments([BTC, NEW]))
    codec.subscribe(
        [
            BOOK,
            Topic(Channel.MARK_PRICE, BTC.symbol),
            Topic(Channel.FUNDING, BTC.symbol),
            Topic(Channel.KLINES, NEW.symbol, KlineInterval.D1),
        ]
    )
    (frame,) = send_all(codec)
    assert json.loads(frame) == {
        "method": "SUBSCRIBE",
        "id": 1,
        "params": ["btcusdt@depth@100ms", "btcusdt@markPrice@1s", "newusdt@kline_1d"],
    }
    states = codec.receive('{"result":null,"id":1}', RECEIVED_NS)
    assert [getattr(each, "state", None) for each in states] == [SubscriptionState.SUBSCRIBED] * 4


def test_refusal_is_told_in_the_words_of_the_venue() -> None:
    codec = open_for(Topic(Channel.TRADES, BTC.symbol))
    refusal = '{"code":2,"msg":"Invalid request: unknown variant","id":1}'
    (news,) = codec.receive(refusal, RECEIVED_NS)
    assert isinstance(news, Subscription)
    assert news.state is SubscriptionState.REFUSED
    assert news.error == AnError(ExchangeError, "Invalid request: unknown variant", "2")
    assert codec.receive('{"code":3,"msg":"Invalid JSON"}', RECEIVED_NS) == ()


def test_idle_connection_is_asked_for_its_subscriptions() -> None:
    codec = open_for()
    codec.expire(0.0, RECEIVED_NS)
    codec.expire(codec.deadline, RECEIVED_NS)
    (frame,) = codec.outgoing(100.0)
    assert json.loads(frame) == {"method": "LIST_SUBSCRIPTIONS", "id": 0}
    assert codec.receive('{"result":["btcusdt@aggTrade"],"id":0}', RECEIVED_NS) == ()


def test_no_more_than_ten_messages_go_out_in_any_second() -> None:
    assert STREAM.messages.most_in(1.0) <= 10
    assert STREAM.max_topics <= 200


def test_candle_that_the_venue_has_not_is_a_mistake_of_ours() -> None:
    with pytest.raises(CodecUsageError):
        open_for(Topic(Channel.KLINES, BTC.symbol, KlineInterval.S1))


# The book.


def changes(previous: int, first: int, last: int) -> str:
    data = {"E": 1, "U": first, "u": last, "pu": previous, "b": [], "a": []}
    return json.dumps({"stream": "btcusdt@depth@100ms", "data": data})


def fetched(last: int) -> BookSnapshot:
    return BookSnapshot(instrument=BTC, bids=[], asks=[], sequence=last, received_ns=RECEIVED_NS)


@pytest.mark.parametrize(
    ("base", "told"),
    [
        (99, []),  # the oldest update begins after the snapshot: it is fetched again
        (100, [100, (100, 110), (110, 130)]),
        (105, [105, (105, 110), (110, 130)]),  # between two ids that exist
        (110, [110, (110, 130)]),
        (115, [115, (115, 130)]),  # no update contains it
        (130, [130]),
    ],
)
def test_updates_are_joined_to_a_snapshot(base: int, told: list[object]) -> None:
    codec = open_for(BOOK)
    for frame in (changes(100, 108, 110), changes(110, 130, 130)):
        assert codec.receive(frame, RECEIVED_NS) == ()
    assert ids(codec.start(fetched(base))) == told


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (changes(130, 500, 600), [(130, 600)]),
        (changes(110, 130, 130), []),
        (changes(131, 131, 140), [Fault.GAP]),
        (changes(129, 130, 140), [Fault.GAP]),
    ],
    ids=["follows", "repeated", "gap", "overlaps"],
)
def test_update_must_begin_where_the_one_before_ended(frame: str, told: list[object]) -> None:
    codec = open_for(BOOK)
    codec.receive(changes(110, 130, 130), RECEIVED_NS)
    codec.start(fetched(110))
    assert ids(codec.receive(frame, RECEIVED_NS)) == told


# What the documentation does not allow.


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("{}", ""),
        ('{"stream":"nopeusdt@aggTrade","data":{}}', ""),
        ('{"stream":"btcusdt@tradepro","data":{}}', ""),
        ('{"stream":"btcusdt@depth@100ms","data":{"E":1,"U":1,"u":2,"pu":0,"b":[]}}', BTC.symbol),
        (changes(0, 1, 2).replace('"b": []', '"b": [["NaN", "1"]]'), BTC.symbol),
        (changes(0, 1, 2).replace('"b": []', '"b": [["1", "-1"]]'), BTC.symbol),
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(frame: str, symbol: str) -> None:
    with pytest.raises(VenueProtocolError) as caught:
        open_for(BOOK).receive(frame, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("aster", symbol)


@pytest.mark.parametrize(
    ("kind", "native", "symbol"),
    [
        (Kind.PERPETUAL, "BTCUSDT", "BTC/USDT:USDT"),
        (Kind.PERPETUAL, "1000PEPEUSDT", "PEPE/USDT:USDT"),
        (Kind.PERPETUAL, "BTCUSD1", "BTC/USD1:USD1"),
        (Kind.PERPETUAL, "BTC", None),
        (Kind.SPOT, "BTCUSDT", None),
    ],
)
def test_market_is_guessed_from_its_name(kind: Kind, native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(kind, native)
    assert (instrument.symbol if instrument else None) == symbol
