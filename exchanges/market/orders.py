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
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(IntEnum):
    """How an order meets the book.

    The last four wait outside of it until the price has reached their trigger: stops on the side
    that loses, take-profits on the side that gains.
    """

    MARKET = 1
    LIMIT = 2
    STOP_MARKET = 3
    STOP_LIMIT = 4
    TAKE_PROFIT_MARKET = 5
    TAKE_PROFIT_LIMIT = 6

    @property
    def has_trigger(self) -> bool:
        return self >= OrderType.STOP_MARKET

    @property
    def has_limit(self) -> bool:
        """It names the worst price that it may trade at."""
        return self in (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT)


class TimeInForce(IntEnum):
    """How long an order waits for the other side."""

    GTC = 1  # good till cancelled
    IOC = 2  # immediate, the rest is cancelled
    FOK = 3  # all at once or nothing
    POST_ONLY = 4  # never takes liquidity
    GTD = 5  # good till a date


class OrderStatus(IntEnum):
    """Life of an order: ours first, then as the venue has it.

    `UNKNOWN` is an order that may or may not have reached the venue, or of which it said a word
    that nobody knows; it stays so until it is proven one way or the other.
    """

    UNKNOWN = 0
    INTENDED = 1  # decided, and not sent yet
    SENT = 2  # on its way; no answer yet
    NEW = 3
    PARTIALLY_FILLED = 4
    FILLED = 5
    CANCELED = 6
    PARTIALLY_CANCELED = 7  # filled in part, and the rest ended
    REJECTED = 8
    EXPIRED = 9

    @property
    def is_final(self) -> bool:
        return self >= OrderStatus.FILLED


class Origin(IntEnum):
    """Who made an order or a fill."""

    OURS = 1
    STRANGER = 2  # another program or a person with the same account
    LIQUIDATION = 3  # the venue, as the margin did not suffice
    DELEVERAGING = 4  # the venue, for another account's loss
    SETTLEMENT = 5  # the venue, at the end of a contract


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is wished for.

    `size` is in base units; a market order to buy may name `quote_size` instead, how much of the
    quote currency to spend, and its `size` is then None. `price` is None for an order without a
    limit, `trigger_price` for one that does not wait for a price, `expires_ns` for one that is not
    good till a date.
    """

    instrument: Instrument
    side: Side
    type: OrderType
    size: Decimal | None
    quote_size: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_ns: int | None = None
    client_id: str
    reduce_only: bool = False


class AmendRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a living order is to become; None leaves a value as it is.

    `size` is the whole size, what is filled already included. It names the order by the venue's
    id, or by ours where that is all there is.
    """

    instrument: Instrument
    order_id: str = ""
    client_id: str = ""
    size: Decimal | None = None
    price: Decimal | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the venue sees it.

    `order_id` is "" until the venue has given one. `word` is the venue's own for the status, and
    `parent_id` the order whose trigger made this one. `unknown_since_ns` tells since when nobody
    knows what became of it, where the status is `UNKNOWN`.
    """

    instrument: Instrument
    side: Side
    type: OrderType
    size: Decimal | None
    """None while an order by `quote_size` has not told what it comes to."""
    quote_size: Decimal | None = None
    price: Decimal | None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce
    expires_ns: int | None = None
    client_id: str
    order_id: str
    parent_id: str = ""
    status: OrderStatus
    word: str = ""
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    reduce_only: bool = False
    origin: Origin = Origin.OURS
    created_ns: int | None = None
    updated_ns: int | None = None
    unknown_since_ns: int | None = None
    reject_reason: str = ""

    @property
    def remaining(self) -> Decimal | None:
        """What can still be filled: zero once the status is final, None while nobody can tell."""
        if self.status.is_final:
            return Decimal(0)
        return None if self.size is None else self.size - self.filled


class Fee(msgspec.Struct, frozen=True):
    """What one execution cost in one asset; negative is a rebate."""

    asset: str
    amount: Decimal


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of one order of the account.

    A venue may charge in several assets at once, and may tell the fees later than the fill: they
    are None until then. A self-trade is two fills with one `trade_id`.
    """

    instrument: Instrument
    side: Side
    price: Decimal
    size: Decimal
    fees: tuple[Fee, ...] | None
    order_id: str
    client_id: str
    trade_id: str
    is_maker: bool
    origin: Origin = Origin.OURS
    venue_ns: int


class FundingPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Funding that was charged on a position: positive is received. It is never a fill.

    `payment_id` is the venue's, "" where it gives none; `rate` and `size` where it tells them.
    """

    instrument: Instrument
    amount: Decimal
    asset: str
    charged_ns: int
    payment_id: str = ""
    rate: Decimal | None = None
    size: Decimal | None = None


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
    can_withdraw: bool | None = None
    """Whether the key may move assets out; None where the venue cannot tell."""
    equity: Decimal | None = None
    """Worth of the whole account in the venue's unit of account, where it reports one."""
    venue_ns: int | None = None


class TradingFee(msgspec.Struct, frozen=True, kw_only=True):
    """What the account pays on one instrument, as fractions; negative is a rebate."""

    instrument: Instrument
    maker: Decimal
    taker: Decimal
