"""Binance's public streams, frame by frame, checked against "WebSocket Streams".

Books are in `test_book.py`, the talk about subscriptions is in `test_dialogue.py`, real payloads
are in `test_recorded.py`.
"""

import json
from math import inf

import pytest

from exchanges.errors import VenueProtocolError
from exchanges.market.events import Top, Trade
from exchanges.market.orders import Side
from exchanges.market.topics import Channel
from tests.exchanges.binance.figures import FIGURES
from tests.exchanges.binance.markets import (
    BNB,
    BOOK,
    BTC,
    PERP,
    TRADES,
    VENUE,
    listening_codec,
    wanting_codec,
)
from tests.exchanges.binance.test_book import BOOKS
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, open_codec, play, send_all

TRANSCRIPTS = (
    *BOOKS,
    *FIGURES,
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
