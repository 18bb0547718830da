"""OKX v5 market data, streamed or by REST: the venue's own spelling, and what it means.

Source: official guide (English, August 2025; Chinese, July 2026), chapters "Order Book Trading /
Market Data" and "Public Data", and recorded frames of May 2022. All numbers are JSON strings,
times included (milliseconds); `seqId` and `prevSeqId` are integers. Sizes of swaps are contracts.
"""

from math import inf
from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from exchanges.market.events import (
    UNTOLD,
    BookDelta,
    BookSnapshot,
    Funding,
    Kline,
    Level,
    Liquidation,
    MarkPrice,
    OpenInterest,
    StreamEvent,
    Ticker,
    Top,
    Trade,
)
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, Millis, Price, Rate, Size, Traded, optional
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval

SequenceId = Annotated[int, Meta(ge=-1, le=(1 << 63) - 1)]

# Eight hours are usual and shorter intervals are listed; a day leaves room.
_LONGEST_FUNDING_S: Final = 86_400.0
# At a price near zero an inverse contract is worth more of the base than there can be.
_MOST_BASE: Final = 1e30
# New listings rise a hundredfold in a day; a millionfold is a mistake.
_MOST_CHANGE: Final = 1e6

# Candles of six hours and more open at UTC+8 unless their name says otherwise.
CANDLE_NAMES: Final = {
    KlineInterval.M1: "1m",
    KlineInterval.M3: "3m",
    KlineInterval.M5: "5m",
    KlineInterval.M15: "15m",
    KlineInterval.M30: "30m",
    KlineInterval.H1: "1H",
    KlineInterval.H2: "2H",
    KlineInterval.H4: "4H",
    KlineInterval.H6: "6Hutc",
    KlineInterval.H12: "12Hutc",
    KlineInterval.D1: "1Dutc",
    KlineInterval.D2: "2Dutc",
    KlineInterval.D3: "3Dutc",
    KlineInterval.W1: "1Wutc",
    KlineInterval.MO1: "1Mutc",
    KlineInterval.MO3: "3Mutc",
}


def kind_of(native: str) -> Kind:
    """The kind of market that a native name tells."""
    return Kind.PERPETUAL if native.endswith("-SWAP") else Kind.SPOT


class Arg(Struct, frozen=True):
    """What a frame is about. Some channels name a kind of instruments instead of one."""

    channel: str = ""
    instId: str = ""
    instType: str = ""


class Envelope(Struct):
    """Any JSON frame: data (`arg`, `data`) or news of the connection (`event`).

    `data` stays undecoded until the channel has told its type.
    """

    arg: Arg = Arg()
    data: Raw = Raw()
    action: str = ""
    event: str = ""
    id: str = ""
    code: str = ""
    msg: str = ""


class BookLevel(Struct, array_like=True, gc=False):
    """`[price, size, deprecated, number of orders]`."""

    price: Price
    size: Size


Levels = list[BookLevel]


def in_base_units(levels: Levels, instrument: Instrument) -> list[Level]:
    """Sizes are base units on spot and contracts on swaps.

    Raises:
        ValueError: a price at which an inverse contract has no size.
    """
    if instrument.kind is Kind.SPOT:
        return [(level.price, level.size) for level in levels]
    if instrument.inverse:
        return [(level.price, _base_units(level.size, level.price, instrument)) for level in levels]
    per_contract = float(instrument.contract_units)
    return [(level.price, level.size * per_contract) for level in levels]


def _base_units(contracts: float, price: float, instrument: Instrument) -> float:
    size = contracts * instrument.units_per_contract(price)
    if not size < _MOST_BASE or (contracts and not size):
        raise ValueError(f"{contracts} contracts at {price} have no size")
    return size


class BookMessage(Struct):
    """`books` (400 levels) and the REST book.

    Frames from before 2023 carry no ids; the checksum of those since June 2026 is always 0.
    """

    bids: Levels
    asks: Levels
    ts: Millis
    seqId: SequenceId | None = None
    prevSeqId: SequenceId | None = None
    checksum: int | None = None

    @property
    def has_ids(self) -> bool:
        """The message is linked to those before and after it; if not, its checksum proves it.

        Raises:
            ValueError: nothing proves it.
        """
        has_ids = self.seqId is not None and self.prevSeqId is not None
        is_old = self.seqId is None and self.prevSeqId is None and self.checksum is not None
        if not has_ids and not is_old:
            raise ValueError("a book with neither both ids nor a checksum")
        return has_ids

    @property
    def sequence(self) -> int:
        """The id. Frames of old have only their stamp, and some books by request nothing."""
        if self.seqId is None:
            return 0 if self.checksum is None else self.ts
        return self.seqId

    def delta(self, instrument: Instrument, received_ns: int) -> BookDelta:
        """An update; of one without ids only the order and the checksum are told."""
        has_ids = self.has_ids
        return BookDelta(
            instrument=instrument,
            bids=in_base_units(self.bids, instrument),
            asks=in_base_units(self.asks, instrument),
            previous=UNTOLD if self.prevSeqId is None else self.prevSeqId,
            sequence=self.sequence,
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
            checksum=None if has_ids else self.checksum,
        )

    def snapshot(
        self, instrument: Instrument, received_ns: int, *, window: int = 0, verified: int = 0
    ) -> BookSnapshot:
        return BookSnapshot(
            instrument=instrument,
            bids=in_base_units(self.bids, instrument),
            asks=in_base_units(self.asks, instrument),
            sequence=self.sequence,
            window=window,
            verified=verified,
            checksum=None if self.seqId is not None else self.checksum,
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )


class TopMessage(Struct):
    """`bbo-tbt`: one level a side, none for an empty side."""

    bids: Levels
    asks: Levels
    ts: Millis
    seqId: SequenceId = 0

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        (bid, bid_size), *_ = [*in_base_units(self.bids, instrument), (0.0, 0.0)]
        (ask, ask_size), *_ = [*in_base_units(self.asks, instrument), (inf, 0.0)]
        top = Top(
            instrument=instrument,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
            sequence=self.seqId,
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )
        return (top,)


class TradeMessage(Struct):
    """`trades` and the REST trades: `side` is the taker's."""

    tradeId: str
    px: Price
    sz: Traded
    side: str
    ts: Millis

    def trade(self, instrument: Instrument, received_ns: int) -> Trade:
        is_spot = instrument.kind is Kind.SPOT
        return Trade(
            instrument=instrument,
            price=self.px,
            size=self.sz if is_spot else _base_units(self.sz, self.px, instrument),
            side=Side[self.side.upper()],
            trade_id=self.tradeId,
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return (self.trade(instrument, received_ns),)


class TickerMessage(Struct):
    """`tickers` and the REST ticker; numbers that do not exist are empty strings.

    Volumes: on spot `vol24h` is base and `volCcy24h` quote, on swaps contracts and base.
    """

    last: str
    askPx: str
    bidPx: str
    open24h: str
    high24h: str
    low24h: str
    vol24h: str
    volCcy24h: str
    ts: Millis

    def ticker(self, instrument: Instrument, received_ns: int) -> Ticker:
        is_spot = instrument.kind is Kind.SPOT
        last, opened = optional(self.last), optional(self.open24h)
        return Ticker(
            instrument=instrument,
            last=last,
            bid=optional(self.bidPx),
            ask=optional(self.askPx),
            high=optional(self.high24h),
            low=optional(self.low24h),
            volume=optional(self.vol24h if is_spot else self.volCcy24h),
            quote_volume=optional(self.volCcy24h) if is_spot else None,
            change=_change(last, opened),
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return (self.ticker(instrument, received_ns),)


def _change(last: float | None, opened: float | None) -> float | None:
    if not last or not opened:
        return None
    change = last / opened - 1
    if not change < _MOST_CHANGE:
        raise ValueError(f"a change from {opened} to {last}")
    return change


class CandleRow(Struct, array_like=True):
    """`candle*` and the REST candles. `volCcy` is quote on spot and base on swaps."""

    ts: Millis
    o: Size
    h: Size
    l: Size  # noqa: E741 - the venue's spelling
    c: Size
    vol: Size
    volCcy: Size
    volCcyQuote: Size
    confirm: str

    def kline(self, instrument: Instrument, interval: KlineInterval, received_ns: int) -> Kline:
        return Kline(
            instrument=instrument,
            interval=interval,
            open_ns=self.ts * NS_PER_MS,
            open=self.o,
            high=self.h,
            low=self.l,
            close=self.c,
            volume=self.vol if instrument.kind is Kind.SPOT else self.volCcy,
            quote_volume=self.volCcyQuote,
            closed=self.confirm == "1",
            received_ns=received_ns,
        )


class FundingMessage(Struct):
    """`funding-rate` and its REST twin: the rate will be charged at `fundingTime`.

    The interval is the time from that to `nextFundingTime`; it differs by contract and changes.
    """

    fundingRate: Rate
    fundingTime: Millis
    nextFundingTime: Millis
    ts: Millis

    def funding(self, instrument: Instrument, received_ns: int) -> Funding:
        interval_s = (self.nextFundingTime - self.fundingTime) / 1000
        if not 0 < interval_s <= _LONGEST_FUNDING_S:
            raise ValueError(f"funding every {interval_s} s")
        return Funding(
            instrument=instrument,
            rate=self.fundingRate,
            interval_s=interval_s,
            next_ns=self.fundingTime * NS_PER_MS,
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return (self.funding(instrument, received_ns),)


class MarkPriceMessage(Struct):
    """`mark-price` and its REST twin."""

    markPx: Price
    ts: Millis

    def mark_price(self, instrument: Instrument, received_ns: int) -> MarkPrice:
        return MarkPrice(
            instrument=instrument,
            mark=self.markPx,
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return (self.mark_price(instrument, received_ns),)


class OpenInterestMessage(Struct):
    """`open-interest` and its REST twin: `oiCcy` base units, `oiUsd` dollars."""

    oiCcy: Size
    oiUsd: Size
    ts: Millis

    def open_interest(self, instrument: Instrument, received_ns: int) -> OpenInterest:
        return OpenInterest(
            instrument=instrument,
            size=self.oiCcy,
            value=self.oiUsd,
            venue_ns=self.ts * NS_PER_MS,
            received_ns=received_ns,
        )

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return (self.open_interest(instrument, received_ns),)


class LiquidationDetail(Struct):
    """`side` sell: a long was liquidated. `bkPx` is the bankruptcy price, `sz` contracts."""

    side: str
    bkPx: Price
    sz: Traded
    ts: Millis


class LiquidationMessage(Struct):
    """`liquidation-orders`, of all instruments of a kind in one stream."""

    instId: str
    details: list[LiquidationDetail]

    def events(self, instrument: Instrument, received_ns: int) -> tuple[StreamEvent, ...]:
        return tuple(
            Liquidation(
                instrument=instrument,
                price=detail.bkPx,
                size=_base_units(detail.sz, detail.bkPx, instrument),
                side=Side[detail.side.upper()],
                venue_ns=detail.ts * NS_PER_MS,
                received_ns=received_ns,
            )
            for detail in self.details
        )
