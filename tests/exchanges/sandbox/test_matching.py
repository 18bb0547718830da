"""The matching engine, by example and against a reference that sorts a plain list."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.market.orders import OrderStatus, Side, TimeInForce
from exchanges.sandbox.matching import Depth, Level, MarketUpdate, MatchingEngine, Outcome

BUY, SELL = Side.BUY, Side.SELL
GTC, IOC, FOK, POST_ONLY, _ = TimeInForce
NOW = 1_700_000_000_000_000_000


def engine_with(*orders: tuple[Side, int, int]) -> MatchingEngine:
    """An engine with resting orders (side, size, price), whose owners are `m1`, `m2`, ..."""
    engine = MatchingEngine()
    for number, (side, size, price) in enumerate(orders, 1):
        engine.submit(f"m{number}", side, size, price, NOW)
    engine.take_update(NOW)
    return engine


def levels(engine: MatchingEngine) -> tuple[list[Level], list[Level]]:
    depth = engine.depth(100)
    return depth.bids, depth.asks


def fills(outcome: Outcome) -> list[tuple[str, int, int]]:
    return [(match.maker_owner, match.price, match.size) for match in outcome.matches]


def test_order_that_meets_nobody_rests() -> None:
    engine = MatchingEngine()
    outcome = engine.submit("a", BUY, 5, 100, NOW)
    assert (outcome.status, outcome.left, outcome.matches) == (OrderStatus.NEW, 5, ())
    assert levels(engine) == ([(100, 5)], [])


def test_levels_are_aggregated_best_first() -> None:
    engine = engine_with((BUY, 1, 98), (BUY, 2, 99), (BUY, 3, 98), (SELL, 4, 102), (SELL, 5, 101))
    assert engine.depth(1) == Depth(last_id=5, bids=[(99, 2)], asks=[(101, 5)])
    assert levels(engine) == ([(99, 2), (98, 4)], [(101, 5), (102, 4)])


def test_taker_gets_the_best_price_and_then_the_oldest_order() -> None:
    engine = engine_with((SELL, 2, 101), (SELL, 2, 100), (SELL, 2, 100))
    outcome = engine.submit("t", BUY, 5, 101, NOW)
    assert fills(outcome) == [("m2", 100, 2), ("m3", 100, 2), ("m1", 101, 1)]
    assert outcome.status is OrderStatus.FILLED
    assert levels(engine) == ([], [(101, 1)])


def test_match_names_both_orders_and_what_the_maker_has_left() -> None:
    engine = engine_with((SELL, 5, 100))
    outcome = engine.submit("t", BUY, 2, 100, NOW + 7)
    (match,) = outcome.matches
    assert msgspec.structs.asdict(match) == {
        "trade_id": 1,
        "time_ns": NOW + 7,
        "price": 100,
        "size": 2,
        "side": BUY,
        "taker_id": outcome.order_id,
        "taker_owner": "t",
        "maker_id": 1,
        "maker_owner": "m1",
        "maker_left": 3,
    }


def test_rest_of_a_limit_order_rests_at_its_price() -> None:
    engine = engine_with((SELL, 2, 100))
    outcome = engine.submit("t", BUY, 5, 100, NOW)
    assert (outcome.status, outcome.left) == (OrderStatus.PARTIALLY_FILLED, 3)
    assert levels(engine) == ([(100, 3)], [])


@pytest.mark.parametrize(
    ("size", "price", "time_in_force", "status", "filled"),
    [
        (2, 100, IOC, OrderStatus.FILLED, 2),
        (5, 100, IOC, OrderStatus.PARTIALLY_CANCELED, 3),
        (5, 99, IOC, OrderStatus.CANCELED, 0),
        (9, None, GTC, OrderStatus.PARTIALLY_CANCELED, 7),
        (7, None, FOK, OrderStatus.FILLED, 7),
        (8, None, FOK, OrderStatus.CANCELED, 0),
        (3, 100, FOK, OrderStatus.FILLED, 3),
        (4, 100, FOK, OrderStatus.CANCELED, 0),
        (5, 100, POST_ONLY, OrderStatus.REJECTED, 0),
        (5, 99, POST_ONLY, OrderStatus.NEW, 0),
    ],
)
def test_time_in_force(
    size: int, price: int | None, time_in_force: TimeInForce, status: OrderStatus, filled: int
) -> None:
    engine = engine_with((SELL, 3, 100), (SELL, 4, 101))
    outcome = engine.submit("t", BUY, size, price, NOW, time_in_force)
    assert outcome.status is status
    assert sum(match.size for match in outcome.matches) == filled
    assert outcome.left == (size if status is OrderStatus.NEW else 0)


def test_cancelled_order_leaves_its_place_to_the_next() -> None:
    engine = engine_with((SELL, 2, 100), (SELL, 3, 100))
    assert engine.cancel(1) == 2
    assert levels(engine) == ([], [(100, 3)])
    assert fills(engine.submit("t", BUY, 1, None, NOW)) == [("m2", 100, 1)]


def test_cancelling_what_does_not_rest_changes_nothing() -> None:
    engine = engine_with((SELL, 2, 100))
    engine.submit("t", BUY, 2, None, NOW)
    last_id = engine.last_id
    assert engine.cancel(1) == engine.cancel(2) == engine.cancel(99) == 0
    assert engine.last_id == last_id


def test_update_tells_the_changes_since_the_one_before() -> None:
    engine = engine_with((BUY, 1, 98), (SELL, 2, 100), (SELL, 3, 101))
    outcome = engine.submit("t", BUY, 4, 101, NOW)
    engine.submit("m4", BUY, 6, 99, NOW)
    engine.cancel(1)
    assert engine.take_update(NOW + 1) == MarketUpdate(
        time_ns=NOW + 1,
        first_id=4,
        last_id=7,
        bids=[(99, 6), (98, 0)],
        asks=[(100, 0), (101, 1)],
        matches=outcome.matches,
    )
    quiet = engine.take_update(NOW + 2)
    assert (quiet.first_id, quiet.last_id) == (8, 7)
    assert (quiet.bids, quiet.asks, quiet.matches) == ([], [], ())


@pytest.mark.parametrize(("size", "price"), [(0, 100), (-1, 100), (1, 0), (1, -5)])
def test_size_and_price_must_be_positive(size: int, price: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        MatchingEngine().submit("a", BUY, size, price, NOW)


def test_market_order_cannot_be_post_only() -> None:
    with pytest.raises(ValueError, match="post-only"):
        MatchingEngine().submit("a", BUY, 1, None, NOW, POST_ONLY)


class Wish(msgspec.Struct, frozen=True):
    """An order as a test makes it up."""

    side: Side
    size: int
    price: int | None
    time_in_force: TimeInForce


class Reference:
    """The same rules, said as plainly as possible: resting orders are rows of one list."""

    def __init__(self) -> None:
        self.orders: list[tuple[int, Side, int, int]] = []  # id, side, price, size
        self.submitted = 0

    def submit(self, wish: Wish) -> list[tuple[int, int, int]]:
        """The fills (maker's id, price, size) of an order."""
        self.submitted += 1
        side, left, price = wish.side, wish.size, wish.price
        makers = sorted(
            (order for order in self.orders if order[1] is not side),
            key=lambda order: (side * order[2], order[0]),
        )
        makers = [order for order in makers if price is None or side * (price - order[2]) >= 0]
        if wish.time_in_force is POST_ONLY and makers:
            return []
        if wish.time_in_force is FOK and sum(order[3] for order in makers) < left:
            return []
        filled = []
        for order_id, maker_side, maker_price, maker_size in makers:
            size = min(left, maker_size)
            if not size:
                break
            left -= size
            filled.append((order_id, maker_price, size))
            at = self.orders.index((order_id, maker_side, maker_price, maker_size))
            self.orders[at] = (order_id, maker_side, maker_price, maker_size - size)
        if left and price is not None and wish.time_in_force in (GTC, POST_ONLY):
            self.orders.append((self.submitted, side, price, left))
        self.orders = [order for order in self.orders if order[3]]
        return filled

    def cancel(self, order_id: int) -> int:
        left = sum(order[3] for order in self.orders if order[0] == order_id)
        self.orders = [order for order in self.orders if order[0] != order_id]
        return left

    def levels(self, side: Side) -> list[Level]:
        sizes: dict[int, int] = {}
        for _, order_side, price, size in self.orders:
            if order_side is side:
                sizes[price] = sizes.get(price, 0) + size
        return sorted(sizes.items(), reverse=side is BUY)


WISHES = st.builds(
    Wish,
    side=st.sampled_from(Side),
    size=st.integers(1, 9),
    price=st.integers(95, 105),
    time_in_force=st.sampled_from(TimeInForce),
) | st.builds(
    Wish,
    side=st.sampled_from(Side),
    size=st.integers(1, 30),
    price=st.none(),
    time_in_force=st.sampled_from([GTC, IOC, FOK]),
)
ACTIONS = st.lists(WISHES | st.integers(1, 40), max_size=60)
"""Orders, and ids of orders to cancel."""


@given(ACTIONS)
def test_engine_does_as_the_reference(actions: list[Wish | int]) -> None:
    engine, reference = MatchingEngine(), Reference()
    for action in actions:
        if isinstance(action, int):
            assert engine.cancel(action) == reference.cancel(action)
        else:
            wish = action
            outcome = engine.submit("t", wish.side, wish.size, wish.price, NOW, wish.time_in_force)
            made = [(match.maker_id, match.price, match.size) for match in outcome.matches]
            assert made == reference.submit(wish)
            assert outcome.left == (0 if outcome.status.is_final else wish.size - _filled(outcome))
        assert levels(engine) == (reference.levels(BUY), reference.levels(SELL))
        best_bid, best_ask = engine.side(BUY).best, engine.side(SELL).best
        assert best_bid is None or best_ask is None or best_bid < best_ask


@given(ACTIONS)
def test_volume_is_conserved(actions: list[Wish | int]) -> None:
    engine = MatchingEngine()
    accepted = matched = cancelled = 0
    for action in actions:
        if isinstance(action, int):
            cancelled += engine.cancel(action)
        else:
            outcome = engine.submit(
                "t", action.side, action.size, action.price, NOW, action.time_in_force
            )
            matched += _filled(outcome)
            accepted += outcome.left + _filled(outcome)
    bids, asks = levels(engine)
    resting = sum(size for _, size in bids + asks)
    assert accepted == 2 * matched + cancelled + resting


@given(st.lists(ACTIONS, max_size=6))
def test_updates_reproduce_the_book_and_their_ids_are_contiguous(
    batches: list[list[Wish | int]],
) -> None:
    engine = MatchingEngine()
    books: dict[Side, dict[int, int]] = {BUY: {}, SELL: {}}
    last_id = trades = 0
    for batch in batches:
        for action in batch:
            if isinstance(action, int):
                engine.cancel(action)
            else:
                engine.submit(
                    "t", action.side, action.size, action.price, NOW, action.time_in_force
                )
        update = engine.take_update(NOW)
        assert update.first_id == last_id + 1
        last_id = update.last_id
        assert [match.trade_id for match in update.matches] == [
            *range(trades + 1, trades + 1 + len(update.matches))
        ]
        trades += len(update.matches)
        for side, changed in ((BUY, update.bids), (SELL, update.asks)):
            assert changed == sorted(changed, reverse=side is BUY)
            books[side].update(changed)
        shown = [
            sorted(((p, s) for p, s in books[side].items() if s), reverse=side is BUY)
            for side in Side
        ]
        depth = engine.depth(100)
        assert (depth.last_id, depth.bids, depth.asks) == (last_id, *shown)


def _filled(outcome: Outcome) -> int:
    return sum(match.size for match in outcome.matches)
