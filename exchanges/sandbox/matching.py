"""A price-time matching engine: the book of single orders behind one market of a sandbox.

It counts in whole ticks and lots (price = ticks * tick, size = lots * step), so it is exact and
fast. It reads no clock and knows no accounts: it is told when an order comes, and carries the
order's owner from `submit` to the matches.
"""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from typing import Final

import msgspec
from sortedcontainers import SortedDict

from exchanges.market.orders import OrderStatus, Side, TimeInForce

Level = tuple[int, int]
"""Price in ticks and size in lots of one level of a book."""

_RESTING: Final = frozenset({TimeInForce.GTC, TimeInForce.POST_ONLY})


class RestingOrder(msgspec.Struct, gc=False):
    """An order in the book; `size` is what is left of it, in lots."""

    order_id: int
    owner: str
    price: int
    size: int


class Match(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution: a taker's order met one resting order, at that one's price."""

    trade_id: int
    time_ns: int
    price: int
    size: int
    side: Side
    """The taker's."""
    taker_id: int
    taker_owner: str
    maker_id: int
    maker_owner: str
    maker_left: int
    """Lots of the maker's order that still rest; at 0 it is filled."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of a submitted order at once; if its status is not final, `left` lots rest."""

    order_id: int
    status: OrderStatus
    left: int
    matches: tuple[Match, ...]


class Depth(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Aggregated levels of a book, best first, as of the update `last_id`."""

    last_id: int
    bids: list[Level]
    asks: list[Level]


class MarketUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happened since the update before: changed levels, best first, and the trades.

    Sizes are absolute and 0 removes the level. Every change of the book has an id; this update
    holds those from `first_id` to `last_id`, which is `first_id - 1` if nothing changed.
    """

    time_ns: int
    first_id: int
    last_id: int
    bids: list[Level]
    asks: list[Level]
    matches: tuple[Match, ...]


class _Queue:
    """The orders of one price, oldest first."""

    __slots__ = ("orders", "size")

    def __init__(self) -> None:
        # A linked list that also finds an order by its id, so that any of them leaves in O(1).
        self.orders: OrderedDict[int, RestingOrder] = OrderedDict()
        self.size = 0


class BookSide:
    """The resting orders of one side: best price first, oldest order first.

    Iterating gives the prices, best first, and `reversed` worst first.
    """

    __slots__ = ("_changed", "_queues", "_sign", "side")

    def __init__(self, side: Side) -> None:
        self.side = side
        self._sign = side.value
        # By price * sign, ascending: the best is the last on both sides.
        self._queues: SortedDict[int, _Queue] = SortedDict()
        self._changed: set[int] = set()  # keys of the levels that changed since last asked

    def __len__(self) -> int:
        """Number of price levels."""
        return len(self._queues)

    def __iter__(self) -> Iterator[int]:
        return (key * self._sign for key in reversed(self._queues))

    def __reversed__(self) -> Iterator[int]:
        return (key * self._sign for key in self._queues)

    @property
    def best(self) -> int | None:
        """Best price, None if the side is empty."""
        return self.price_at(0) if self._queues else None

    def price_at(self, index: int) -> int:
        """Price of a level; 0 is the best.

        Raises:
            IndexError: there are not so many levels.
        """
        key: int = self._queues.peekitem(-1 - index)[0]
        return key * self._sign

    def size_at(self, price: int) -> int:
        """Lots that rest at `price`."""
        queue = self._queue(price)
        return queue.size if queue else 0

    def orders_at(self, price: int) -> list[RestingOrder]:
        """Orders that rest at `price`, oldest first."""
        queue = self._queue(price)
        return list(queue.orders.values()) if queue else []

    def levels(self, count: int) -> list[Level]:
        """The best `count` levels, best first."""
        sign, queues = self._sign, self._queues
        return [(key * sign, queues[key].size) for key in islice(reversed(queues), count)]

    def first(self) -> RestingOrder:
        """The oldest order at the best price; the side is not empty."""
        queue: _Queue = self._queues.peekitem()[1]
        return next(iter(queue.orders.values()))

    def is_reached_by(self, limit: int | None) -> bool:
        """Whether an order of the other side with this limit (None: any price) can match here."""
        if not self._queues:
            return False
        return limit is None or self._queues.peekitem()[0] >= limit * self._sign

    def holds(self, size: int, limit: int | None) -> bool:
        """Whether an order of the other side with this limit can be filled completely."""
        for key in reversed(self._queues):
            if limit is not None and key < limit * self._sign:
                return False
            size -= self._queues[key].size
            if size <= 0:
                return True
        return False

    def add(self, order: RestingOrder) -> None:
        """Append an order to the queue of its price."""
        key = order.price * self._sign
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = _Queue()
        queue.orders[order.order_id] = order
        queue.size += order.size
        self._changed.add(key)

    def reduce(self, order: RestingOrder, lots: int) -> None:
        """Take lots out of an order; one that has none left leaves the book."""
        key = order.price * self._sign
        queue = self._queues[key]
        order.size -= lots
        queue.size -= lots
        if not order.size:
            del queue.orders[order.order_id]
        if not queue.size:
            del self._queues[key]
        self._changed.add(key)

    def take_changes(self) -> list[Level]:
        """The levels that changed since last asked, best first, with their sizes now."""
        keys = sorted(self._changed, reverse=True)
        self._changed.clear()
        return [(key * self._sign, self.size_at(key * self._sign)) for key in keys]

    def _queue(self, price: int) -> _Queue | None:
        queue: _Queue | None = self._queues.get(price * self._sign)
        return queue


class MatchingEngine:
    """One market: both sides of its book, and the rules by which orders meet.

    `last_id` counts the changes of the book: an order that comes to rest, one that is cancelled,
    and every match is one change.
    """

    def __init__(self) -> None:
        self.last_id = 0
        self._sides = {side: BookSide(side) for side in Side}
        self._orders: dict[int, tuple[BookSide, RestingOrder]] = {}
        self._matches: list[Match] = []
        self._published_id = 0
        self._last_order_id = 0
        self._last_trade_id = 0

    def side(self, side: Side) -> BookSide:
        """The resting orders of one side, to look at; `submit` and `cancel` change them."""
        return self._sides[side]

    def submit(
        self,
        owner: str,
        side: Side,
        size: int,
        price: int | None,
        now_ns: int,
        time_in_force: TimeInForce = TimeInForce.GTC,
    ) -> Outcome:
        """Match an order as far as it goes; `size` is in lots, `price` in ticks, None for any.

        What is left of a market order is cancelled, for there is no price to rest at. An order
        that FOK leaves unfilled is cancelled, a post-only order that would match is rejected.

        Raises:
            ValueError: size or price is not positive, or a market order is post-only.
        """
        is_post_only = time_in_force is TimeInForce.POST_ONLY
        if size <= 0 or (price is not None and price <= 0):
            raise ValueError(f"size and price must be positive, not {size} lots at {price}")
        if is_post_only and price is None:
            raise ValueError("a market order cannot be post-only")
        self._last_order_id += 1
        order = RestingOrder(self._last_order_id, owner, price or 0, size)
        opposite = self._sides[side.opposite]
        if is_post_only and opposite.is_reached_by(price):
            return _ended(order, OrderStatus.REJECTED)
        if time_in_force is TimeInForce.FOK and not opposite.holds(size, price):
            return _ended(order, OrderStatus.CANCELED)
        may_rest = price is not None and time_in_force in _RESTING
        return self._enter(order, side, price, may_rest=may_rest, now_ns=now_ns)

    def cancel(self, order_id: int) -> int:
        """Take an order out of the book; returns the lots it had left, 0 if it does not rest."""
        if order_id not in self._orders:
            return 0
        book, order = self._orders.pop(order_id)
        left = order.size
        book.reduce(order, left)
        self.last_id += 1
        return left

    def depth(self, count: int) -> Depth:
        """The best `count` levels of both sides."""
        return Depth(
            last_id=self.last_id,
            bids=self._sides[Side.BUY].levels(count),
            asks=self._sides[Side.SELL].levels(count),
        )

    def take_update(self, now_ns: int) -> MarketUpdate:
        """What happened since last asked."""
        update = MarketUpdate(
            time_ns=now_ns,
            first_id=self._published_id + 1,
            last_id=self.last_id,
            bids=self._sides[Side.BUY].take_changes(),
            asks=self._sides[Side.SELL].take_changes(),
            matches=tuple(self._matches),
        )
        self._published_id = self.last_id
        self._matches.clear()
        return update

    def _enter(
        self, order: RestingOrder, side: Side, limit: int | None, *, may_rest: bool, now_ns: int
    ) -> Outcome:
        """Match an order that is taken; what is left of it rests, or is cancelled."""
        opposite, matches = self._sides[side.opposite], list[Match]()
        while order.size and opposite.is_reached_by(limit):
            match = self._match(opposite, order.size, order.order_id, order.owner, now_ns)
            matches.append(match)
            order.size -= match.size
        self._matches += matches
        left = order.size if may_rest else 0
        if not order.size:
            status = OrderStatus.FILLED
        elif may_rest:
            status = OrderStatus.PARTIALLY_FILLED if matches else OrderStatus.NEW
            self._rest(self._sides[side], order)
        else:
            status = OrderStatus.PARTIALLY_CANCELED if matches else OrderStatus.CANCELED
        return Outcome(order_id=order.order_id, status=status, left=left, matches=tuple(matches))

    def _match(
        self, opposite: BookSide, lots: int, taker_id: int, taker_owner: str, now_ns: int
    ) -> Match:
        maker = opposite.first()
        lots = min(lots, maker.size)
        opposite.reduce(maker, lots)
        if not maker.size:
            del self._orders[maker.order_id]
        self.last_id += 1
        self._last_trade_id += 1
        return Match(
            trade_id=self._last_trade_id,
            time_ns=now_ns,
            price=maker.price,
            size=lots,
            side=opposite.side.opposite,
            taker_id=taker_id,
            taker_owner=taker_owner,
            maker_id=maker.order_id,
            maker_owner=maker.owner,
            maker_left=maker.size,
        )

    def _rest(self, book: BookSide, order: RestingOrder) -> None:
        book.add(order)
        self._orders[order.order_id] = (book, order)
        self.last_id += 1


def _ended(order: RestingOrder, status: OrderStatus) -> Outcome:
    """An order that does not enter."""
    return Outcome(order_id=order.order_id, status=status, left=0, matches=())
