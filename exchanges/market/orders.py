"""What is ordered, owned, charged and earned. All money is `Decimal`.

Sizes are base units, prices quote currency per base unit, times UTC nanoseconds.
"""

from decimal import Decimal
from enum import IntEnum

import msgspec

from exchanges.market.instrument import Instrument


class Side(IntEnum):
    """Direction; the values let signed sizes be built by multiplication."""

    BUY = 1
    SELL = -1

    @property
    def opposite(self) -> "Side":
        return Side(-self.value)


class OrderType(IntEnum):
    MARKET = 1
    LIMIT = 2


class TimeInForce(IntEnum):
    GTC = 1  # good till cancelled
    IOC = 2  # immediate, the rest is cancelled
    FOK = 3  # all at once or nothing
    POST_ONLY = 4  # never takes liquidity


class OrderStatus(IntEnum):
    """Life of an order. `UNKNOWN` is an order that may or may not have reached the venue."""

    UNKNOWN = 0
    NEW = 1
    PARTIALLY_FILLED = 2
    FILLED = 3
    CANCELED = 4
    PARTIALLY_CANCELED = 5
    REJECTED = 6
    EXPIRED = 7

    @property
    def is_final(self) -> bool:
        return self >= OrderStatus.FILLED


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is wished for; `price` is None for a market order."""

    instrument: Instrument
    side: Side
    type: OrderType
    size: Decimal
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    client_id: str
    reduce_only: bool = False


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the venue sees it. `order_id` is "" until the venue has given one."""

    instrument: Instrument
    side: Side
    type: OrderType
    size: Decimal
    price: Decimal | None
    time_in_force: TimeInForce
    client_id: str
    order_id: str
    status: OrderStatus
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    reduce_only: bool = False
    created_ns: int | None = None
    updated_ns: int | None = None
    reject_reason: str = ""

    @property
    def remaining(self) -> Decimal:
        """What can still be filled; zero once the status is final."""
        return Decimal(0) if self.status.is_final else self.size - self.filled


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of one of our orders; `fee` is positive when it is paid."""

    instrument: Instrument
    side: Side
    price: Decimal
    size: Decimal
    fee: Decimal
    fee_asset: str
    order_id: str
    client_id: str
    trade_id: str
    is_maker: bool
    venue_ns: int


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """One asset in the account that trades: what is free, and what orders or margin hold."""

    asset: str
    free: Decimal
    locked: Decimal

    @property
    def total(self) -> Decimal:
        return self.free + self.locked


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A derivative position; `size` is in base units, negative for a short."""

    instrument: Instrument
    size: Decimal
    entry_price: Decimal
    mark_price: Decimal | None = None
    unrealized: Decimal | None = None
    liquidation_price: Decimal | None = None
    leverage: Decimal | None = None
    margin: Decimal | None = None


class AccountInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An account at one moment, as the venue reports it."""

    venue: str
    balances: tuple[Balance, ...]
    positions: tuple[Position, ...] = ()
    can_trade: bool = True
    equity: Decimal | None = None
    """Worth of the whole account in the venue's unit of account, where it reports one."""
    venue_ns: int | None = None


class TradingFee(msgspec.Struct, frozen=True, kw_only=True):
    """What the account pays on one instrument, as fractions; negative is a rebate."""

    instrument: Instrument
    maker: Decimal
    taker: Decimal
