"""Kraken's streams, checked against the documentation of WebSocket v2.

Requests, answers and the book are in `test_dialogue.py`, real payloads in `test_recorded.py`.
"""

import json
from math import inf

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import BookDelta, BookSnapshot, Kline, Ticker, Top, Trade
from exchanges.market.instrument import Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from tests.exchanges.transcripts import (
    RECEIVED_NS,
    Transcript,
    market,
    open_codec,
    play,
    send_all,
)

VENUE = VENUES["kraken"]
(STREAM,) = VENUE.streams
SOL = market("SOL/EUR", "SOL/EUR", venue="kraken", tick="0.01", step="0.00000001")
SENT_NS = 1_767_225_600_250_000_000


TRANSCRIPTS = (
    Transcript(
        name="book: the first frame may have no stamp, and a price may come twice",
        stream="public",
        instrument=SOL,
        channel=Channel.BOOK,
        frames=(
            """{"channel":"book","type":"snapshot","data":[{"symbol":"SOL/EUR",
            "bids":[{"price":150.25,"qty":2.50000000},{"price":150.2,"qty":1e-08}],
            "asks":[{"price":150.3,"qty":40.0}],"checksum":4294967295}]}""",
            """{"channel":"book","type":"update","data":[{"symbol":"SOL/EUR",
            "bids":[{"price":150.25,"qty":0},{"price":150.25,"qty":3.0}],"asks":[],
            "checksum":17,"timestamp":"2026-01-01T00:00:00.250000Z"}]}""",
        ),
        events=(
            BookSnapshot(
                instrument=SOL,
                bids=[(150.25, 2.5), (150.2, 1e-08)],
                asks=[(150.3, 40.0)],
                sequence=0,
                window=10,
                verified=10,
                checksum=4294967295,
                received_ns=RECEIVED_NS,
            ),
            BookDelta(
                instrument=SOL,
                bids=[(150.25, 0.0), (150.25, 3.0)],
                asks=[],
                previous=0,
                sequence=SENT_NS,
                checksum=17,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="top: a side may be empty",
        stream="public",
        instrument=SOL,
        channel=Channel.TOP,
        frames=(
            """{"channel":"ticker","type":"update","data":[{"symbol":"SOL/EUR","bid":null,
            "bid_qty":null,"ask":0,"ask_qty":0,"last":150,"volume":2,"vwap":151.5,"low":140,
            "high":160,"change":-1.5,"change_pct":-1}]}""",
        ),
        events=(
            Top(
                instrument=SOL,
                bid=0.0,
                bid_size=0.0,
                ask=inf,
                ask_size=0.0,
                received_ns=RECEIVED_NS,
            ),
            Ticker(
                instrument=SOL,
                last=150.0,
                high=160.0,
                low=140.0,
                volume=2.0,
                quote_volume=303.0,
                change=-0.01,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="ticker and top are one stream; the average price gives the quote volume",
        stream="public",
        instrument=SOL,
        channel=Channel.TICKER,
        frames=(
            """{"channel":"ticker","type":"snapshot","data":[{"symbol":"SOL/EUR","bid":150.25,
            "bid_qty":2.5,"ask":150.3,"ask_qty":40.0,"last":150.26,"volume":1000.0,
            "vwap":149.5,"low":140.0,"high":160.0,"change":3.0,"change_pct":2.5,
            "timestamp":"2026-01-01T00:00:00.25Z"}]}""",
        ),
        events=(
            Top(
                instrument=SOL,
                bid=150.25,
                bid_size=2.5,
                ask=150.3,
                ask_size=40.0,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
            Ticker(
                instrument=SOL,
                last=150.26,
                bid=150.25,
                ask=150.3,
                high=160.0,
                low=140.0,
                volume=1000.0,
                quote_volume=149500.0,
                change=0.025,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="trades: the side is the taker's",
        stream="public",
        instrument=SOL,
        channel=Channel.TRADES,
        frames=(
            """{"channel":"trade","type":"update","data":[
            {"symbol":"SOL/EUR","side":"sell","price":150.25,"qty":0.5,"ord_type":"market",
            "trade_id":71,"timestamp":"2026-01-01T00:00:00.250000Z"},
            {"symbol":"SOL/EUR","side":"buy","price":150.3,"qty":4,"ord_type":"limit",
            "trade_id":72,"timestamp":"2026-01-01T00:00:00.250000Z"}]}""",
        ),
        events=tuple(
            Trade(
                instrument=SOL,
                price=price,
                size=size,
                side=side,
                trade_id=number,
                venue_ns=SENT_NS,
                received_ns=RECEIVED_NS,
            )
            for price, size, side, number in (
                (150.25, 0.5, Side.SELL, "71"),
                (150.3, 4.0, Side.BUY, "72"),
            )
        ),
    ),
    Transcript(
        name="candle: its stamp is its beginning",
        stream="public",
        instrument=SOL,
        channel=Channel.KLINES,
        interval=KlineInterval.M5,
        frames=(
            """{"channel":"ohlc","type":"update","timestamp":"2026-01-01T00:03:26.530524394Z",
            "data":[{"symbol":"SOL/EUR","open":150.0,"high":151.0,"low":149.5,"close":150.5,
            "trades":12,"volume":20.0,"vwap":150.25,
            "interval_begin":"2026-01-01T00:00:00.000000000Z","interval":5,
            "timestamp":"2026-01-01T00:05:00.000000Z"}]}""",
        ),
        events=(
            Kline(
                instrument=SOL,
                interval=KlineInterval.M5,
                open_ns=1_767_225_600_000_000_000,
                open=150.0,
                high=151.0,
                low=149.5,
                close=150.5,
                volume=20.0,
                quote_volume=3005.0,
                trades=12,
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
    written = {transcript.channel for transcript in TRANSCRIPTS}
    assert written == STREAM.channels


@pytest.mark.parametrize(
    ("frame", "topic"),
    [
        ("book", Topic(Channel.BOOK, SOL.symbol)),
        ("ticker", Topic(Channel.TOP, SOL.symbol)),
        ("trade", Topic(Channel.TRADES, SOL.symbol)),
        ("ohlc", Topic(Channel.KLINES, SOL.symbol, KlineInterval.H4)),
    ],
)
def test_recorded_stream_is_known_by_its_rows(frame: str, topic: Topic) -> None:
    codec = VENUE.codec(STREAM, Instruments([SOL]), listening=True)
    row = {"symbol": "SOL/EUR", **({"interval": 240} if frame == "ohlc" else {})}
    with pytest.raises(VenueProtocolError):  # which names its market: the data are no data
        codec.receive(json.dumps({"channel": frame, "data": [row]}), RECEIVED_NS)
    assert codec.topics == (topic,)


BOOK_ROW = {"symbol": "SOL/EUR", "bids": [], "asks": [], "checksum": 0}


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("{}", ""),
        ("not JSON", ""),
        ({"channel": "book", "type": "update"}, ""),
        ({"channel": "book", "type": "update", "data": [{**BOOK_ROW, "symbol": "NO/PE"}]}, ""),
        ({"channel": "trade", "type": "update", "data": [{"symbol": "SOL/EUR"}]}, ""),
        ({"channel": "book", "data": [{**BOOK_ROW, "checksum": -1}]}, SOL.symbol),
        ({"channel": "book", "data": [{**BOOK_ROW, "bids": [{"price": 0, "qty": 1}]}]}, SOL.symbol),
        ({"channel": "book", "data": [{**BOOK_ROW, "asks": [{"price": 1}]}]}, SOL.symbol),
        ({"channel": "book", "data": [{**BOOK_ROW, "timestamp": "2026-01-01"}]}, SOL.symbol),
        ({"channel": "book", "data": [{**BOOK_ROW, "timestamp": "2026-01-01T00:00:00"}]},
         SOL.symbol),
    ],
)  # fmt: skip
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(
    frame: object, symbol: str
) -> None:
    codec = VENUE.codec(STREAM, Instruments([SOL]))
    codec.subscribe([Topic(Channel.BOOK, SOL.symbol)])
    send_all(codec)
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(frame if isinstance(frame, str) else json.dumps(frame), RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("kraken", symbol)
