"""OKX v5 REST replies that have no twin in the streams: instruments, time, the envelope.

Source: official guide, "Public Data / Get instruments" and "Get system time" (July 2026).
"""

from decimal import Decimal
from typing import Annotated, Final, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from exchanges.market.events import FundingCharge
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import NS_PER_MS, Millis, Rate, exact

T = TypeVar("T")

_KINDS: Final = {"SPOT": Kind.SPOT, "SWAP": Kind.PERPETUAL}
_STATUS: Final = {"live": Status.TRADING, "expired": Status.DELISTED}
# Stocks, commodities and the like have other categories.
_CRYPTO: Final = "1"


class Reply(Struct, Generic[T]):
    """Every reply that is not an error."""

    code: Literal["0"]
    data: list[T]


class ErrorBody(Struct):
    """What a reply says of itself; `code` is "0" for success, and five digits for most errors."""

    code: Annotated[str, Meta(max_length=10)]
    msg: str = ""


class ServerTime(Struct):
    ts: Millis


class FundingCharged(Struct):
    """A row of the funding history; `realizedRate` is what was charged."""

    fundingTime: Millis
    realizedRate: Rate

    def charge(self, instrument: Instrument, received_ns: int) -> FundingCharge:
        return FundingCharge(
            instrument=instrument,
            rate=self.realizedRate,
            charged_ns=self.fundingTime * NS_PER_MS,
            received_ns=received_ns,
        )


class InstrumentInfo(Struct):
    """A row of the instrument list; numbers that do not apply are empty strings.

    Sizes of swaps are contracts of `ctVal` x `ctMult`: base units if linear, quote units if
    inverse.
    """

    instType: str
    instId: str
    state: str
    tickSz: str
    lotSz: str
    minSz: str
    maxLmtSz: str = ""
    baseCcy: str = ""
    quoteCcy: str = ""
    settleCcy: str = ""
    uly: str = ""
    ctVal: str = ""
    ctMult: str = ""
    ctType: str = ""
    instCategory: str = _CRYPTO

    def instrument(self, venue: str) -> Instrument | None:
        """Spot and perpetual swaps on crypto assets; dated futures and options are left out.

        A swap of `ruleType` "pre_market", on what has no spot market yet, is one like any other.
        """
        if self.instType not in _KINDS or self.instCategory != _CRYPTO:
            return None
        kind = _KINDS[self.instType]
        is_swap = kind is Kind.PERPETUAL
        is_inverse = self.ctType == "inverse"
        base, _, quote = self.uly.partition("-") if is_swap else (self.baseCcy, "", self.quoteCcy)
        contract_size = exact(self.ctVal) * exact(self.ctMult or "1") if is_swap else Decimal(1)
        if not contract_size:
            raise ValueError(f"{self.instId}: contracts of nothing")
        # What a lot of an inverse contract is in base units depends on the price, so that no
        # size can be rounded to it here.
        per_lot = Decimal(0) if is_inverse else contract_size
        settle = self.settleCcy if is_swap else ""
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote, settle),
            native=self.instId,
            kind=kind,
            base=base,
            quote=quote,
            settle=settle,
            tick=exact(self.tickSz),
            step=exact(self.lotSz) * per_lot,
            min_size=exact(self.minSz) * per_lot,
            max_size=exact(self.maxLmtSz) * per_lot or None,
            contract_size=contract_size,
            inverse=is_inverse,
            status=_STATUS.get(self.state, Status.HALTED),
        )
