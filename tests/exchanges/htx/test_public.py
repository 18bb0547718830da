"""HTX's public streams, frame by frame, checked against its documentation.

Books are in `test_books.py`, the talk about subscriptions is in `test_dialogue.py`, real payloads
are in `test_recorded.py`.
"""

from math import inf

import pytest

from exchanges import VENUES
from exchanges.errors import VenueProtocolError
from exchanges.market.events import Funding, Kline, Liquidation, MarkPrice, Ticker, Top, Trade
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval
from tests.exchanges.htx.test_books import BOOKS, BTC, SWAP, packed
from tests.exchanges.transcripts import RECEIVED_NS, Transcript, market, open_codec, play

VENUE = VENUES["htx"]
VENUE_NS = 1782000000540_000_000

SPOT = (
    Transcript(
        name="spot top, and one without asks",
        stream="market",
        instrument=BTC,
        channel=Channel.TOP,
        pack=packed,
        frames=(
            """{"ch":"market.btcusdt.bbo","ts":1782000000541,"tick":{"seqId":137005210233,
            "ask":60000.9,"askSize":1.502181,"bid":60000.4,"bidSize":0.178567,
            "quoteTime":1782000000540,"symbol":"btcusdt"}}""",
            """{"ch":"market.btcusdt.bbo","ts":1782000000541,"tick":{"seqId":137005210234,
            "ask":null,"askSize":null,"bid":60000.4,"bidSize":0.178567,
            "quoteTime":1782000000540,"symbol":"btcusdt"}}""",
        ),
        events=tuple(
            Top(
                instrument=BTC,
                bid=60000.4,
                bid_size=0.178567,
                ask=ask,
                ask_size=ask_size,
                sequence=sequence,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            )
            for ask, ask_size, sequence in (
                (60000.9, 1.502181, 137005210233),
                (inf, 0.0, 137005210234),
            )
        ),
    ),
    Transcript(
        name="spot trades come the newest first and carry the taker's side",
        stream="market",
        instrument=BTC,
        channel=Channel.TRADES,
        pack=packed,
        frames=(
            """{"ch":"market.btcusdt.trade.detail","ts":1782000000541,"tick":{"id":137005445109,
            "ts":1782000000540,"data":[{"id":137005445109359286690202523573487,
            "ts":1782000000540,"tradeId":102523573487,"amount":9.7E-4,"price":60000.4,
            "direction":"sell"},{"id":1.3700544510935929e+26,"ts":1782000000540,
            "tradeId":102523573486,"amount":0.5,"price":60000.9,"direction":"buy"}]}}""",
        ),
        events=tuple(
            Trade(
                instrument=BTC,
                price=price,
                size=size,
                side=side,
                trade_id=trade_id,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            )
            for price, size, side, trade_id in (
                (60000.9, 0.5, Side.BUY, "102523573486"),
                (60000.4, 0.00097, Side.SELL, "102523573487"),
            )
        ),
    ),
    Transcript(
        name="spot ticker: amount is base, vol is quote",
        stream="market",
        instrument=BTC,
        channel=Channel.TICKER,
        pack=packed,
        frames=(
            """{"ch":"market.btcusdt.ticker","ts":1782000000540,"tick":{"open":48000,
            "high":61000,"low":47000,"close":60000,"amount":12500.5,"vol":750000000,
            "count":448737,"bid":59999.5,"bidSize":0.036,"ask":60000.5,"askSize":0.583,
            "lastPrice":60000,"lastSize":0.03}}""",
        ),
        events=(
            Ticker(
                instrument=BTC,
                last=60000.0,
                bid=59999.5,
                ask=60000.5,
                high=61000.0,
                low=47000.0,
                volume=12500.5,
                quote_volume=750000000.0,
                change=0.25,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="spot candle",
        stream="market",
        instrument=BTC,
        channel=Channel.KLINES,
        interval=KlineInterval.H1,
        pack=packed,
        frames=(
            """{"ch":"market.btcusdt.kline.60min","ts":1782000000540,"tick":{"id":1781996400,
            "open":60000.1,"close":60000.4,"low":59990,"high":60010,"amount":2.5,"vol":150000.5,
            "count":31}}""",
        ),
        events=(
            Kline(
                instrument=BTC,
                interval=KlineInterval.H1,
                open_ns=1781996400_000_000_000,
                open=60000.1,
                high=60010.0,
                low=59990.0,
                close=60000.4,
                volume=2.5,
                quote_volume=150000.5,
                trades=31,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
)

SWAPS = (
    Transcript(
        name="swap top in contracts, and one without bids",
        stream="swap",
        instrument=SWAP,
        channel=Channel.TOP,
        pack=packed,
        frames=(
            """{"ch":"market.BTC-USDT.bbo","ts":1782000000541,"tick":{"mrid":131599726,
            "id":1782000000,"bid":[60000.4,38],"ask":[60000.9,205],"ts":1782000000540,
            "version":131599726,"ch":"market.BTC-USDT.bbo"}}""",
            """{"ch":"market.BTC-USDT.bbo","ts":1782000000541,"tick":{"mrid":131599727,
            "id":1782000000,"ask":[60000.9,205],"ts":1782000000540,"version":131599727,
            "ch":"market.BTC-USDT.bbo"}}""",
        ),
        events=tuple(
            Top(
                instrument=SWAP,
                bid=bid,
                bid_size=bid_size,
                ask=60000.9,
                ask_size=205 * 0.001,
                sequence=sequence,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            )
            for bid, bid_size, sequence in (
                (60000.4, 38 * 0.001, 131599726),
                (0.0, 0.0, 131599727),
            )
        ),
    ),
    Transcript(
        name="swap trades count both sides",
        stream="swap",
        instrument=SWAP,
        channel=Channel.TRADES,
        pack=packed,
        frames=(
            """{"ch":"market.BTC-USDT.trade.detail","ts":1782000000541,"tick":{
            "id":100021951274748,"ts":1782000000540,"data":[{"amount":196,"quantity":0.196,
            "trade_turnover":11760.1,"ts":1782000000540,"id":1000219512747480001,
            "price":60000.4,"direction":"sell"},{"amount":2,"quantity":0.002,
            "trade_turnover":120,"ts":1782000000540,"id":1000219512747480000,"price":60000.9,
            "direction":"buy"}]}}""",
        ),
        events=tuple(
            Trade(
                instrument=SWAP,
                price=price,
                size=size,
                side=side,
                trade_id=trade_id,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            )
            for price, size, side, trade_id in (
                (60000.9, 0.001, Side.BUY, "1000219512747480000"),
                (60000.4, 0.098, Side.SELL, "1000219512747480001"),
            )
        ),
    ),
    Transcript(
        name="swap statistics count both sides",
        stream="swap",
        instrument=SWAP,
        channel=Channel.TICKER,
        pack=packed,
        frames=(
            """{"ch":"market.BTC-USDT.detail","ts":1782000000540,"tick":{"id":1782000000,
            "mrid":131599726,"open":48000,"close":60000,"high":61000,"low":47000,
            "amount":25000,"vol":25000000,"trade_turnover":1500000000,"count":90000,
            "bid":[59999.5,10],"ask":[60000.5,20]}}""",
        ),
        events=(
            Ticker(
                instrument=SWAP,
                last=60000.0,
                bid=59999.5,
                ask=60000.5,
                high=61000.0,
                low=47000.0,
                volume=12500.0,
                quote_volume=750000000.0,
                change=0.25,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="swap candle counts both sides",
        stream="swap",
        instrument=SWAP,
        channel=Channel.KLINES,
        interval=KlineInterval.M1,
        pack=packed,
        frames=(
            """{"ch":"market.BTC-USDT.kline.1min","ts":1782000000540,"tick":{"id":1782000000,
            "mrid":131599726,"open":60000.1,"close":60000.4,"low":59990,"high":60010,
            "amount":5,"vol":5000,"trade_turnover":300001,"count":31}}""",
        ),
        events=(
            Kline(
                instrument=SWAP,
                interval=KlineInterval.M1,
                open_ns=1782000000_000_000_000,
                open=60000.1,
                high=60010.0,
                low=59990.0,
                close=60000.4,
                volume=2.5,
                quote_volume=150000.5,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
    Transcript(
        name="mark price is the close of its candle",
        stream="swap_index",
        instrument=SWAP,
        channel=Channel.MARK_PRICE,
        pack=packed,
        frames=(
            """{"ch":"market.BTC-USDT.mark_price.1min","ts":1782000000540,"tick":{
            "id":1782000000,"open":"60000.1","close":"60001.2","low":"59990","high":"60010",
            "amount":"0","vol":"0","count":"0","trade_turnover":"0"}}""",
        ),
        events=(
            MarkPrice(instrument=SWAP, mark=60001.2, venue_ns=VENUE_NS, received_ns=RECEIVED_NS),
        ),
    ),
    Transcript(
        name="funding that will be charged at its settlement, and what is foreseen after it",
        stream="swap_news",
        instrument=SWAP,
        channel=Channel.FUNDING,
        pack=packed,
        frames=tuple(
            f"""{{"op":"notify","topic":"public.BTC-USDT.funding_rate","ts":1782000000166,"data":[
            {{"symbol":"BTC","contract_code":"BTC-USDT","fee_asset":"USDT",
            "funding_time":"1782000000540","funding_rate":"-0.000220068774978695",
            "settlement_time":"1782028800000","estimated_rate":{estimated}}}]}}"""
            for estimated in ("null", '"0.0001"')
        ),
        events=tuple(
            Funding(
                instrument=SWAP,
                rate=-0.000220068774978695,
                interval_s=28_800.0,
                next_ns=1782028800000_000_000,
                predicted=predicted,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            )
            for predicted in (None, 0.0001)
        ),
    ),
    Transcript(
        name="a long that is closed is sold",
        stream="swap_news",
        instrument=SWAP,
        channel=Channel.LIQUIDATIONS,
        pack=packed,
        frames=(
            """{"op":"notify","topic":"public.BTC-USDT.liquidation_orders","ts":1782000000600,
            "data":[{"symbol":"BTC","contract_code":"BTC-USDT","direction":"sell",
            "offset":"close","volume":432,"price":59000.5,"created_at":1782000000540,
            "amount":0.432,"trade_turnover":25488.2,"contract_type":"swap","pair":"BTC-USDT",
            "business_type":"swap"}]}""",
        ),
        events=(
            Liquidation(
                instrument=SWAP,
                price=59000.5,
                size=0.432,
                side=Side.SELL,
                venue_ns=VENUE_NS,
                received_ns=RECEIVED_NS,
            ),
        ),
    ),
)

TRANSCRIPTS = (*BOOKS, *SPOT, *SWAPS)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=str)
def test_frames_become_events(transcript: Transcript) -> None:
    codec = open_codec(VENUE, transcript.stream, [transcript])
    assert play(codec, transcript) == transcript.events


def test_every_channel_has_a_transcript() -> None:
    written = {(transcript.stream, transcript.channel) for transcript in TRANSCRIPTS}
    assert written == {(stream.name, name) for stream in VENUE.streams for name in stream.channels}


def test_funding_of_a_contract_whose_interval_is_not_known_has_none() -> None:
    transcript = next(each for each in SWAPS if each.channel is Channel.FUNDING)
    unknown = market("BTC/USDT:USDT", "BTC-USDT", venue="htx")
    codec = open_codec(VENUE, "swap_news", [transcript])
    codec.update_instrument(unknown)
    told = [event for event in play(codec, transcript) if isinstance(event, Funding)]
    assert told
    assert {funding.interval_s for funding in told} == {None}


# What the documentation does not allow.


def data(channel: str, tick: str) -> str:
    return f'{{"ch":"{channel}","ts":1,"tick":{tick}}}'


TRADE = '{"data":[{"tradeId":1,"ts":1,"amount":%s,"price":%s,"direction":"%s"}]}'
TRADES = "market.btcusdt.trade.detail"


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("", ""),
        ("[]", ""),
        ("{}", ""),
        ('{"op":"close"}', ""),
        ('{"ping":-1}', ""),
        (data("market.solusdt.bbo", "{}"), ""),
        (data("market.btcusdt.mbp.20", "{}"), ""),
        (data("bbo", "{}"), ""),
        (data(TRADES, "{}"), "BTC/USDT"),
        (data(TRADES, TRADE % ("0", "1", "buy")), "BTC/USDT"),
        (data(TRADES, TRADE % ("1", "0", "buy")), "BTC/USDT"),
        (data(TRADES, TRADE % ("1", "1e400", "buy")), "BTC/USDT"),
        (data(TRADES, TRADE % ("1", "1", "long")), "BTC/USDT"),
        (data("market.btcusdt.kline.60min", '{"id":1}'), "BTC/USDT"),
    ],
)
def test_frame_that_is_not_allowed_names_the_market_if_it_tells_it(text: str, symbol: str) -> None:
    codec = open_codec(VENUE, "market", SPOT)
    with pytest.raises(VenueProtocolError) as caught:
        codec.receive(packed(text), RECEIVED_NS)
    assert (caught.value.venue, caught.value.symbol) == ("htx", symbol)


WHOLE = bytes(packed('{"ping":1782000000000}'))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b'{"ping":1782000000000}',
        WHOLE[:-1],
        WHOLE[2:],
        WHOLE + b"{}",
        WHOLE + WHOLE,
        bytes(packed(" " * (17 << 20))),  # type: ignore[arg-type]
    ],
    ids=["empty", "plain", "cut off", "beheaded", "more after it", "two", "bomb"],
)
def test_frame_that_is_not_one_whole_gzip_member_is_not_read(frame: bytes) -> None:
    codec = open_codec(VENUE, "market", SPOT)
    assert codec.receive(WHOLE, RECEIVED_NS) == ()
    with pytest.raises(VenueProtocolError):
        codec.receive(frame, RECEIVED_NS)


def test_fault_12_frame_that_unpacks_to_millions_of_blanks_is_not_unpacked() -> None:
    bomb = bytes(packed(" " * (15 << 20)))  # type: ignore[arg-type]
    assert len(bomb) < 20_000
    codec = open_codec(VENUE, "market", SPOT)
    with pytest.raises(VenueProtocolError, match="unpacks to more than 1048576 bytes"):
        codec.receive(bomb, RECEIVED_NS)
