"""Markets and their rules: unified symbols, instruments, rounding to tick and step.

A unified symbol is `BTC/USDT` for a spot market and `BTC/USDT:USDT` for a perpetual settled in
USDT, as in most of the ecosystem. Sizes are in base units everywhere outside a venue's codec;
contracts are converted there with `Instrument.units_per_contract`, and where the venue trades
many of an asset as one (`units.py`), what it says is converted to the asset in `scaled.py`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from exchanges.market.units import Unit, is_multiplier

# A size of 10^18 in steps of 10^-18 has 37 digits, more than the 28 of the default context.
_EXACT: Final = Context(prec=60)
_ZERO: Final = Decimal(0)
_ASSET: Final = re.compile(r"[^/:\s]+")
_SYMBOL: Final = re.compile(r"([^/:\s]+)/([^/:\s]+)(?::([^/:\s]+))?")


class Kind(StrEnum):
    """What is traded: the asset itself, or a perpetual future on it."""

    SPOT = "spot"
    PERPETUAL = "perpetual"


class Status(StrEnum):
    """Whether orders are accepted. Only `TRADING` markets take part in detection."""

    TRADING = "trading"
    HALTED = "halted"
    DELISTED = "delisted"


def unified_symbol(base: str, quote: str, settle: str = "") -> str:
    """`BASE/QUOTE`, or `BASE/QUOTE:SETTLE` for a derivative."""
    return f"{base}/{quote}:{settle}" if settle else f"{base}/{quote}"


def is_asset(name: str) -> bool:
    """Whether a name can stand in a unified symbol."""
    return _ASSET.fullmatch(name) is not None


def split_symbol(symbol: str) -> tuple[str, str, str]:
    """Base, quote and settle asset of a unified symbol; settle is "" for spot.

    Raises:
        ValueError: `symbol` is not of the form `BASE/QUOTE` or `BASE/QUOTE:SETTLE`.
    """
    match = _SYMBOL.fullmatch(symbol)
    if match is None:
        raise ValueError(
            f"{symbol!r} is not a unified symbol: write BASE/QUOTE for spot (BTC/USDT) "
            "or BASE/QUOTE:SETTLE for a perpetual (BTC/USDT:USDT)"
        )
    return match[1], match[2], match[3] or ""


def kind_of(symbol: str) -> Kind:
    """The kind that a unified symbol names."""
    return Kind.PERPETUAL if split_symbol(symbol)[2] else Kind.SPOT


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One market of one venue, with the rules an order there must meet.

    Sizes are in base units and prices in quote per base, also where the venue counts contracts.
    Fees are fractions of the traded value (0.001 is 10 bp); None where the venue publishes none.
    """

    venue: str
    symbol: str
    native: str
    """The venue's own name, as it stands in its payloads."""
    kind: Kind
    base: str
    quote: str
    settle: str = ""
    tick: Decimal
    step: Decimal
    min_size: Decimal = Decimal(0)
    max_size: Decimal | None = None
    min_notional: Decimal = Decimal(0)
    """Smallest value of an order in quote currency; 0 where the venue has no such rule."""
    contract_size: Decimal = Decimal(1)
    """Base units in one of what the venue's orders count: 1 where that is the asset itself.

    For an inverse contract its value in quote currency.
    """
    multiplier: int = 1
    """Base units in one unit that the venue trades, a power of ten: 1000 where that is `1000PEPE`.

    Prices, sizes and rules are per base unit here and in all events. The venue's own price is the
    price here times `multiplier`, and its own size the size here divided by it.
    """
    traded_as: str = ""
    """What the venue calls that unit, where `multiplier` is not 1."""
    book_of: str = ""
    """The native name of the market whose book this one has, where it has none of its own.

    Such two are one book with two settlements: what is bought by one cannot be sold to the other,
    so that they are never compared, and frames name the other, so that no connection tells of both.
    """
    inverse: bool = False
    price_digits: int = 0
    """Significant digits a price may have, where that limits it beyond `tick`; 0 for no limit."""
    funding_interval_s: float | None = None
    """Seconds between two charges of funding, where the venue's lists tell it."""
    status: Status = Status.TRADING
    maker_fee: Decimal | None = None
    taker_fee: Decimal | None = None

    def __post_init__(self) -> None:
        limits = (self.tick, self.step, self.min_size, self.min_notional, self.max_size or _ZERO)
        if not all(limit.is_finite() and limit >= 0 for limit in (*limits, self.contract_size)):
            raise ValueError(f"{self.native}: a rule that no market can have")
        if not is_multiplier(self.multiplier):
            raise ValueError(
                f"{self.native}: a unit of {self.multiplier} is no power of ten up to 10^9"
            )

    def __str__(self) -> str:
        return f"{self.venue} {self.symbol}"

    def goes_on_from(self, before: "Instrument") -> bool:
        """Whether what is kept of a market goes on: the same one of the venue, in the same units.

        Levels that a book holds were converted when they came: with another size of a contract it
        would mix two units.
        """
        return (self.native, self.book, self.multiplier, self.contract_size, self.inverse) == (
            before.native,
            before.book,
            before.multiplier,
            before.contract_size,
            before.inverse,
        )

    @property
    def book(self) -> str:
        """The venue's name of the book: its own, or that of the market which it shares it with."""
        return self.book_of or self.native

    def is_twin_of(self, other: "Instrument") -> bool:
        """Whether it is another market of the same venue with the same book."""
        ours, theirs = (self.venue, self.kind, self.book), (other.venue, other.kind, other.book)
        return ours == theirs and self.native != other.native

    def floor_size(self, size: Decimal) -> Decimal:
        """The largest tradable size that is not above `size`."""
        return _round(size, self.step, ROUND_FLOOR)

    def floor_price(self, price: Decimal) -> Decimal:
        """The highest valid price that is not above `price`: what a buyer bids."""
        return _round(price, self._increment(price), ROUND_FLOOR)

    def ceil_price(self, price: Decimal) -> Decimal:
        """The lowest valid price that is not below `price`: what a seller asks."""
        return _round(price, self._increment(price), ROUND_CEILING)

    @property
    def contract_units(self) -> Decimal:
        """`contract_size` as the venue's numbers have it: in the unit that it trades."""
        if self.multiplier == 1 or self.inverse:
            return self.contract_size
        return self.contract_size / self.multiplier

    def units_per_contract(self, price: float) -> float:
        """Units that one contract stands for, at a price of one unit as the venue tells it."""
        size = float(self.contract_units)
        return size / price if self.inverse else size

    def per_base_of(self, unit: Unit) -> "Instrument":
        """This market, which was told in a venue's own unit, told per unit of the plain asset."""
        if unit.multiplier == 1:
            return self
        told = self._in(unit.asset, Decimal(unit.multiplier))
        return replace(told, multiplier=unit.multiplier, traded_as=self.base)

    def as_traded(self) -> "Instrument":
        """This market in the unit that the venue trades, under the venue's name of it."""
        if self.multiplier == 1:
            return self
        own = self._in(self.traded_as, 1 / Decimal(self.multiplier))
        return replace(own, multiplier=1, traded_as="")

    def _in(self, base: str, factor: Decimal) -> "Instrument":
        """The same rules told in another unit of the base, of which the old one holds `factor`."""
        share = _divided(Decimal(1), factor)
        return replace(
            self,
            symbol=unified_symbol(base, self.quote, self.settle),
            base=base,
            tick=_divided(self.tick, factor),
            step=_divided(self.step, share),
            min_size=_divided(self.min_size, share),
            max_size=None if self.max_size is None else _divided(self.max_size, share),
            contract_size=_divided(self.contract_size, Decimal(1) if self.inverse else share),
        )

    def _increment(self, price: Decimal) -> Decimal:
        if not self.price_digits or not price:
            return self.tick
        return max(self.tick, Decimal(1).scaleb(price.adjusted() + 1 - self.price_digits))


def _round(value: Decimal, increment: Decimal, rounding: str) -> Decimal:
    if not increment:
        return value
    with localcontext(_EXACT):
        return (value / increment).quantize(Decimal(1), rounding=rounding) * increment


def _divided(value: Decimal, by: Decimal) -> Decimal:
    """The exact quotient, with no more digits behind the point than it needs, and no exponent."""
    return value / by + 0


class Instruments:
    """The instruments of one venue, found by unified symbol or by the venue's own name.

    `units` are what its user knows of the venue's assets: each that stands there is told as so
    many of another. Where a venue trades an asset both plainly and in a larger unit, and both
    markets would have one symbol, that of the larger unit keeps the venue's name.
    """

    def __init__(
        self, instruments: Iterable[Instrument] = (), units: Mapping[str, Unit] | None = None
    ) -> None:
        self.units = units or {}
        self._by_symbol: dict[str, Instrument] = {}
        self._by_native: dict[tuple[Kind, str], Instrument] = {}
        for instrument in instruments:
            self.add(instrument)

    def add(self, instrument: Instrument) -> None:
        """Add an instrument, or replace the one of the same symbol."""
        if unit := self.units.get(instrument.traded_as or instrument.base):
            instrument = instrument.as_traded().per_base_of(unit)
        holder = self._by_symbol.get(instrument.symbol)
        if holder and holder.traded_as != instrument.traded_as:
            if instrument.multiplier != 1:
                instrument = instrument.as_traded()
            else:
                self._put(holder.as_traded())
        self._put(instrument)

    def get(self, symbol: str) -> Instrument | None:
        return self._by_symbol.get(symbol)

    def native(self, kind: Kind, name: str) -> Instrument | None:
        """The instrument that the venue calls `name`; spot and perpetual may share a name."""
        return self._by_native.get((kind, name))

    def traded_as(self, symbol: str) -> Instrument | None:
        """The instrument whose symbol this would be if it were told in the venue's own unit."""
        scaled = (one for one in self if one.multiplier != 1)
        return next((one for one in scaled if one.as_traded().symbol == symbol), None)

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._by_symbol.values())

    def __len__(self) -> int:
        return len(self._by_symbol)

    def _put(self, instrument: Instrument) -> None:
        self._by_symbol[instrument.symbol] = instrument
        self._by_native[instrument.kind, instrument.native] = instrument
