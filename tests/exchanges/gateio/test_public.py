"""Gate.io's spot streams, frame by frame, checked against "Spot WebSocket v4".

Books are in `test_book.py`, the talk about subscriptions is in `test_dialogue.py`, real payloads
are in `test_recorded.py`.
"""

from math import inf

import pytest

from exchanges.errors import VenueProtocolError
from exchanges.market.events import Kline, Ticker, Top, Trade
from exchanges.market.instrument import Kind
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval
from tests.exchanges.gateio.frames import (
    BOOK,
    BTC,
    ETH,
    STREAM,
    TRADES,
    VENUE,
    listening_codec,
    update,
    wanting_codec,
)
from tests.exchanges.gateio.test_book import BOOKS
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, open_codec, play, send_all

TRANSCRIPTS = (
    *BOOKS,
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
    ("native", "symbol"),
    [
        ("BTC_USDT", "BTC/USDT"),
        ("QTUM3S_USDT", "QTUM3S/USDT"),
        ("GTC_HT_USDT", "GTC_HT/USDT"),  # a base with an underscore
        ("GTC_USDT", "GAMECOM/USDT"),  # another asset than the usual GTC
        ("MPH_USDT", "MORPHER/USDT"),
        ("88MPH_USDT", "MPH/USDT"),
        ("BTCUSDT", None),
        ("", None),
    ],
)
def test_market_is_guessed_from_its_name(native: str, symbol: str | None) -> None:
    instrument = VENUE.guess(Kind.SPOT, native)
    assert (instrument.symbol if instrument else None) == symbol


def test_perpetuals_are_a_venue_of_their_own() -> None:
    assert VENUE.kinds == (Kind.SPOT,)
    assert VENUE.recorded == {"gateio": Kind.SPOT}
