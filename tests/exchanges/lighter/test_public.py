"""Lighter's streams, checked against its stream document.

Requests and the order book are in `test_dialogue.py`, real payloads in `test_recorded.py`.
"""

import json
from math import inf

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    BookDelta,
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
    snapshot,
    stream_of,
)

VENUE = VENUES["lighter"]
BTC = market("BTC/USDC:USDC", "1", venue="lighter", funding_interval_s=3600.0)
SPOT = market("ETH/USDC", "2048", venue="lighter")
AT_NS = 1795176000_123_456_000
AT_MS_NS = 1795176000_130_000_000
# Funding was charged at 12:00:00.001, and the frame was sent at 12:00:00.130.
STATS_FRAME = """{"channel":"market_stats:1","market_stats":{"symbol":"BTC","market_id":1,
"index_price":"90010.5","mark_price":"90000","mid_price":"90001","last_trade_price":"90002",
"open_interest":"45000000.000000","open_interest_limit":"72057594037927936.000000",
"base_interest_rate":"0.0100","current_funding_rate":"-0.0028","funding_rate":"-0.0005",
"funding_timestamp":1795176000001,"daily_base_token_volume":23621.25,
"daily_quote_token_volume":2100000000.5,"daily_price_low":88000,"daily_price_high":91000.5,
"daily_price_change":-4.5},"timestamp":1795176000130,"type":"update/market_stats"}"""

# One channel tells these three, whichever of them is wished for.
PERPETUAL = (
    MarkPrice(
        instrument=BTC,
        mark=90000.0,
        index=90010.5,
        venue_ns=AT_MS_NS,
        received_ns=RECEIVED_NS,
    ),
    Funding(
        instrument=BTC,
        rate=-0.000028,
        interval_s=3600.0,
        next_ns=1795179600_000_000_000,
        venue_ns=AT_MS_NS,
        received_ns=RECEIVED_NS,
    ),
    OpenInterest(
        instrument=BTC,
        size=500.0,
        value=45000000.0,
        venue_ns=AT_MS_NS,
        received_ns=RECEIVED_NS,
    ),
)


TRANSCRIPTS = (
    Transcript(
        name="book: the first frame is all of it, offsets mean nothing",
        stream="public",
        instrument=BTC,
        channel=Channel.BOOK,
        frames=(
            """{"channel":"order_book:1","offset":415803,"last_updated_at":1795176000123456,
            "order_book":{"code":0,"asks":[{"price":"90001.0","size":"2.00000"}],
            "bids":[{"price":"90000.5","size":"1.50000"}],"offset":415803,"nonce":1000,
            "last_updated_at":1795176000123456,"begin_nonce":0},"timestamp":1795176000130,
            "type":"subscribed/order_book"}""",
            """{"channel":"order_book:1","offset":415806,"last_updated_at":1795176000123456,
            "order_book":{"code":0,"asks":[],"bids":[{"price":"90000.5","size":"0.0"},
            {"price":"90000.2","size":"0.00001"}],"offset":415806,"nonce":1010,
            "last_updated_at":1795176000123456,"begin_nonce":1000},"timestamp":1795176000130,
            "type":"update/order_book"}""",
        ),
        events=(
            snapshot(BTC, 1000, [(90000.5, 1.5)], [(90001.0, 2.0)], venue_ns=AT_NS),
            BookDelta(
                instrument=BTC,
                bids=[(90000.5, 0.0), (90000.2, 0.00001)],
                asks=[],
                previous=1000,
                sequence=1010,
                venue_ns=AT_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="book of a market without orders",
        stream="public",
        instrument=SPOT,
        channel=Channel.BOOK,
        frames=(
            """{"channel":"order_book:2048","offset":1,"order_book":{"asks":[],"begin_nonce":0,
            "bids":[],"code":0,"last_updated_at":0,"nonce":0,"offset":1},
            "timestamp":1795176000130,"type":"subscribed/order_book"}""",
        ),
        events=(snapshot(SPOT, 0, [], [], venue_ns=AT_MS_NS),),
    ),
    Transcript(
        name="top: an empty side is empty strings",
        stream="public",
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            """{"channel":"ticker:1","last_updated_at":1795176000123456,"nonce":1010,
            "ticker":{"s":"BTC","a":{"price":"90001.0","size":"0.5"},
            "b":{"price":"90000.5","size":"1.5"}},"timestamp":1795176000130,
            "type":"subscribed/ticker"}""",
            """{"channel":"ticker:1","nonce":1011,"ticker":{"s":"BTC",
            "a":{"price":"","size":""},"b":{"price":"","size":""},"last_updated_at":0},
            "timestamp":1795176000130,"type":"update/ticker"}""",
        ),
        events=(
            Top(
                instrument=BTC,
                bid=90000.5,
                bid_size=1.5,
                ask=90001.0,
                ask_size=0.5,
                sequence=1010,
                venue_ns=AT_NS,
                received_ns=RECEIVED_NS,
            ),
            Top(
                instrument=BTC,
                bid=0.0,
                bid_size=0.0,
                ask=inf,
                ask_size=0.0,
                sequence=1011,
                venue_ns=AT_MS_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="trades: history and settlements are none, a liquidation is one",
        stream="public",
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            """{"channel":"trade:1","liquidation_trades":null,"nonce":1000,
            "trades":[{"trade_id":6,"type":"trade","market_id":1,"size":"1","price":"90000",
            "is_maker_ask":true,"timestamp":1795175990000}],"type":"subscribed/trade"}""",
            """{"channel":"trade:1","liquidation_trades":[{"trade_id":8,"type":"liquidation",
            "market_id":1,"size":"0.75","price":"89999","timestamp":1795176000130}],"nonce":1010,
            "trades":[{"trade_id":10,"type":"market-settlement","market_id":1,"size":"1",
            "price":"90000","is_maker_ask":true,"timestamp":1795176000130},
            {"trade_id":9,"type":"trade","market_id":1,"size":"0.5","price":"90001",
            "is_maker_ask":true,"timestamp":1795176000130,"transaction_time":1795176000123456},
            {"trade_id":7,"type":"trade","market_id":1,"size":"0.25","price":"90000.5",
            "timestamp":1795176000130}],"type":"update/trade"}""",
        ),
        events=tuple(
            Trade(
                instrument=BTC,
                price=price,
                size=size,
                side=side,
                trade_id=number,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for number, price, size, side, venue_ns in (
                ("7", 90000.5, 0.25, Side.SELL, AT_MS_NS),
                ("8", 89999.0, 0.75, Side.SELL, AT_MS_NS),
                ("9", 90001.0, 0.5, Side.BUY, AT_NS),
            )
        ),
    ),
    Transcript(
        name="ticker of a perpetual: the change is per cent",
        stream="public",
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(STATS_FRAME,),
        events=(
            Ticker(
                instrument=BTC,
                last=90002.0,
                high=91000.5,
                low=88000.0,
                volume=23621.25,
                quote_volume=2100000000.5,
                change=-0.045,
                venue_ns=AT_MS_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="ticker of a spot market",
        stream="public",
        instrument=SPOT,
        channel=Channel.TICKER,
        frames=(
            """{"channel":"spot_market_stats:2048","spot_market_stats":{"symbol":"ETH/USDC",
            "market_id":2048,"index_price":"3000","mid_price":"3000.5",
            "last_trade_price":"3001.5","daily_base_token_volume":1000.5,
            "daily_quote_token_volume":3000000.25,"daily_price_low":2900,
            "daily_price_high":3100,"daily_price_change":2.5},"timestamp":1795176000130,
            "type":"subscribed/spot_market_stats"}""",
        ),
        events=(
            Ticker(
                instrument=SPOT,
                last=3001.5,
                high=3100.0,
                low=2900.0,
                volume=1000.5,
                quote_volume=3000000.25,
                change=0.025,
                venue_ns=AT_MS_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="candles: what is zero is left out",
        stream="public",
        instrument=BTC,
        channel=Channel.KLINES,
        interval=KlineInterval.M1,
        frames=(
            """{"candles":[{"t":1795175940000,"o":90000,"h":90010.5,"l":89990,"c":90005.25,
            "v":13.5,"V":1215000.5,"i":9},{"t":1795176000000,"o":90005.25,"h":90005.25,
            "l":90005.25,"c":90005.25,"i":9}],"channel":"candle:1:1m","timestamp":1795176000130,
            "type":"update/candle"}""",
        ),
        events=(
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1795175940_000_000_000,
                open=90000.0,
                high=90010.5,
                low=89990.0,
                close=90005.25,
                volume=13.5,
                quote_volume=1215000.5,
                venue_ns=AT_MS_NS,
                received_ns=RECEIVED_NS,
            ),
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1795176000_000_000_000,
                open=90005.25,
                high=90005.25,
                low=90005.25,
                close=90005.25,
                volume=0.0,
                quote_volume=0.0,
                venue_ns=AT_MS_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="liquidations: the account that is liquidated takes",
        stream="derivatives",
        instrument=BTC,
        channel=Channel.LIQUIDATIONS,
        frames=(
            """{"channel":"trade:1","liquidation_trades":[{"trade_id":8,"type":"liquidation",
            "market_id":1,"size":"0.75","price":"89999","is_maker_ask":false,
            "timestamp":1795176000130}],"nonce":1010,"trades":[{"trade_id":7,"type":"trade",
            "market_id":1,"size":"0.25","price":"90000.5","timestamp":1795176000130}],
            "type":"update/trade"}""",
        ),
        events=(
            Liquidation(
                instrument=BTC,
                price=89999.0,
                size=0.75,
                side=Side.SELL,
                venue_ns=AT_MS_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    *(
        Transcript(
            name=f"{channel}: rates are per cent an hour, open interest is dollars",
            stream="derivatives",
            instrument=BTC,
            channel=channel,
            frames=(STATS_FRAME,),
            events=PERPETUAL,
        )
        for channel in (Channel.FUNDING, Channel.MARK_PRICE, Channel.OPEN_INTEREST)
    ),
)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_frames_become_events(transcript: Transcript) -> None:
    codec = open_codec(VENUE, transcript.stream, [transcript])
    assert play(codec, transcript) == transcript.events


def test_every_channel_has_a_transcript() -> None:
    written = {(transcript.stream, transcript.channel) for transcript in TRANSCRIPTS}
    assert written == {(stream.name, name) for stream in VENUE.streams for name in stream.channels}


# What the documentation does not allow.


def open_for(stream: str, *topics: Topic) -> MarketCodec:
    codec = VENUE.codec(stream_of(VENUE, stream), Instruments([BTC, SPOT]))
    codec.subscribe(topics)
    send_all(codec)
    return codec


def book(**changes: object) -> str:
    fields = {"asks": [], "bids": [], "offset": 1, "nonce": 1, "begin_nonce": 0} | changes
    return json.dumps(
        {"channel": "order_book:1", "order_book": fields, "type": "subscribed/order_book"}
    )


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("not JSON", ""),
        ("{}", ""),
        ('{"type":"update"}', ""),
        ('{"type":"nope/order_book","channel":"order_book:1"}', ""),
        ('{"type":"update/order_book","channel":"order_book:99"}', ""),
        ('{"type":"update/nope","channel":"nope:1"}', ""),
        (book(bids=None), BTC.symbol),
        (book(bids=[{"price": "NaN", "size": "1"}]), BTC.symbol),
        (book(asks=[{"price": "0", "size": "1"}]), BTC.symbol),
        (book(asks=[{"price": "1", "size": "-1"}]), BTC.symbol),
        (book(nonce=-1), BTC.symbol),
        (book(begin_nonce=None), BTC.symbol),  # as in recordings of 2025
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(text: str, symbol: str) -> None:
    with pytest.raises(VenueProtocolError) as caught:
        open_for("public", Topic(Channel.BOOK, BTC.symbol)).receive(text, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("lighter", symbol)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mark_price", "0"),
        ("mark_price", "1e-30"),
        ("current_funding_rate", "NaN"),
        ("current_funding_rate", "100000"),
        ("open_interest", "-1"),
        ("funding_timestamp", "soon"),
    ],
)
def test_statistics_that_cannot_be_are_a_protocol_error(name: str, value: str) -> None:
    codec = open_for("derivatives", Topic(Channel.FUNDING, BTC.symbol))
    frame = json.loads(STATS_FRAME)
    frame["market_stats"][name] = value
    with pytest.raises(VenueProtocolError):
        codec.receive(json.dumps(frame), RECEIVED_NS)


def test_statistics_of_all_markets_are_told_of_those_wished_for() -> None:
    codec = open_for("derivatives", Topic(Channel.FUNDING, BTC.symbol))
    stats = json.loads(STATS_FRAME)["market_stats"]
    frame = {
        "channel": "market_stats:all",
        "market_stats": {"1": stats, "99": {}},
        "timestamp": 1795176000130,
        "type": "update/market_stats",
    }
    assert codec.receive(json.dumps(frame), RECEIVED_NS) == PERPETUAL
