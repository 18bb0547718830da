"""Bybit's public streams, frame by frame, checked against "Websocket Stream / Public".

Books are in `test_book.py`, the talk about subscriptions is in `test_dialogue.py`, real payloads
are in `test_recorded.py`.
"""

from math import inf

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import (
    Funding,
    Kline,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval
from tests.exchanges.bybit.test_book import BOOKS, BTC, PERP
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, market, open_codec, play

VENUE = VENUES["bybit"]
ETH_PERP = market("ETH/USDT:USDT", "ETHUSDT", venue="bybit")
SOL_PERP = market("SOL/USDT:USDT", "SOLUSDT", venue="bybit", funding_interval_s=3600.0)

TICKER = """{"topic":"tickers.%s","type":"snapshot","data":{"symbol":"%s",
"tickDirection":"PlusTick","price24hPcnt":"-0.0125","lastPrice":"60000.4",
"prevPrice24h":"60759.9","highPrice24h":"61000","lowPrice24h":"59000","prevPrice1h":"60100",
"markPrice":"60001.2","indexPrice":"60002.5","openInterest":"50000","openInterestValue":
"3000000000","singleOpenInterest":"25000.5","singleOpenInterestValue":"1500000000","turnover24h":
"750000000","volume24h":"12500","fundingIntervalHour":"8","fundingCap":"0.005",
"nextFundingTime":"1782000000000","fundingRate":"-0.00025","bid1Price":"60000.3","bid1Size":"5",
"ask1Price":"60000.9","ask1Size":"11","preOpenPrice":"","preQty":"","curPreListingPhase":""},
"cs":9532239429,"ts":1781990000085}"""
CANDLE = """{"topic":"kline.5.BTCUSDT","data":[{"start":1782000000000,"end":1782000299999,
"interval":"5","open":"60000.1","close":"60000.4","high":"60010","low":"59990","volume":"2.081",
"turnover":"124860.8","confirm":%s,"timestamp":1782000188882}],"ts":1782000188882,
"type":"snapshot"}"""
LATER_NS = 1781990000285_000_000


def ticker(instrument: Instrument, venue_ns: int, last: float = 60000.4) -> Ticker:
    return Ticker(
        instrument=instrument,
        last=last,
        bid=60000.3,
        ask=60000.9,
        high=61000.0,
        low=59000.0,
        volume=12500.0,
        quote_volume=750000000.0,
        change=-0.0125,
        venue_ns=venue_ns,
        received_ns=RECEIVED_NS,
    )


def mark_price(instrument: Instrument, venue_ns: int, mark: float = 60001.2) -> MarkPrice:
    return MarkPrice(
        instrument=instrument,
        mark=mark,
        index=60002.5,
        venue_ns=venue_ns,
        received_ns=RECEIVED_NS,
    )


def funding(instrument: Instrument, venue_ns: int, rate: float, hours: int = 8) -> Funding:
    return Funding(
        instrument=instrument,
        rate=rate,
        interval_s=hours * 3600.0,
        next_ns=1782000000000_000_000,
        venue_ns=venue_ns,
        received_ns=RECEIVED_NS,
    )


def interest(
    instrument: Instrument, venue_ns: int, size: float = 25000.5, value: float = 1.5e9
) -> OpenInterest:
    return OpenInterest(
        instrument=instrument,
        size=size,
        value=value,
        venue_ns=venue_ns,
        received_ns=RECEIVED_NS,
    )


def whole(instrument: Instrument) -> tuple[StreamEvent, ...]:
    """What a whole linear ticker says."""
    venue_ns = 1781990000085_000_000
    return (
        ticker(instrument, venue_ns),
        mark_price(instrument, venue_ns),
        funding(instrument, venue_ns, -0.00025),
        interest(instrument, venue_ns),
    )


def changed(native: str, fields: str, ts: int = 1781990000285) -> str:
    data = f'{{"symbol":"{native}",{fields}}}'
    return f'{{"topic":"tickers.{native}","type":"delta","data":{data},"cs":9,"ts":{ts}}}'


TICKERS = (
    Transcript(
        name="spot ticker, which has no bid and ask",
        stream="spot",
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(
            """{"topic":"tickers.BTCUSDT","ts":1782000000003,"type":"snapshot","cs":2588407389,
            "data":{"symbol":"BTCUSDT","lastPrice":"60000.4","highPrice24h":"61000",
            "lowPrice24h":"59000","prevPrice24h":"59999","volume24h":"6780.866843",
            "turnover24h":"405000000.5","price24hPcnt":"0.0196","usdIndexPrice":""}}""",
        ),
        events=(
            Ticker(
                instrument=BTC,
                last=60000.4,
                high=61000.0,
                low=59000.0,
                volume=6780.866843,
                quote_volume=405000000.5,
                change=0.0196,
                venue_ns=1782000000003_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="linear ticker, whole and then what changed",
        stream="linear",
        instrument=PERP,
        channel=Channel.TICKER,
        frames=(
            TICKER % ("BTCUSDT", "BTCUSDT"),
            changed("BTCUSDT", '"lastPrice":"60000.7","bid1Size":"4"'),
        ),
        events=(*whole(PERP), ticker(PERP, LATER_NS, 60000.7)),
    ),
    Transcript(
        name="funding that changed, of a contract charged hourly",
        stream="linear",
        instrument=SOL_PERP,
        channel=Channel.FUNDING,
        frames=(
            TICKER.replace('"8"', '""') % ("SOLUSDT", "SOLUSDT"),
            changed("SOLUSDT", '"fundingRate":"0.0001"'),
        ),
        events=(
            *whole(SOL_PERP)[:2],
            funding(SOL_PERP, 1781990000085_000_000, -0.00025, hours=1),
            whole(SOL_PERP)[3],
            funding(SOL_PERP, LATER_NS, 0.0001, hours=1),
        ),
    ),
    Transcript(
        name="mark price that changed",
        stream="linear",
        instrument=ETH_PERP,
        channel=Channel.MARK_PRICE,
        frames=(
            TICKER % ("ETHUSDT", "ETHUSDT"),
            changed("ETHUSDT", '"markPrice":"60001.3"'),
        ),
        events=(*whole(ETH_PERP), mark_price(ETH_PERP, LATER_NS, 60001.3)),
    ),
    Transcript(
        name="open interest of both sides is halved where one side is not told",
        stream="linear",
        instrument=market("XRP/USDT:USDT", "XRPUSDT", venue="bybit"),
        channel=Channel.OPEN_INTEREST,
        frames=(
            TICKER.replace("single", "other") % ("XRPUSDT", "XRPUSDT"),
            changed("XRPUSDT", '"openInterest":"50001","openInterestValue":"3000000060"'),
        ),
        events=(
            *whole(xrp := market("XRP/USDT:USDT", "XRPUSDT", venue="bybit"))[:3],
            interest(xrp, 1781990000085_000_000, 25000.0),
            interest(xrp, LATER_NS, 25000.5, 1500000030.0),
        ),
    ),
)

OTHERS = (
    Transcript(
        name="spot top, and one without asks",
        stream="spot",
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            """{"topic":"orderbook.1.BTCUSDT","ts":1782000000010,"type":"snapshot","data":{
            "s":"BTCUSDT","b":[["60000.4","0.31"]],"a":[["60000.9","1.5"]],"u":18521288,
            "seq":7961638724},"cts":1782000000008}""",
            """{"topic":"orderbook.1.BTCUSDT","ts":1782000000020,"type":"snapshot","data":{
            "s":"BTCUSDT","b":[["60000.4","0.31"]],"a":[],"u":18521289,"seq":7961638730},
            "cts":1782000000018}""",
        ),
        events=tuple(
            Top(
                instrument=BTC,
                bid=60000.4,
                bid_size=0.31,
                ask=ask,
                ask_size=ask_size,
                sequence=sequence,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for ask, ask_size, sequence, venue_ns in (
                (60000.9, 1.5, 18521288, 1782000000008_000_000),
                (inf, 0.0, 18521289, 1782000000018_000_000),
            )
        ),
    ),
    Transcript(
        name="linear top without bids, by an old frame without the engine's time",
        stream="linear",
        instrument=PERP,
        channel=Channel.TOP,
        frames=(
            """{"topic":"orderbook.1.BTCUSDT","type":"snapshot","ts":1782000000010,"data":{
            "s":"BTCUSDT","b":[],"a":[["60000.9","1.5"]],"u":5,"seq":9}}""",
        ),
        events=(
            Top(
                instrument=PERP,
                bid=0.0,
                bid_size=0.0,
                ask=60000.9,
                ask_size=1.5,
                sequence=5,
                venue_ns=1782000000010_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    *(
        Transcript(
            name=f"{stream} trades carry the taker's side",
            stream=stream,
            instrument=instrument,
            channel=Channel.TRADES,
            frames=(
                """{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1782000000868,"data":[
                {"T":1782000000865,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"60000.9",
                "L":"PlusTick","i":"20f43950-d8dd","BT":false,"RPI":false,"seq":1783284617},
                {"T":1782000000866,"s":"BTCUSDT","S":"Sell","v":"0.25","p":"60000.4",
                "i":"20f43950-d8de","BT":false,"RPI":true,"seq":1783284617}]}""",
            ),
            events=tuple(
                Trade(
                    instrument=instrument,
                    price=price,
                    size=size,
                    side=side,
                    trade_id=trade_id,
                    venue_ns=venue_ns,
                    received_ns=RECEIVED_NS,
                )
                for price, size, side, trade_id, venue_ns in (
                    (60000.9, 0.001, Side.BUY, "20f43950-d8dd", 1782000000865_000_000),
                    (60000.4, 0.25, Side.SELL, "20f43950-d8de", 1782000000866_000_000),
                )
            ),
        )
        for stream, instrument in (("spot", BTC), ("linear", PERP))
    ),
    *(
        Transcript(
            name=f"{stream} candle, and its end",
            stream=stream,
            instrument=instrument,
            channel=Channel.KLINES,
            interval=KlineInterval.M5,
            frames=(CANDLE % "false", CANDLE % "true"),
            events=tuple(
                Kline(
                    instrument=instrument,
                    interval=KlineInterval.M5,
                    open_ns=1782000000000_000_000,
                    open=60000.1,
                    high=60010.0,
                    low=59990.0,
                    close=60000.4,
                    volume=2.081,
                    quote_volume=124860.8,
                    closed=closed,
                    venue_ns=1782000188882_000_000,
                    received_ns=RECEIVED_NS,
                )
                for closed in (False, True)
            ),
        )
        for stream, instrument in (("spot", BTC), ("linear", PERP))
    ),
    Transcript(
        name="a long that is closed is sold, a short is bought back",
        stream="linear",
        instrument=PERP,
        channel=Channel.LIQUIDATIONS,
        frames=(
            """{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":1782000003204,"data":[
            {"T":1782000002929,"s":"BTCUSDT","S":"Buy","v":"0.5","p":"59000.1"},
            {"T":1782000002930,"s":"BTCUSDT","S":"Sell","v":"0.02","p":"61000.2"}]}""",
        ),
        events=tuple(
            Liquidation(
                instrument=PERP,
                price=price,
                size=size,
                side=side,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for price, size, side, venue_ns in (
                (59000.1, 0.5, Side.SELL, 1782000002929_000_000),
                (61000.2, 0.02, Side.BUY, 1782000002930_000_000),
            )
        ),
    ),
)

TRANSCRIPTS = (*BOOKS, *OTHERS, *TICKERS)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_frames_become_events(transcript: Transcript) -> None:
    codec = open_codec(VENUE, transcript.stream, [transcript])
    assert play(codec, transcript) == transcript.events


def test_every_channel_has_a_transcript() -> None:
    written = {(transcript.stream, transcript.channel) for transcript in TRANSCRIPTS}
    assert written == {(stream.name, name) for stream in VENUE.streams for name in stream.channels}


# What the documentation does not allow.


def data(topic: str, rows: str) -> str:
    return f'{{"topic":"{topic}","type":"snapshot","ts":1,"data":{rows}}}'


TRADE = '[{"T":1,"s":"BTCUSDT","S":"%s","v":"%s","p":"%s","i":"1"}]'


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("", ""),
        ("pong", ""),
        ("[]", ""),
        ("{}", ""),
        ('{"op":"auth","success":true}', ""),
        (data("publicTrade.SOLUSDT", "[]"), ""),
        (data("orderbook.50.BTCUSDT", "{}"), ""),
        (data("publicTrade.BTCUSDT", "{}"), "BTC/USDT"),
        (data("publicTrade.BTCUSDT", "[{}]"), "BTC/USDT"),
        (data("publicTrade.BTCUSDT", TRADE % ("Buy", "0", "1")), "BTC/USDT"),
        (data("publicTrade.BTCUSDT", TRADE % ("Buy", "1", "0")), "BTC/USDT"),
        (data("publicTrade.BTCUSDT", TRADE % ("Long", "1", "1")), "BTC/USDT"),
        (data("tickers.BTCUSDT", '{"symbol":"BTCUSDT","lastPrice":"1"}'), "BTC/USDT"),
        (data("orderbook.1.BTCUSDT", '{"b":[["NaN","1"]],"a":[],"u":1}'), "BTC/USDT"),
        (
            data("orderbook.1.BTCUSDT", '{"b":[],"a":[],"u":1}').replace("snapshot", "delta"),
            "BTC/USDT",
        ),
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(frame: str, symbol: str) -> None:
    codec = open_codec(VENUE, "spot", [each for each in TRANSCRIPTS if each.stream == "spot"])
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(frame, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("bybit", symbol)
