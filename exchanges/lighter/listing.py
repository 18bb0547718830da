"""Lighter REST replies: the venue's own spelling, and what it means.

Source: official REST document (July 2026), replies captured in May 2026, and the models of the
official client of October 2026. Sizes are base units; fees are per cent.
"""

from decimal import Decimal
from itertools import groupby
from typing import Final, Literal

from msgspec import Raw, Struct

from exchanges.lighter.market_data import (
    FUNDING_S,
    check_interest,
    hour_after_ms,
)
from exchanges.market.events import (
    BookSnapshot,
    Funding,
    FundingCharge,
    Level,
    MarkPrice,
    OpenInterest,
)
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import (
    NS_PER_MS,
    NS_PER_S,
    Digits,
    Price,
    Rate,
    Seconds,
    Size,
    exact,
    tick_of,
)

# Binary options and whatever may come are left out.
_KINDS: Final = {"perp": Kind.PERPETUAL, "spot": Kind.SPOT}
_COLLATERAL: Final = "USDC"
_OURS: Final = "lighter"  # rates of other venues are listed as well
_HOURS_OF_RATE: Final = 8


# What `multiplier` says of a market that trades its asset one by one; none is told as 0 or "".
_ONE_BY_ONE: Final = (Decimal(1), Decimal(0))


class MarketConfig(Struct, frozen=True):
    """`hidden` is not read: a library's example has it of ETH, which trades.

    `trading_hours` of stocks is not understood; empty is always.
    """

    force_reduce_only: bool = False


class MarketRules(Struct):
    """A row of the order books. A perpetual's `symbol` is its base asset, a spot market's a pair.

    A symbol such as `1000PEPE` is a thousand of another asset; see `Surface.units`.
    """

    symbol: str
    market_id: int
    market_type: str
    status: str
    taker_fee: str
    maker_fee: str
    min_base_amount: str
    min_quote_amount: str
    size_decimals: Digits
    price_decimals: Digits
    is_taker_fee_enabled: bool = True
    is_maker_fee_enabled: bool = True
    is_frozen: bool = False
    multiplier: str = ""
    market_config: MarketConfig = MarketConfig()

    def instrument(self, venue: str) -> Instrument | None:
        """The instrument, unless it is of another kind.

        The smallest size and value are documented for makers' orders, and taken for all.

        Raises:
            ValueError: it has a multiplier, which no document explains: in which unit its prices
                and sizes are would be a guess.
        """
        kind = _KINDS.get(self.market_type)
        if kind is None:
            return None
        if exact(self.multiplier) not in _ONE_BY_ONE:
            raise ValueError(f"{self.symbol} has a multiplier of {self.multiplier}")
        base, _, quote = self.symbol.partition("/")
        quote = quote or _COLLATERAL
        is_perpetual = kind is Kind.PERPETUAL
        settle = quote if is_perpetual else ""
        is_limited = self.is_frozen or self.market_config.force_reduce_only
        is_open = self.status == "active" and not is_limited
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote, settle),
            native=str(self.market_id),
            kind=kind,
            base=base,
            quote=quote,
            settle=settle,
            tick=tick_of(self.price_decimals),
            step=tick_of(self.size_decimals),
            min_size=exact(self.min_base_amount),
            min_notional=exact(self.min_quote_amount),
            funding_interval_s=FUNDING_S if is_perpetual else None,
            status=Status.TRADING if is_open else Status.HALTED,
            maker_fee=_fraction(self.maker_fee) if self.is_maker_fee_enabled else Decimal(0),
            taker_fee=_fraction(self.taker_fee) if self.is_taker_fee_enabled else Decimal(0),
        )


def _fraction(percent: str) -> Decimal:
    return exact(percent) / 100


class Markets(Struct):
    """Either list may be null."""

    order_book_details: list[Raw] | None = None
    spot_order_book_details: list[Raw] | None = None

    @property
    def rows(self) -> list[Raw]:
        return [*(self.order_book_details or []), *(self.spot_order_book_details or [])]


class PerpetualRow(Struct):
    """`open_interest` is base units here; the prices are newer than some captures."""

    open_interest: Size
    mark_price: Price
    index_price: Price

    def mark(self, instrument: Instrument, received_ns: int) -> MarkPrice:
        return MarkPrice(
            instrument=instrument,
            mark=self.mark_price,
            index=self.index_price,
            received_ns=received_ns,
        )


class InterestRow(Struct):
    open_interest: Size
    mark_price: Price | None = None

    def interest(self, instrument: Instrument, received_ns: int) -> OpenInterest:
        value = None if self.mark_price is None else self.open_interest * self.mark_price
        check_interest(value or 0.0)
        return OpenInterest(
            instrument=instrument, size=self.open_interest, value=value, received_ns=received_ns
        )


class RestingOrder(Struct):
    price: Price
    remaining_base_amount: Size


class Orders(Struct):
    """The best orders of both sides, and how many there are in all."""

    bids: list[RestingOrder] | None
    asks: list[RestingOrder] | None
    total_bids: int
    total_asks: int

    def snapshot(self, instrument: Instrument, depth: int, received_ns: int) -> BookSnapshot:
        """The best `depth` levels (0: all that are told)."""
        return BookSnapshot(
            instrument=instrument,
            bids=_levels(self.bids or [], self.total_bids, -1)[: depth or None],
            asks=_levels(self.asks or [], self.total_asks, 1)[: depth or None],
            sequence=0,
            received_ns=received_ns,
        )


def _levels(orders: list[RestingOrder], total: int, sign: int) -> list[Level]:
    """Orders of one price as one level; where orders are missing the last one is not whole."""
    ranked = sorted(orders, key=lambda order: sign * order.price)
    levels = [
        (price, sum(order.remaining_base_amount for order in same))
        for price, same in groupby(ranked, key=lambda order: order.price)
    ]
    if total > len(orders):
        levels = levels[:-1]
    # Sums of decimals end in a last binary digit of their own.
    return [(price, round(size, 12)) for price, size in levels if size]


class Trades(Struct):
    """Recent trades, newest first."""

    trades: list[Raw] | None


class Candles(Struct):
    c: list[Raw] | None


class FundingRate(Struct):
    """The estimate for the hour, as a fraction for eight hours."""

    exchange: str
    rate: Rate

    @property
    def is_ours(self) -> bool:
        return self.exchange == _OURS

    def funding(self, instrument: Instrument, received_ns: int) -> Funding:
        """It is charged at the end of the hour; the reply has no time."""
        return Funding(
            instrument=instrument,
            rate=self.rate / _HOURS_OF_RATE,
            interval_s=FUNDING_S,
            next_ns=hour_after_ms(received_ns // NS_PER_MS) * NS_PER_MS,
            received_ns=received_ns,
        )


class FundingRates(Struct):
    funding_rates: list[Raw] | None


class PastFunding(Struct):
    """`rate` is per cent an hour without a sign: `direction` tells who paid."""

    timestamp: Seconds
    rate: Rate
    direction: Literal["long", "short"]

    def charge(self, instrument: Instrument, received_ns: int) -> FundingCharge:
        sign = 1 if self.direction == "long" else -1
        return FundingCharge(
            instrument=instrument,
            rate=sign * abs(self.rate) / 100,
            charged_ns=self.timestamp * NS_PER_S,
            received_ns=received_ns,
        )


class Fundings(Struct):
    fundings: list[Raw] | None


class State(Struct):
    """The venue's clock."""

    timestamp: Seconds


class ErrorBody(Struct):
    """Every reply but the clock's has a code, which is 200 for success."""

    code: int = 200
    message: str | None = None
