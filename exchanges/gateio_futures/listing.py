"""Gate.io perpetuals: REST replies that have no twin in the streams: contracts, book, funding.

Source: "Futures" of the API v4 documentation (stored copies of 2025), replies quoted by ccxt in
2026, and recorded replies of May 2023.
"""

import re
from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta, Struct

from exchanges.dialects.gate_v4.listing import ASSETS
from exchanges.dialects.gate_v4.market_data import PriceSize, UpdateId, base_levels
from exchanges.gateio_futures.market_data import IntervalS
from exchanges.market.events import BookSnapshot, Funding, FundingCharge
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import NS_PER_S, NS_PER_US, Rate, Seconds, exact

# Names in other scripts are refused by the stream, and a whole request with them.
_NAME: Final = re.compile(r"[A-Z0-9]+_USDT")
_STATUS: Final = {"trading": Status.TRADING, "delisted": Status.DELISTED}
_TRADING: Final = "trading"
_WHOLE: Final = Decimal(1)
_CRYPTO: Final = ""  # stocks, metals, currencies and the like have other types of contract


class ContractInfo(Struct):
    """A row of the contracts: sizes are contracts of `quanto_multiplier` base units.

    Rows from before 2026 have no `status`. Contracts in delisting only let positions be reduced.
    `maker_fee_rate` and `taker_fee_rate` are nobody's ("just ignore them", the venue says).
    """

    name: str
    quanto_multiplier: str
    order_price_round: str
    order_size_min: Decimal
    order_size_max: Decimal
    funding_interval: IntervalS
    in_delisting: bool = False
    status: str = _TRADING
    is_pre_market: bool = False
    enable_decimal: bool = False
    contract_type: str = _CRYPTO

    def instrument(self, venue: str) -> Instrument | None:
        """The instrument, if it is one on a crypto asset that exists."""
        is_crypto = self.contract_type == _CRYPTO and not self.is_pre_market
        if not is_crypto or not _NAME.fullmatch(self.name):
            return None
        per_contract = exact(self.quanto_multiplier)
        if not per_contract:
            raise ValueError(f"{self.name}: contracts of nothing")
        base, _, quote = self.name.partition("_")
        base = ASSETS.get(base, base)
        status = _STATUS.get(self.status, Status.HALTED)
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote, quote),
            native=self.name,
            kind=Kind.PERPETUAL,
            base=base,
            quote=quote,
            settle=quote,
            tick=exact(self.order_price_round),
            step=self._step * per_contract,
            min_size=self.order_size_min * per_contract,
            max_size=self.order_size_max * per_contract or None,
            contract_size=per_contract,
            funding_interval_s=float(self.funding_interval),
            status=Status.HALTED if self.in_delisting and self.status == _TRADING else status,
        )

    @property
    def _step(self) -> Decimal:
        """Contracts by which sizes differ.

        Of those that are traded in fractions nobody says in which; the smallest size is one that
        may be traded, and what ccxt takes.
        """
        if self.enable_decimal and self.order_size_min > 0:
            return min(self.order_size_min, _WHOLE)
        return _WHOLE


class ContractFunding(Struct):
    """What a contract tells of its funding: `funding_rate` is charged at `funding_next_apply`,
    which is 0 where no charge is to come.

    The documentation calls `funding_rate_indicative` deprecated, and both are equal in replies
    of 2026, so that it foretells nothing.
    """

    funding_rate: Rate
    funding_interval: IntervalS
    funding_next_apply: Seconds

    def funding(self, instrument: Instrument, received_ns: int) -> Funding | None:
        if not self.funding_next_apply:
            return None
        return Funding(
            instrument=instrument,
            rate=self.funding_rate,
            interval_s=self.funding_interval,
            next_ns=self.funding_next_apply * NS_PER_S,
            received_ns=received_ns,
        )


class PastFunding(Struct):
    """A funding rate that was charged."""

    t: Seconds
    r: Rate

    def charge(self, instrument: Instrument, received_ns: int) -> FundingCharge:
        return FundingCharge(
            instrument=instrument,
            rate=self.r,
            charged_ns=self.t * NS_PER_S,
            received_ns=received_ns,
        )


class Depth(Struct):
    """Order book with its `id`; `current` is when it was told, in seconds with decimals."""

    id: UpdateId
    bids: list[PriceSize]
    asks: list[PriceSize]
    current: Annotated[float, Meta(ge=0, lt=1 << 43)] | None = None

    def snapshot(self, instrument: Instrument, window: int, received_ns: int) -> BookSnapshot:
        current_us = None if self.current is None else round(self.current * 1_000_000)
        return BookSnapshot(
            instrument=instrument,
            bids=base_levels(self.bids, instrument),
            asks=base_levels(self.asks, instrument),
            sequence=self.id,
            window=window,
            venue_ns=None if current_us is None else current_us * NS_PER_US,
            received_ns=received_ns,
        )
