"""HTX REST replies that have no twin in the streams: instruments, errors, envelopes.

Source: spot and linear swap API documentation (June 2021), V5 answers of June 2026, the hours of
funding and labels that the list of swaps had in September 2026, and recorded lists of April 2021
and February 2022.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final, Generic, Literal, TypeVar

from msgspec import Meta, Raw, Struct

from exchanges.htx.market_data import Day, TickerRow, TradeFacts, UpdateId
from exchanges.market.instrument import Instrument, Kind, Status, unified_symbol
from exchanges.market.numbers import Digits, Millis, Price, Size, plain, tick_of

T = TypeVar("T")

Positive = Annotated[float, Meta(gt=0, lt=1e15)]

_ONLINE: Final = "online"
_ENABLED: Final = "enabled"
# Codes that stand for other assets here than elsewhere, as ccxt found; the venue does not say so.
ASSETS: Final[Mapping[str, str]] = {
    "BIFI": "BITCOINFILE",
    "FUD": "FTXDEBT",
    "GET": "THEMIS",
    "GTC": "GAMECOM",
    "HIT": "HITCHAIN",
    "NGL": "GFNGL",
    "PNT": "PENTA",
    "SBTC": "SUPERBITCOIN",
    "SOUL": "SOULSAVER",
}
# Leveraged tokens, whose assets are baskets of the venue's own.
_BASKETS: Final = frozenset({"etp", "nav"})
_SWAP: Final = "swap"
_LISTED: Final = 1
# Labels, in small letters, of what is no coin: two thirds of the linear swaps of 2026, of which
# some are spelled like coins (META, BNC, PENG). Tokens of gold are labelled as metals.
_OTHER_CLASSES: Final = frozenset(
    {"tradfi", "stock", "stocks", "index", "indices", "forex", "fx"}
    | {"commodity", "commodities", "metal", "metals"}
)
_GOLD_TOKENS: Final = frozenset({"PAXG", "XAUT"})

FundingHours = Annotated[float, Meta(gt=0, le=24)]
"""Between two charges: 1, 4 and 8 were seen."""


class Reply(Struct, Generic[T]):
    """A reply of the older paths that is not an error; `ts` is text in some."""

    status: Literal["ok"]
    data: T
    ts: Millis | None = None


class V5Reply(Struct, Generic[T]):
    """A reply of the newer paths."""

    code: Literal[200]
    data: T
    ts: Millis


class TickReply(Struct, Generic[T]):
    """A reply of the market data, as streams have it."""

    status: Literal["ok"]
    tick: T
    ts: Millis


class TicksReply(Struct, Generic[T]):
    """Statistics of several contracts."""

    status: Literal["ok"]
    ticks: list[T]
    ts: Millis


class Data(Struct):
    """Rows within a tick."""

    data: list[Raw]


class ErrorBody(
    Struct,
    rename={"err_code": "err-code", "err_msg": "err-msg", "number": "err_code", "words": "err_msg"},
):
    """What a reply says of itself: spot (`err-code`), swaps (`err_code`), or V5 (`code`)."""

    status: str = ""
    err_code: str = ""
    err_msg: str = ""
    number: int | str = ""
    words: str = ""
    code: int | str | None = None
    message: str = ""


class SpotInfo(Struct, rename="kebab"):
    """A row of the spot markets. The venue writes its names with hyphens."""

    symbol: str
    base_currency: str
    quote_currency: str
    price_precision: Digits
    amount_precision: Digits
    state: str
    api_trading: str = ""
    tags: str | None = None
    limit_order_min_order_amt: Size = 0.0
    limit_order_max_order_amt: Size = 0.0
    min_order_value: Size = 0.0

    def instrument(self, venue: str) -> Instrument | None:
        """The instrument, unless it is a leveraged token."""
        if _BASKETS & set((self.tags or "").split(",")):
            return None
        base, quote = usual_name(self.base_currency), usual_name(self.quote_currency)
        is_open = self.state == _ONLINE and self.api_trading == _ENABLED
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote),
            native=self.symbol,
            kind=Kind.SPOT,
            base=base,
            quote=quote,
            tick=tick_of(self.price_precision),
            step=tick_of(self.amount_precision),
            min_size=_exact(self.limit_order_min_order_amt),
            max_size=_exact(self.limit_order_max_order_amt) or None,
            min_notional=_exact(self.min_order_value),
            status=Status.TRADING if is_open else Status.HALTED,
        )


def usual_name(asset: str) -> str:
    """What others call an asset of the venue, in capitals."""
    return ASSETS.get(asset.upper(), asset.upper())


class SwapInfo(Struct):
    """A row of the contracts; orders count whole ones.

    Those of the linear list are worth base units, those of the inverse one, which is only met in
    recordings, dollars. Old lists have neither hours of funding nor labels.
    """

    contract_code: str
    contract_size: Positive
    price_tick: Positive
    contract_status: int
    contract_type: str = _SWAP
    settlement_period: FundingHours | None = None
    labels: list[str] | None = None
    tradfi_labels: list[str] | None = None

    @property
    def is_coin(self) -> bool:
        """Whether a coin is traded, and no stock, metal, index or the like."""
        told = {label.lower() for label in (*(self.labels or ()), *(self.tradfi_labels or ()))}
        base, _, _ = self.contract_code.partition("-")
        return not told & _OTHER_CLASSES or base in _GOLD_TOKENS

    def instrument(self, venue: str, *, inverse: bool = False) -> Instrument | None:
        """Perpetuals on coins; dated futures and other classes of assets are left out."""
        if self.contract_type != _SWAP or not self.is_coin:
            return None
        own_base, _, own_quote = self.contract_code.partition("-")
        if not own_base or not own_quote or "-" in own_quote:
            raise ValueError(f"{self.contract_code!r} names no pair")
        base, quote = usual_name(own_base), usual_name(own_quote)
        settle = base if inverse else quote
        size = _exact(self.contract_size)
        # What an inverse contract is in base units depends on the price.
        step = Decimal(0) if inverse else size
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote, settle),
            native=self.contract_code,
            kind=Kind.PERPETUAL,
            base=base,
            quote=quote,
            settle=settle,
            tick=_exact(self.price_tick),
            step=step,
            min_size=step,
            contract_size=size,
            inverse=inverse,
            funding_interval_s=self.settlement_period and self.settlement_period * 3600,
            status=Status.TRADING if self.contract_status == _LISTED else Status.HALTED,
        )


def _exact(value: float) -> Decimal:
    """The decimal that the venue wrote, without the zeros it may have filled up with."""
    return Decimal(plain(value))


class RestTradeRow(TradeFacts, rename="kebab"):
    """Its id is `trade-id`."""

    trade_id: UpdateId


class TradesOfOne(Struct):
    """The trades of one taker's order."""

    data: list[Raw]


class NamedTicker(TickerRow, kw_only=True):
    symbol: str


class MergedDay(Day):
    """Statistics of 24 hours with the best levels: price and size, none for an empty side."""

    bid: tuple[Price, Size] | None = None
    ask: tuple[Price, Size] | None = None
