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
from exchanges.market.numbers import (
    NS_PER_S,
    Millis,
    Price,
    Size,
    exact,
    optional,
    optional_rate,
)

# An hour was seen; a week leaves room.
_LONGEST_FUNDING_S: Final = 604_800.0
# In quote currency; beyond it the price or the size is a mistake.
_MOST_INTEREST: Final = 1e24
# Such perpetuals are traded elsewhere since October 2026; whether the list still has rows of them
# is not known.
_INTERNATIONAL: Final = "INTX"
_CRYPTO: Final = ("FUTURES_ASSET_TYPE_CRYPTO", "")  # others are energy, metals and stocks
_PERPETUAL: Final = "PERP"
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
    """`funding_interval` is null for futures that end at a date; the far expiry of others is none.

    Some rows are of no crypto, and their roots may be spelled like one.
    """

    contract_size: str
    contract_root_unit: str
    funding_interval: str | None = None
    non_crypto: bool = False
    futures_asset_type: str = ""

    @property
    def is_coin(self) -> bool:
        return not self.non_crypto and self.futures_asset_type in _CRYPTO


class TradingSession(Struct):
    """`fcm_trading_session_details`: futures rest for maintenance, and some by night."""

    is_session_open: bool = True


class Product(Struct):
    """A row of the products. `alias` names the product whose book this one shares.

    `display_name` of a perpetual ends in PERP.
    """

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
    display_name: str = ""
    future_product_details: FutureRules | None = None
    fcm_trading_session_details: TradingSession | None = None

    def instrument(self, venue: str) -> Instrument | None:
        """Spot markets, and perpetuals on coins that are traded here.

        BTC-USDC is the book of BTC-USD, and its frames say so; what is bought by that name is paid
        in USDC.
        """
        if self.product_type == "SPOT":
            return self._make(venue, Kind.SPOT, self.base_currency_id, FutureRules("1", ""))
        if self.product_type != "FUTURE" or self.product_venue == _INTERNATIONAL:
            return None
        future = self.future_product_details
        if future is None:
            raise ValueError(f"{self.product_id} has no details of a future")
        is_perpetual = future.funding_interval or self.display_name.endswith(_PERPETUAL)
        if not is_perpetual or not future.is_coin:
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
            book_of=self.alias,
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
        session = self.fcm_trading_session_details
        is_closed = session is not None and not session.is_session_open
        is_open = self.status in _ONLINE and not any(restrictions) and not is_closed
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
    """`funding_rate` is empty, and `funding_time` null, where none is known."""

    funding_rate: str | None
    funding_interval: str
    funding_time: str | None
    """The last charge; a client reads it as the next one, which a capture contradicts."""


class ProductFunding(Struct):
    future_product_details: FutureState

    def funding(self, instrument: Instrument, received_ns: int) -> Funding | None:
        """Whether the rate is that of the last charge or of the next one is not documented.

        None where there is no rate now.
        """
        state = self.future_product_details
        rate = optional_rate(state.funding_rate)
        if rate is None or state.funding_time is None:
            return None
        interval_s = _interval_s(state.funding_interval)
        if interval_s is None:
            raise ValueError(f"{instrument.native} tells no interval of funding")
        return Funding(
            instrument=instrument,
            rate=rate,
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
