"""Backpack's streams, checked against "Streams" of its API document.

Requests and the order book are in `test_dialogue.py`, real payloads in `test_recorded.py`.
"""

import json
from math import inf

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    BookDelta,
    BookSnapshot,
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    market,
    open_codec,
    play,
    send_all,
    stream_of,
)

VENUE = VENUES["backpack"]
SOL = market("SOL/USDC", "SOL_USDC", venue="backpack")
BTC = market("BTC/USDC:USDC", "BTC_USDC_PERP", venue="backpack", funding_interval_s=3600.0)
APPLE = market("AAPL.US/USDC:USDC", "AAPL.US_USDC_PERP", venue="backpack")  # without an interval
SENT_NS = 1790134357267289_000

START = BookSnapshot(
    instrument=BTC,
    bids=[(86650.0, 1.0)],
    asks=[(86660.0, 2.0)],
    sequence=100,
    received_ns=RECEIVED_NS,
)
MARK = MarkPrice(
    instrument=BTC,
    mark=86655.5,
    index=86650.25,
    venue_ns=SENT_NS,
    received_ns=RECEIVED_NS,
)
FUNDING = Funding(
    instrument=BTC,
    rate=-0.0000125,
    interval_s=3600.0,
    next_ns=1790136000000_000_000,
    venue_ns=SENT_NS,
    received_ns=RECEIVED_NS,
)
MARK_FRAME = """{"stream":"markPrice.BTC_USDC_PERP","data":{"e":"markPrice",
"E":1790134357267289,"T":1790134357267074,"s":"BTC_USDC_PERP","p":"86655.5","i":"86650.25",
"f":"-0.0000125","n":1790136000000}}"""


TRANSCRIPTS = (
    Transcript(
        name="book: stamps may be strings, and nothing may have changed",
        stream="public",
        instrument=BTC,
        channel=Channel.BOOK,
        start=START,
        frames=(
            """{"stream":"depth.BTC_USDC_PERP","data":{"e":"depth","E":1790134357267289,
            "T":1790134357267074,"s":"BTC_USDC_PERP","U":99,"u":102,
            "a":[["86660.0","0.000"],["86661.5","0.5"]],"b":[["86655.9","1.94230"]]}}""",
            """{"stream":"depth.BTC_USDC_PERP","data":{"e":"depth","E":"1790134357267389",
            "T":"1790134357267174","s":"BTC_USDC_PERP","U":103,"u":103,"a":[],"b":[]}}""",
        ),
        events=(
            START,
            BookDelta(
                instrument=BTC,
                bids=[(86655.9, 1.9423)],
                asks=[(86660.0, 0.0), (86661.5, 0.5)],
                previous=100,
                sequence=102,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=BTC,
                bids=[],
                asks=[],
                previous=102,
                sequence=103,
                venue_ns=SENT_NS + 100_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="top: an empty side is null",
        stream="public",
        instrument=SOL,
        channel=Channel.TOP,
        frames=(
            """{"stream":"bookTicker.SOL_USDC","data":{"e":"bookTicker","E":1790134357267289,
            "T":1790134357267074,"s":"SOL_USDC","a":"186.56","A":"2.01","b":"186.55",
            "B":"1.94","u":"111063070525358080"}}""",
            """{"stream":"bookTicker.SOL_USDC","data":{"e":"bookTicker","E":1790134357267289,
            "T":1790134357267074,"s":"SOL_USDC","a":null,"A":null,"b":null,"B":null,
            "u":111063070525358081}}""",
        ),
        events=(
            Top(
                instrument=SOL,
                bid=186.55,
                bid_size=1.94,
                ask=186.56,
                ask_size=2.01,
                sequence=111063070525358080,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
            Top(
                instrument=SOL,
                bid=0.0,
                bid_size=0.0,
                ask=inf,
                ask_size=0.0,
                sequence=111063070525358081,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="trades: the taker sold to a buyer that was the maker",
        stream="public",
        instrument=SOL,
        channel=Channel.TRADES,
        frames=(
            """{"stream":"trade.SOL_USDC","data":{"e":"trade","E":1694688638091000,
            "s":"SOL_USDC","p":"18.68","q":"0.122","b":"111063114377265150",
            "a":"111063114585735170","t":12345,"T":1694688638089001,"m":true}}""",
            """{"stream":"trade.SOL_USDC","data":{"e":"trade","E":1694688638091000,
            "s":"SOL_USDC","p":"18.69","q":"1","b":"1","a":"2","t":12346,
            "T":1694688638089002,"m":false}}""",
        ),
        events=(
            Trade(
                instrument=SOL,
                price=18.68,
                size=0.122,
                side=Side.SELL,
                trade_id="12345",
                venue_ns=1694688638089001_000,
                received_ns=RECEIVED_NS,
            ),
            Trade(
                instrument=SOL,
                price=18.69,
                size=1.0,
                side=Side.BUY,
                trade_id="12346",
                venue_ns=1694688638089002_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="ticker: v is base volume, V quote volume",
        stream="public",
        instrument=SOL,
        channel=Channel.TICKER,
        frames=(
            """{"stream":"ticker.SOL_USDC","data":{"e":"ticker","E":1790134357267289,
            "s":"SOL_USDC","o":"16","c":"18","h":"19.80","l":"15.50","v":"32123","V":"928190",
            "n":93828}}""",
            """{"stream":"ticker.SOL_USDC","data":{"e":"ticker","E":1790134357267289,
            "s":"SOL_USDC","o":"0","c":"0","h":"0","l":"0","v":"0","V":"0","n":0}}""",
        ),
        events=(
            Ticker(
                instrument=SOL,
                last=18.0,
                high=19.8,
                low=15.5,
                volume=32123.0,
                quote_volume=928190.0,
                change=0.125,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
            Ticker(
                instrument=SOL,
                last=None,
                high=None,
                low=None,
                volume=0.0,
                quote_volume=0.0,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="candle: its times are UTC without saying so",
        stream="public",
        instrument=BTC,
        channel=Channel.KLINES,
        interval=KlineInterval.MO1,
        frames=(
            """{"stream":"kline.1month.BTC_USDC_PERP","data":{"e":"kline",
            "E":1790134357267289,"s":"BTC_USDC_PERP","t":"2026-09-01T00:00:00",
            "T":"2026-10-01T00:00:00","o":"86000","c":"86625","h":"86812.4","l":"85075.4",
            "v":"32123.5","n":93828,"X":true}}""",
        ),
        events=(
            Kline(
                instrument=BTC,
                interval=KlineInterval.MO1,
                open_ns=1788220800_000_000_000,
                open=86000.0,
                high=86812.4,
                low=85075.4,
                close=86625.0,
                volume=32123.5,
                trades=93828,
                closed=True,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="mark price and funding are one stream",
        stream="derivatives",
        instrument=BTC,
        channel=Channel.MARK_PRICE,
        frames=(MARK_FRAME,),
        events=(MARK, FUNDING),
    ),
    Transcript(
        name="funding and mark price are one stream",
        stream="derivatives",
        instrument=BTC,
        channel=Channel.FUNDING,
        frames=(MARK_FRAME,),
        events=(MARK, FUNDING),
    ),
    Transcript(
        name="open interest is base units",
        stream="derivatives",
        instrument=BTC,
        channel=Channel.OPEN_INTEREST,
        frames=(
            """{"stream":"openInterest.BTC_USDC_PERP","data":{"e":"openInterest",
            "E":1790134357267289,"s":"BTC_USDC_PERP","o":"1273.85214"}}""",
        ),
        events=(
            OpenInterest(
                instrument=BTC, size=1273.85214, venue_ns=SENT_NS, received_ns=RECEIVED_NS
            ),
        ),
    ),
    Transcript(
        name="liquidations: the side is the order's, those of other markets are not ours",
        stream="derivatives",
        instrument=BTC,
        channel=Channel.LIQUIDATIONS,
        frames=(
            """{"stream":"liquidation","data":{"e":"liquidation","E":1790134357267289,
            "q":"10","p":"18.70","S":"Bid","s":"SOL_USDC_PERP","T":1790134357267280}}""",
            """{"stream":"liquidation","data":{"e":"liquidation","E":1790134357267289,
            "q":"0.25","p":"86000","S":"Ask","s":"BTC_USDC_PERP","T":1790134357267280}}""",
        ),
        events=(
            Liquidation(
                instrument=BTC,
                price=86000.0,
                size=0.25,
                side=Side.SELL,
                venue_ns=SENT_NS,
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


def open_for(stream: str, *topics: Topic) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([SOL, BTC, APPLE]))
    codec.subscribe(topics)
    send_all(codec)
    return codec


def test_funding_of_a_market_whose_interval_nothing_tells_has_none() -> None:
    codec = open_for("derivatives", Topic(Channel.FUNDING, APPLE.symbol))
    frame = MARK_FRAME.replace("BTC_USDC_PERP", "AAPL.US_USDC_PERP")
    mark, funding = codec.receive(frame, RECEIVED_NS)
    assert isinstance(mark, MarkPrice)
    assert isinstance(funding, Funding)
    assert funding.interval_s is None


@pytest.mark.parametrize("change", [('"f":"-0.0000125"', '"f":""'), ("1790136000000", "0")])
def test_backpack_a9_mark_price_is_told_without_funding(change: tuple[str, str]) -> None:
    codec = open_for("derivatives", Topic(Channel.MARK_PRICE, BTC.symbol))
    assert codec.receive(MARK_FRAME.replace(*change), RECEIVED_NS) == (MARK,)


@pytest.mark.parametrize(
    ("key", "topic"),
    [
        ("depth.BTC_USDC_PERP", Topic(Channel.BOOK, BTC.symbol)),
        ("depth.200ms.BTC_USDC_PERP", Topic(Channel.BOOK, BTC.symbol)),
        ("depth.1000ms.AAPL.US_USDC_PERP", Topic(Channel.BOOK, APPLE.symbol)),
        ("depth.AAPL.US_USDC_PERP", Topic(Channel.BOOK, APPLE.symbol)),
        ("trade.SOL_USDC", Topic(Channel.TRADES, SOL.symbol)),
        ("kline.1m.AAPL.US_USDC_PERP", Topic(Channel.KLINES, APPLE.symbol, KlineInterval.M1)),
    ],
)
def test_recorded_stream_is_known_by_its_name(key: str, topic: Topic) -> None:
    codec = VENUE.codec(stream_of(VENUE, "public"), Instruments([SOL, BTC, APPLE]), listening=True)
    with pytest.raises(VenueProtocolError):  # which names its market: the data are no data
        codec.receive(json.dumps({"stream": key, "data": {}}), RECEIVED_NS)
    assert codec.topics == (topic,)


# What the documentation does not allow.


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("{}", ""),
        ("not JSON", ""),
        ('{"stream":"trade.NOPE_USDC","data":{}}', ""),
        ('{"stream":"nope.SOL_USDC","data":{}}', ""),
        ('{"stream":"depth.BTC_USDC_PERP","data":{"E":1,"u":2,"a":[],"b":[]}}', BTC.symbol),
        ('{"stream":"depth.BTC_USDC_PERP","data":{"E":1,"U":1,"u":2,"a":[["NaN","1"]],"b":[]}}',
         BTC.symbol),
        ('{"stream":"depth.BTC_USDC_PERP","data":{"E":1,"U":1,"u":2,"a":[["1","-1"]],"b":[]}}',
         BTC.symbol),
        ('{"stream":"depth.BTC_USDC_PERP","data":{"E":1,"U":1,"u":2,"a":null,"b":[]}}',
         BTC.symbol),
    ],
)  # fmt: skip
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(frame: str, symbol: str) -> None:
    with pytest.raises(VenueProtocolError) as caught:
        open_for("public", Topic(Channel.BOOK, BTC.symbol)).receive(frame, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("backpack", symbol)


@pytest.mark.parametrize(
    "changes",
    [
        {"t": "yesterday"},
        {"t": "2026-13-01T00:00:00"},
        {"o": "-1"},
        {"X": "maybe"},
    ],
)
def test_candle_that_cannot_be_is_a_protocol_error(changes: dict[str, str]) -> None:
    codec = open_for("public", Topic(Channel.KLINES, BTC.symbol, KlineInterval.M1))
    data = {"E": 1, "t": "2026-09-01T00:00:00", "o": "1", "c": "1", "h": "1", "l": "1", "v": "1",
            "n": 1, "X": False, **changes}  # fmt: skip
    frame = json.dumps({"stream": "kline.1m.BTC_USDC_PERP", "data": data})
    with pytest.raises(VenueProtocolError):
        codec.receive(frame, RECEIVED_NS)


def test_change_that_no_market_makes_is_a_protocol_error() -> None:
    codec = open_for("public", Topic(Channel.TICKER, BTC.symbol))
    data = {"E": 1, "o": "0.0000001", "c": "100000", "h": "1", "l": "1", "v": "1", "V": "1"}
    with pytest.raises(VenueProtocolError):
        codec.receive(json.dumps({"stream": "ticker.BTC_USDC_PERP", "data": data}), RECEIVED_NS)
