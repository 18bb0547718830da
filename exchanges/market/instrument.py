"""Markets and their rules: unified symbols, instruments, rounding to tick and step.

A unified symbol is `BTC/USDT` for a spot market and `BTC/USDT:USDT` for a perpetual settled in
USDT, as in most of the ecosystem. Sizes are in base units everywhere outside a venue's codec;
contracts are converted there with `Instrument.base_per_contract`.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext
from enum import StrEnum
from typing import Final

import msgspec

# A size of 10^18 in steps of 10^-18 has 37 digits, more than the 28 of the default context.
_EXACT: Final = Context(prec=60)
_ZERO: Final = Decimal(0)
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
    """Base units per contract; for an inverse contract its value in quote currency."""
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

    def floor_size(self, size: Decimal) -> Decimal:
        """The largest tradable size that is not above `size`."""
        return _round(size, self.step, ROUND_FLOOR)

    def floor_price(self, price: Decimal) -> Decimal:
        """The highest valid price that is not above `price`: what a buyer bids."""
        return _round(price, self._increment(price), ROUND_FLOOR)

    def ceil_price(self, price: Decimal) -> Decimal:
        """The lowest valid price that is not below `price`: what a seller asks."""
        return _round(price, self._increment(price), ROUND_CEILING)

    def base_per_contract(self, price: float) -> float:
        """Base units that one contract stands for at `price`."""
        size = float(self.contract_size)
        return size / price if self.inverse else size

    def _increment(self, price: Decimal) -> Decimal:
        if not self.price_digits or not price:
            return self.tick
        return max(self.tick, Decimal(1).scaleb(price.adjusted() + 1 - self.price_digits))


def _round(value: Decimal, increment: Decimal, rounding: str) -> Decimal:
    if not increment:
        return value
    with localcontext(_EXACT):
        return (value / increment).quantize(Decimal(1), rounding=rounding) * increment


class Instruments:
    """The instruments of one venue, found by unified symbol or by the venue's own name."""

    def __init__(self, instruments: Iterable[Instrument] = ()) -> None:
        self._by_symbol: dict[str, Instrument] = {}
        self._by_native: dict[tuple[Kind, str], Instrument] = {}
        for instrument in instruments:
            self.add(instrument)

    def add(self, instrument: Instrument) -> None:
        """Add an instrument, or replace the one of the same symbol."""
        self._by_symbol[instrument.symbol] = instrument
        self._by_native[instrument.kind, instrument.native] = instrument

    def get(self, symbol: str) -> Instrument | None:
        return self._by_symbol.get(symbol)

    def native(self, kind: Kind, name: str) -> Instrument | None:
        """The instrument that the venue calls `name`; spot and perpetual may share a name."""
        return self._by_native.get((kind, name))

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._by_symbol.values())

    def __len__(self) -> int:
        return len(self._by_symbol)
