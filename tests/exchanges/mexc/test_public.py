"""MEXC's spot streams, frame by frame, checked against the WebSocket pages of its documentation.

Books are in `test_book.py`, the talk about subscriptions is in `test_dialogue.py`, real payloads
are in `test_recorded.py`.
"""

import json
from math import inf

import pytest

from exchanges.errors import VenueProtocolError
from exchanges.market.events import Kline, Ticker, Top, Trade
from exchanges.market.instrument import Kind
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.wire import Frame
from tests.exchanges.mexc.frames import (
    BOOK,
    BTC,
    DEALS,
    DEPTH,
    MINUTES,
    MX,
    SENT_MS,
    SENT_NS,
    STREAM,
    TICKER,
    TOPS,
    TRADES,
    VENUE,
    depth,
    pack,
    push,
    wanting_codec,
)
from tests.exchanges.mexc.test_book import BOOKS
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, open_codec, play, send_all

TRANSCRIPTS = (
    *BOOKS,
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
                eventType="spot@public.aggre.deals.v3.api.pb@10ms",
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
                change=-0.07,
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

KLINE = {"interval": "Min1", "windowStart": 1, "openingPrice": "1", "closingPrice": "1",
         "highestPrice": "1", "lowestPrice": "1", "volume": "1", "amount": "1"}  # fmt: skip
DEAL = {"price": "1", "quantity": "1", "tradeType": 1, "time": 1}


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


# What the documentation does not allow.


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
