"""Coinbase REST replies: the venue's own spelling, and what it means.

Source: Advanced Trade REST documentation (November 2026), and replies captured in April 2026.
Numbers are JSON strings; what does not exist is an empty string. Sizes of futures are contracts.
"""

from typing import Annotated, Final

from msgspec import Meta, Raw, Struct

from exchanges.coinbase.market_data import (
    ASSETS,
    base_units,
    fraction,
    utc_ns,
)
from exchanges.market.events import BookSnapshot, Funding, Level, OpenInterest, Ticker
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import NS_PER_S, Millis, Price, Rate, Size, exact, optional

# An hour was seen; a week leaves room.
_LONGEST_FUNDING_S: Final = 604_800.0
# In quote currency; beyond it the price or the size is a mistake.
_MOST_INTEREST: Final = 1e24
_INTERNATIONAL: Final = "INTX"
_ONLINE: Final = ("online", "")  # futures have no status


def _interval_s(text: str | None) -> float | None:
    """Seconds of an interval such as `3600s`, None where there is none."""
    if not text:
        return None
    seconds = float(text.removesuffix("s"))
    if not 0 < seconds <= _LONGEST_FUNDING_S:
        raise ValueError(f"funding every {text[:40]}")
    return seconds


class FutureRules(Struct):
    """`funding_rate` is null or empty for futures that end at a date, and only for them."""

    contract_size: str
    contract_root_unit: str
    funding_rate: str | None = ""
    funding_interval: str | None = ""


class Product(Struct):
    """A row of the products. `alias` names the product whose book this one shares."""

    product_id: str
    product_type: str
    base_increment: str
    price_increment: str
    base_min_size: str
    base_max_size: str
    quote_min_size: str
    base_currency_id: str
    quote_currency_id: str
    status: str
    trading_disabled: bool
    is_disabled: bool = False
    cancel_only: bool = False
    limit_only: bool = False
    post_only: bool = False
    view_only: bool = False
    auction_mode: bool = False
    product_venue: str = ""
    alias: str = ""
    future_product_details: FutureRules | None = None

    def instrument(self, venue: str) -> Instrument | None:
        """The instrument, unless it ends at a date or is another name of a market.

        BTC-USDC is the book of BTC-USD, and its frames say so: two markets of it would look like
        a chance to trade one against the other.
        """
        future = self.future_product_details
        is_future = self.product_type == "FUTURE"
        if self.alias or self.product_type not in ("SPOT", "FUTURE"):
            return None
        if not is_future or future is None:
            if is_future:
                raise ValueError(f"{self.product_id} has no details of a future")
            return self._make(venue, Kind.SPOT, self.base_currency_id, FutureRules("1", ""))
        if not future.funding_rate and self.product_venue != _INTERNATIONAL:
            return None
        return self._make(venue, Kind.PERPETUAL, future.contract_root_unit, future)

    def _make(self, venue: str, kind: Kind, base: str, future: FutureRules) -> Instrument:
        base = ASSETS.get(base, base)
        quote = ASSETS.get(self.quote_currency_id, self.quote_currency_id)
        if not base or not quote:
            raise ValueError(f"{self.product_id} tells no assets")
        settle = quote if kind is Kind.PERPETUAL else ""
        contract_size = exact(future.contract_size)
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote, settle),
            native=self.product_id,
            kind=kind,
            base=base,
            quote=quote,
            settle=settle,
            tick=exact(self.price_increment),
            step=exact(self.base_increment) * contract_size,
            min_size=exact(self.base_min_size) * contract_size,
            max_size=exact(self.base_max_size) * contract_size or None,
            min_notional=exact(self.quote_min_size),
            contract_size=contract_size,
            funding_interval_s=_interval_s(future.funding_interval),
            status=self._status(),
        )

    def _status(self) -> Status:
        if self.status == "delisted":
            return Status.DELISTED
        restrictions = (
            self.trading_disabled,
            self.is_disabled,
            self.cancel_only,
            self.limit_only,
            self.post_only,
            self.view_only,
            self.auction_mode,
        )
        is_open = self.status in _ONLINE and not any(restrictions)
        return Status.TRADING if is_open else Status.HALTED


class Products(Struct):
    products: list[Raw]


class ProductTicker(Struct):
    """A product as its last 24 hours; the quote volume is called approximate."""

    price: str
    volume_24h: str
    price_percentage_change_24h: str
    approximate_quote_24h_volume: str = ""
    best_bid_price: str = ""
    best_ask_price: str = ""

    def ticker(self, instrument: Instrument, received_ns: int) -> Ticker:
        volume = optional(self.volume_24h)
        return Ticker(
            instrument=instrument,
            last=optional(self.price),
            bid=optional(self.best_bid_price),
            ask=optional(self.best_ask_price),
            volume=None if volume is None else volume * base_units(instrument),
            quote_volume=optional(self.approximate_quote_24h_volume),
            change=fraction(self.price_percentage_change_24h),
            received_ns=received_ns,
        )


class FutureState(Struct):
    funding_rate: Rate
    funding_interval: str
    funding_time: str
    """The last charge; a client reads it as the next one, which a capture contradicts."""


class ProductFunding(Struct):
    future_product_details: FutureState

    def funding(self, instrument: Instrument, received_ns: int) -> Funding:
        """Whether the rate is that of the last charge or of the next one is not documented."""
        state = self.future_product_details
        interval_s = _interval_s(state.funding_interval)
        if interval_s is None:
            raise ValueError(f"{instrument.native} tells no interval of funding")
        return Funding(
            instrument=instrument,
            rate=state.funding_rate,
            interval_s=interval_s,
            next_ns=utc_ns(state.funding_time) + round(interval_s * NS_PER_S),
            received_ns=received_ns,
        )


class FutureInterest(Struct):
    open_interest: Size


class ProductInterest(Struct):
    price: Price
    future_product_details: FutureInterest

    def open_interest(self, instrument: Instrument, received_ns: int) -> OpenInterest:
        """Valued at the last price, for want of a mark price."""
        size = self.future_product_details.open_interest * base_units(instrument)
        value = size * self.price
        if not value < _MOST_INTEREST:
            raise ValueError(f"an open interest of {value}")
        return OpenInterest(instrument=instrument, size=size, value=value, received_ns=received_ns)


class PriceLevel(Struct):
    price: Price
    size: Size


class PriceBook(Struct):
    bids: list[PriceLevel]
    asks: list[PriceLevel]
    time: str


class Book(Struct):
    """The order book, without any number that could join it to the stream."""

    pricebook: PriceBook

    def snapshot(self, instrument: Instrument, received_ns: int) -> BookSnapshot:
        book, per_size = self.pricebook, base_units(instrument)

        def levels(side: list[PriceLevel]) -> list[Level]:
            return [(level.price, level.size * per_size) for level in side]

        return BookSnapshot(
            instrument=instrument,
            bids=levels(book.bids),
            asks=levels(book.asks),
            sequence=0,
            venue_ns=utc_ns(book.time),
            received_ns=received_ns,
        )


class Trades(Struct):
    """Recent trades, newest first."""

    trades: list[Raw]


class Candles(Struct):
    candles: list[Raw]


class Time(Struct):
    epochMillis: Millis


class ErrorEntry(Struct):
    id: Annotated[str, Meta(max_length=80)]
    message: str = ""


class ErrorBody(Struct):
    """Refusals come as a list, or as one error."""

    errors: list[ErrorEntry] = []
    error: Annotated[str, Meta(max_length=80)] = ""
    message: str = ""
