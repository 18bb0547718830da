"""Real frames of Backpack, read value by value; there is no recording of it.

Replies are in `test_recorded_replies.py`.
"""

from collections.abc import Callable

import pytest

from exchanges import VENUES
from exchanges.market.events import (
    BookDelta,
    Event,
    Funding,
    Kline,
    Level,
    Liquidation,
    MarkPrice,
    OpenInterest,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument, Instruments
from exchanges.market.orders import Side
from exchanges.market.topics import Channel, KlineInterval, Topic
from exchanges.stream.books import MarketCodec
from tests.exchanges.transcripts import RECEIVED_NS, market, snapshot

VENUE = VENUES["backpack"]
PUBLIC, DERIVATIVES = VENUE.streams


def perpetual(base: str) -> Instrument:
    return market(
        f"{base}/USDC:USDC",
        f"{base}_USDC_PERP",
        venue="backpack",
        funding_interval_s=3600.0,
    )


SOL, ETH_SPOT = (
    market(f"{base}/USDC", f"{base}_USDC", venue="backpack") for base in ("SOL", "ETH")
)
USD = market("SOL/USD", "SOL_USD", venue="backpack")
BTC, ETH, SOL_PERP, APPLE = (perpetual(base) for base in ("BTC", "ETH", "SOL", "AAPL.US"))
Sample = Callable[[str], bytes]


def listening_codec() -> MarketCodec:
    known = Instruments([SOL, ETH_SPOT, USD, BTC, ETH, SOL_PERP, APPLE])
    return VENUE.codec(PUBLIC, known, listening=True)


def combined(sample: Sample, file: str, stream: str) -> bytes | str:
    """A sample as the socket sends it; examples of the document are what `data` holds."""
    data = sample(f"backpack/{file}.json")
    return f'{{"stream":"{stream}","data":{data.decode()}}}' if stream else data


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "events"),
    [
        (
            "ws_book_ticker_docs",
            "bookTicker.SOL_USDC",
            (
                Top(
                    instrument=SOL,
                    bid=18.67,
                    bid_size=2.0,
                    ask=18.7,
                    ask_size=1.0,
                    sequence=111063070525358080,
                    venue_ns=1694687965941_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_book_ticker_live",
            "",
            (
                Top(
                    instrument=BTC,
                    bid=86655.9,
                    bid_size=1.9423,
                    ask=86656.0,
                    ask_size=2.01178,
                    sequence=6730019258,
                    venue_ns=1790134357267285_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_trade_docs",
            "trade.SOL_USDC",
            (
                Trade(
                    instrument=SOL,
                    price=18.68,
                    size=0.122,
                    side=Side.SELL,
                    trade_id="12345",
                    venue_ns=1694688638089_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_ticker_docs",
            "ticker.SOL_USD",
            (
                Ticker(
                    instrument=USD,
                    last=19.24,
                    high=19.8,
                    low=18.5,
                    volume=32123.0,
                    quote_volume=928190.0,
                    change=19.24 / 18.75 - 1,
                    venue_ns=1694687692980_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_ticker_live",
            "",
            (
                Ticker(
                    instrument=BTC,
                    last=86625.0,
                    high=86812.4,
                    low=85075.4,
                    volume=1801.83549,
                    quote_volume=154927125.41812,
                    change=86625 / 85486.3 - 1,
                    venue_ns=1790134358087727_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_kline_docs",
            "kline.1m.SOL_USD",
            (
                Kline(
                    instrument=USD,
                    interval=KlineInterval.M1,
                    open_ns=1726056000_000_000_000,
                    open=18.75,
                    high=19.8,
                    low=18.5,
                    close=19.25,
                    volume=32123.0,
                    trades=93828,
                    closed=False,
                    venue_ns=1694687692980_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_mark_price_docs",
            "markPrice.SOL_USDC_PERP",
            (
                MarkPrice(
                    instrument=SOL_PERP,
                    mark=18.7,
                    index=19.7,
                    venue_ns=1694687965941_000_000,
                    received_ns=RECEIVED_NS,
                ),
                Funding(
                    instrument=SOL_PERP,
                    rate=1.7,
                    interval_s=3600.0,
                    next_ns=1694687965941_000_000,
                    venue_ns=1694687965941_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_mark_price_live",
            "",
            (
                MarkPrice(
                    instrument=APPLE,
                    mark=340.43,
                    index=340.52,
                    venue_ns=1790134357847601_000,
                    received_ns=RECEIVED_NS,
                ),
                Funding(
                    instrument=APPLE,
                    rate=0.00000625,
                    interval_s=3600.0,
                    next_ns=1790136000000_000_000,
                    venue_ns=1790134357847601_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        (
            "ws_open_interest_docs",
            "openInterest.SOL_USDC_PERP",
            (
                OpenInterest(
                    instrument=SOL_PERP,
                    size=100.0,
                    venue_ns=1694687965941_000_000,
                    received_ns=RECEIVED_NS,
                ),
            ),
        ),
        ("error_ws_invalid_depth_window", "", ()),
        ("error_ws_invalid_stream", "", ()),
        ("error_ws_parse", "", ()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_recorded_payload_is_read_value_by_value(
    sample: Sample, file: str, stream: str, events: tuple[Event, ...]
) -> None:
    codec = listening_codec()
    assert codec.receive(combined(sample, file, stream), RECEIVED_NS) == events


@pytest.mark.recorded
def test_recorded_liquidation_is_told_to_those_who_wish_for_it(sample: Sample) -> None:
    """The example names a spot market; as a perpetual's it is complete."""
    codec = VENUE.codec(DERIVATIVES, Instruments([SOL_PERP]))
    codec.subscribe([Topic(Channel.LIQUIDATIONS, SOL_PERP.symbol)])
    frame = combined(sample, "ws_liquidation_docs", "liquidation")
    assert isinstance(frame, str)
    assert codec.receive(frame, RECEIVED_NS) == ()
    assert codec.receive(frame.replace("SOL_USDC", "SOL_USDC_PERP"), RECEIVED_NS) == (
        Liquidation(
            instrument=SOL_PERP,
            price=18.7,
            size=10.0,
            side=Side.BUY,
            venue_ns=1694688638091_000_000,
            received_ns=RECEIVED_NS,
        ),
    )


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("file", "stream", "instrument", "first", "last", "bids", "asks", "venue_us"),
    [
        ("ws_depth_docs", "depth.SOL_USDC", SOL, 94978271, 94978271,
         [(18.67, 0.832), (18.68, 0.0)], [(18.7, 0.0)], 1694687965941000),
        ("ws_depth_live", "", BTC, 6730019258, 6730019258, [(86655.9, 1.9423)], [],
         1790134357267289),
        ("ws_depth_delete_live", "", APPLE, 6789929, 6789929, [(340.32, 0.0)], [],
         1790134370874574),
        ("ws_depth_ccxt", "", ETH_SPOT, 1345937436, 1345937436, [], [], 1754903057555305),
        ("ws_depth_200ms_live", "", ETH, 7501116422, 7501116464,
         [(2754.43, 45.0537), (2755.33, 0.0), (2763.1, 0.1579)],
         [(2766.95, 6.9498), (2766.98, 22.8939), (2766.99, 0.271)], 1790134357903774),
    ],
)  # fmt: skip
def test_recorded_update_follows_the_book_before_it(
    sample: Sample,
    file: str,
    stream: str,
    instrument: Instrument,
    first: int,
    last: int,
    bids: list[Level],
    asks: list[Level],
    venue_us: int,
) -> None:
    codec = listening_codec()
    assert codec.receive(combined(sample, file, stream), RECEIVED_NS) == ()
    start = snapshot(instrument, first - 1, [], [])
    assert codec.start(start) == (
        start,
        BookDelta(
            instrument=instrument,
            bids=bids,
            asks=asks,
            previous=first - 1,
            sequence=last,
            venue_ns=venue_us * 1_000,
            received_ns=RECEIVED_NS,
        ),
    )
