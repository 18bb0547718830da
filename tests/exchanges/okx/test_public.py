"""OKX's public streams, frame by frame, checked against "Market Data" and "Public Data".

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
    Ticker,
    Top,
    Trade,
)
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval
from tests.exchanges.okx.test_book import BOOKS
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, market, open_codec, play

VENUE = VENUES["okx"]
BTC = market("BTC/USDT", "BTC-USDT", venue="okx")
SWAP = market("BTC/USDT:USDT", "BTC-USDT-SWAP", venue="okx", contract_size="0.01")
INVERSE = market("BTC/USD:BTC", "BTC-USD-SWAP", venue="okx", contract_size="100", inverse=True)

TRANSCRIPTS = (
    *BOOKS,
    Transcript(
        name="spot top, and one without bids",
        stream="public",
        instrument=BTC,
        channel=Channel.TOP,
        frames=(
            """{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{
            "asks":[["60000.9","1.5","0","2"]],"bids":[["60000.4","0.31","0","4"]],
            "ts":"1782000000010","seqId":363996337}]}""",
            """{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{
            "asks":[["60000.9","1.5","0","2"]],"bids":[],"ts":"1782000000020",
            "seqId":363996340}]}""",
        ),
        events=tuple(
            Top(
                instrument=BTC,
                bid=bid,
                bid_size=bid_size,
                ask=60000.9,
                ask_size=1.5,
                sequence=sequence,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for bid, bid_size, sequence, venue_ns in (
                (60000.4, 0.31, 363996337, 1782000000010_000_000),
                (0.0, 0.0, 363996340, 1782000000020_000_000),
            )
        ),
    ),
    Transcript(
        name="swap top without asks",
        stream="public",
        instrument=SWAP,
        channel=Channel.TOP,
        frames=(
            """{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"},"data":[{"asks":[],
            "bids":[["60000.4","31","0","4"]],"ts":"1782000000010","seqId":9}]}""",
        ),
        events=(
            Top(
                instrument=SWAP,
                bid=60000.4,
                bid_size=0.31,
                ask=inf,
                ask_size=0.0,
                sequence=9,
                venue_ns=1782000000010_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="spot trades carry the taker's side",
        stream="public",
        instrument=BTC,
        channel=Channel.TRADES,
        frames=(
            """{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT",
            "tradeId":"130639474","px":"60000.9","sz":"0.12060306","side":"buy",
            "ts":"1782000000897","count":"3","source":"0","seqId":1234},{"instId":"BTC-USDT",
            "tradeId":"130639475","px":"60000.4","sz":"0.1","side":"sell",
            "ts":"1782000000898","count":"1","source":"1","seqId":1236}]}""",
        ),
        events=tuple(
            Trade(
                instrument=BTC,
                price=price,
                size=size,
                side=side,
                trade_id=trade_id,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for price, size, side, trade_id, venue_ns in (
                (60000.9, 0.12060306, Side.BUY, "130639474", 1782000000897_000_000),
                (60000.4, 0.1, Side.SELL, "130639475", 1782000000898_000_000),
            )
        ),
    ),
    Transcript(
        name="inverse swap trade of fifty contracts",
        stream="public",
        instrument=INVERSE,
        channel=Channel.TRADES,
        frames=(
            """{"arg":{"channel":"trades","instId":"BTC-USD-SWAP"},"data":[{
            "instId":"BTC-USD-SWAP","tradeId":"77","px":"62500","sz":"50","side":"sell",
            "ts":"1782000000897","count":"1","seqId":1234}]}""",
        ),
        events=(
            Trade(
                instrument=INVERSE,
                price=62500.0,
                size=0.08,
                side=Side.SELL,
                trade_id="77",
                venue_ns=1782000000897_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="spot ticker has volumes in base and quote",
        stream="public",
        instrument=BTC,
        channel=Channel.TICKER,
        frames=(
            """{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instType":"SPOT",
            "instId":"BTC-USDT","last":"60000.4","lastSz":"0.1","askPx":"60000.9","askSz":"11",
            "bidPx":"60000.3","bidSz":"5","open24h":"48000.32","high24h":"61000",
            "low24h":"47000","volCcy24h":"600000000","vol24h":"10000","sodUtc0":"59000",
            "sodUtc8":"59500","ts":"1782000000085"}]}""",
        ),
        events=(
            Ticker(
                instrument=BTC,
                last=60000.4,
                bid=60000.3,
                ask=60000.9,
                high=61000.0,
                low=47000.0,
                volume=10000.0,
                quote_volume=600000000.0,
                change=0.25,
                venue_ns=1782000000085_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="swap ticker has volumes in contracts and base, and here neither bid nor open",
        stream="public",
        instrument=SWAP,
        channel=Channel.TICKER,
        frames=(
            """{"arg":{"channel":"tickers","instId":"BTC-USDT-SWAP"},"data":[{
            "instType":"SWAP","instId":"BTC-USDT-SWAP","last":"60000.4","lastSz":"1",
            "askPx":"60000.9","askSz":"11","bidPx":"","bidSz":"","open24h":"","high24h":"61000",
            "low24h":"59000","volCcy24h":"12500","vol24h":"1250000","sodUtc0":"","sodUtc8":"",
            "ts":"1782000000085"}]}""",
        ),
        events=(
            Ticker(
                instrument=SWAP,
                last=60000.4,
                ask=60000.9,
                high=61000.0,
                low=59000.0,
                volume=12500.0,
                venue_ns=1782000000085_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="open candle",
        stream="business",
        instrument=BTC,
        channel=Channel.KLINES,
        interval=KlineInterval.M1,
        frames=(
            """{"arg":{"channel":"candle1m","instId":"BTC-USDT"},"data":[["1782000000000",
            "60000.1","60010","59990","60000.4","1.5","90000.3","90000.3","0"]]}""",
        ),
        events=(
            Kline(
                instrument=BTC,
                interval=KlineInterval.M1,
                open_ns=1782000000000_000_000,
                open=60000.1,
                high=60010.0,
                low=59990.0,
                close=60000.4,
                volume=1.5,
                quote_volume=90000.3,
                closed=False,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="closed candle of a swap's day, which begins with the day of UTC",
        stream="business",
        instrument=SWAP,
        channel=Channel.KLINES,
        interval=KlineInterval.D1,
        frames=(
            """{"arg":{"channel":"candle1Dutc","instId":"BTC-USDT-SWAP"},"data":[[
            "1781913600000","60000.1","60010","59990","60000.4","150","1.5","90000.3","1"]]}""",
        ),
        events=(
            Kline(
                instrument=SWAP,
                interval=KlineInterval.D1,
                open_ns=1781913600000_000_000,
                open=60000.1,
                high=60010.0,
                low=59990.0,
                close=60000.4,
                volume=1.5,
                quote_volume=90000.3,
                closed=True,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="funding rate that will be charged, every eight hours",
        stream="derivatives",
        instrument=SWAP,
        channel=Channel.FUNDING,
        frames=(
            """{"arg":{"channel":"funding-rate","instId":"BTC-USDT-SWAP"},"data":[{
            "formulaType":"noRate","fundingRate":"0.0001875","fundingTime":"1782000000000",
            "impactValue":"","instId":"BTC-USDT-SWAP","instType":"SWAP","interestRate":"",
            "method":"current_period","maxFundingRate":"0.00375","minFundingRate":"-0.00375",
            "nextFundingRate":"","nextFundingTime":"1782028800000","premium":"0.0001",
            "settFundingRate":"0.00017","settState":"settled","ts":"1781999975402"}]}""",
        ),
        events=(
            Funding(
                instrument=SWAP,
                rate=0.0001875,
                interval_s=28_800.0,
                next_ns=1782000000000_000_000,
                venue_ns=1781999975402_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="negative funding rate, every hour",
        stream="derivatives",
        instrument=INVERSE,
        channel=Channel.FUNDING,
        frames=(
            """{"arg":{"channel":"funding-rate","instId":"BTC-USD-SWAP"},"data":[{
            "fundingRate":"-0.00025","fundingTime":"1782000000000","nextFundingRate":"",
            "instId":"BTC-USD-SWAP","instType":"SWAP","nextFundingTime":"1782003600000",
            "settFundingRate":"-0.0002","settState":"processing","ts":"1781999975402"}]}""",
        ),
        events=(
            Funding(
                instrument=INVERSE,
                rate=-0.00025,
                interval_s=3600.0,
                next_ns=1782000000000_000_000,
                venue_ns=1781999975402_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="mark price comes without its index",
        stream="derivatives",
        instrument=SWAP,
        channel=Channel.MARK_PRICE,
        frames=(
            """{"arg":{"channel":"mark-price","instId":"BTC-USDT-SWAP"},"data":[{
            "instType":"SWAP","instId":"BTC-USDT-SWAP","markPx":"60000.15",
            "ts":"1782000000200"}]}""",
        ),
        events=(
            MarkPrice(
                instrument=SWAP,
                mark=60000.15,
                venue_ns=1782000000200_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="open interest is told in contracts, base units and dollars",
        stream="derivatives",
        instrument=SWAP,
        channel=Channel.OPEN_INTEREST,
        frames=(
            """{"arg":{"channel":"open-interest","instId":"BTC-USDT-SWAP"},"data":[{
            "instId":"BTC-USDT-SWAP","instType":"SWAP","oi":"2216113.01","oiCcy":"22161.1301",
            "oiUsd":"1329667806.25","ts":"1782000003440"}]}""",
        ),
        events=(
            OpenInterest(
                instrument=SWAP,
                size=22161.1301,
                value=1329667806.25,
                venue_ns=1782000003440_000_000,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="one stream tells the liquidations of all swaps",
        stream="derivatives",
        instrument=SWAP,
        channel=Channel.LIQUIDATIONS,
        frames=(
            """{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"details":[
            {"bkLoss":"0","bkPx":"59000.1","ccy":"","posSide":"long","side":"sell","sz":"13",
            "ts":"1782000034010"},{"bkLoss":"0","bkPx":"61000.2","ccy":"","posSide":"short",
            "side":"buy","sz":"0.5","ts":"1782000034020"}],"instFamily":"BTC-USDT",
            "instId":"BTC-USDT-SWAP","instType":"SWAP","uly":"BTC-USDT"}]}""",
            """{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"details":[
            {"bkLoss":"0","bkPx":"0.007831","ccy":"","posSide":"short","side":"buy","sz":"13",
            "ts":"1782000035010"}],"instFamily":"IOST-USDT","instId":"IOST-USDT-SWAP",
            "instType":"SWAP","uly":"IOST-USDT"}]}""",
        ),
        events=tuple(
            Liquidation(
                instrument=SWAP,
                price=price,
                size=size,
                side=side,
                venue_ns=venue_ns,
                received_ns=RECEIVED_NS,
            )
            for price, size, side, venue_ns in (
                (59000.1, 0.13, Side.SELL, 1782000034010_000_000),
                (61000.2, 0.005, Side.BUY, 1782000034020_000_000),
            )
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


# What the documentation does not allow.


def data(channel: str, rows: str, native: str = "BTC-USDT") -> str:
    return f'{{"arg":{{"channel":"{channel}","instId":"{native}"}},"data":{rows}}}'


SPOT_TRADE = '[{"instId":"BTC-USDT","tradeId":"1","px":"%s","sz":"%s","side":"%s","ts":"1"}]'
LEVELS = '[{"bids":%s,"asks":%s,"ts":"1","seqId":2,"prevSeqId":1}]'


@pytest.mark.parametrize(
    ("frame", "symbol"),
    [
        ("", ""),
        ("Pong", ""),
        ("[]", ""),
        ("{}", ""),
        ('{"event":"pong","arg":null}', ""),
        (data("trades", "[]", "SOL-USDT"), ""),
        (data("trades", "[]", "BTC-USDT-SWAP"), ""),
        (data("books5", LEVELS % ("[]", "[]")), ""),
        ('{"arg":{"channel":"trades","instId":"BTC-USDT"}}', "BTC/USDT"),
        (data("trades", "{}"), "BTC/USDT"),
        (data("trades", "[{}]"), "BTC/USDT"),
        (data("trades", SPOT_TRADE % ("60000.4", "0", "buy")), "BTC/USDT"),
        (data("trades", SPOT_TRADE % ("0", "1", "buy")), "BTC/USDT"),
        (data("trades", SPOT_TRADE % ("60000.4", "1", "long")), "BTC/USDT"),
        (data("books", LEVELS % ('[["0","1","0","1"]]', "[]")), "BTC/USDT"),
        (data("books", LEVELS % ('[["NaN","1","0","1"]]', "[]")), "BTC/USDT"),
        (data("books", LEVELS % ("[]", '[["60000.4","-1","0","1"]]')), "BTC/USDT"),
        (data("books", LEVELS % ("[]", '[["60000.4"]]')), "BTC/USDT"),
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(frame: str, symbol: str) -> None:
    spot = [each for each in TRANSCRIPTS if each.stream == "public" and each.instrument == BTC]
    codec = open_codec(VENUE, "public", spot)
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(frame, RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("okx", symbol)


@pytest.mark.parametrize(
    ("interval_ms", "allowed"),
    [(3_600_000, True), (86_400_000, True), (86_400_001, False), (0, False), (-1, False)],
)
def test_funding_is_charged_at_least_once_a_day(interval_ms: int, allowed: bool) -> None:
    transcript = next(each for each in TRANSCRIPTS if each.channel is Channel.FUNDING)
    codec = open_codec(VENUE, "derivatives", [transcript])
    row = '[{"fundingRate":"0","fundingTime":"1782000000000","nextFundingTime":"%d","ts":"1"}]'
    frame = data("funding-rate", row % (1782000000000 + interval_ms), SWAP.native)
    if allowed:
        assert len(codec.receive(frame, RECEIVED_NS)) == 1
    else:
        with pytest.raises(VenueProtocolError):
            codec.receive(frame, RECEIVED_NS)


@pytest.mark.parametrize(("price", "size"), [("1e-40", "1"), ("1e-320", "0"), ("1e14", "1e-320")])
def test_inverse_contract_without_a_size_is_not_read(price: str, size: str) -> None:
    inverse = [each for each in TRANSCRIPTS if each.instrument == INVERSE]
    codec = open_codec(VENUE, "public", [each for each in inverse if each.stream == "public"])
    level = f'[["{price}","{size}","0","1"]]'
    with pytest.raises(VenueProtocolError):
        codec.receive(data("books", LEVELS % (level, "[]"), INVERSE.native), RECEIVED_NS)


def test_ticker_that_rose_a_millionfold_is_not_read() -> None:
    transcript = next(each for each in TRANSCRIPTS if each.channel is Channel.TICKER)
    codec = open_codec(VENUE, "public", [transcript])
    (frame,) = transcript.frames
    with pytest.raises(VenueProtocolError):
        codec.receive(str(frame).replace("48000.32", "0.00000001"), RECEIVED_NS)
