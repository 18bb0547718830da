"""Synthetic markets: seeded simulations of makers and takers."""

from collections.abc import Iterable
from decimal import Decimal
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_MS, NS_PER_S
from exchanges.market.orders import OrderStatus, Side, TimeInForce
from exchanges.market.topics import KlineInterval
from exchanges.sandbox.matching import Level, MarketUpdate, Match
from exchanges.sandbox.synthetic import SYNTHETIC, MarketProfile, SyntheticMarket
from exchanges.sandbox.synthetic.statistics import TRADES_KEPT
from exchanges.sandbox.world import STILL, World

BUY, SELL = Side.BUY, Side.SELL
START = 1_700_000_000 * NS_PER_S
STEP_NS = 100 * NS_PER_MS
QUIET = MarketProfile(noise_bp=0.0, dislocations_per_hour=0.0, makers_per_s=0.0, takers_per_s=0.0)


def instrument(
    base: str = "BTC",
    quote: str = "USDT",
    kind: Kind = Kind.SPOT,
    tick: str = "0.01",
    step: str = "0.0001",
    min_size: str = "0.0005",
    price_digits: int = 0,
) -> Instrument:
    return Instrument(
        venue="test",
        symbol=f"{base}/{quote}" + (f":{quote}" if kind is Kind.PERPETUAL else ""),
        native=f"{base}{quote}",
        kind=kind,
        base=base,
        quote=quote,
        settle=quote if kind is Kind.PERPETUAL else "",
        tick=Decimal(tick),
        step=Decimal(step),
        min_size=Decimal(min_size),
        price_digits=price_digits,
    )


COARSE = instrument("DOGE", tick="0.0001", step="1", min_size="10")
DIGITS = instrument(tick="0.00001", price_digits=5)
CROSS = instrument("ETH", "BTC", tick="0.000001", step="0.001", min_size="0.001")
PERPETUAL = instrument(kind=Kind.PERPETUAL, tick="0.1")


def make_world(seed: int = 7) -> World:
    return World(START, lambda asset: Random(f"{seed} {asset}"))


def make_market(
    of: Instrument | None = None,
    profile: MarketProfile | None = None,
    world: World | None = None,
    seed: int = 1,
) -> SyntheticMarket:
    return SyntheticMarket(
        of or instrument(), world or make_world(), profile or MarketProfile(), Random(seed), START
    )


def run(market: SyntheticMarket, seconds: float, step_ns: int = STEP_NS) -> list[MarketUpdate]:
    """The updates of so many seconds from the start."""
    steps = int(seconds * NS_PER_S) // step_ns
    return [market.step(START + number * step_ns) for number in range(1, steps + 1)]


def best(market: SyntheticMarket) -> tuple[int, int]:
    depth = market.depth(1)
    return depth.bids[0][0], depth.asks[0][0]


def mid(market: SyntheticMarket) -> float:
    """In quote currency."""
    bid, ask = best(market)
    return (market.ticks.number(bid) + market.ticks.number(ask)) / 2


class DictBook:
    """A book as a client keeps it: from a snapshot, and updates of absolute sizes."""

    def __init__(self, market: SyntheticMarket) -> None:
        depth = market.depth(10_000)
        self.last_id = depth.last_id
        self.bids, self.asks = dict(depth.bids), dict(depth.asks)

    def apply(self, update: MarketUpdate) -> None:
        assert update.first_id == self.last_id + 1
        self.last_id = update.last_id
        for side, levels in ((self.bids, update.bids), (self.asks, update.asks)):
            for price, size in levels:
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)

    def levels(self) -> tuple[list[Level], list[Level]]:
        return sorted(self.bids.items(), reverse=True), sorted(self.asks.items())


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    of=st.sampled_from([instrument(), COARSE, DIGITS, CROSS, PERPETUAL]),
    levels=st.sampled_from([5, 60]),
    steps_ms=st.lists(st.sampled_from([0, 1, 100, 100, 100, 5000]), max_size=60),
)
def test_updates_applied_to_a_snapshot_give_the_book(
    seed: int, of: Instrument, levels: int, steps_ms: list[int]
) -> None:
    market = make_market(of, MarketProfile(levels=levels, takers_per_s=10.0), seed=seed)
    book = DictBook(market)
    now_ns = START
    for step_ms in steps_ms:
        now_ns += step_ms * NS_PER_MS
        book.apply(market.step(now_ns))
        depth = market.depth(10_000)
        assert (depth.bids, depth.asks) == book.levels()
        assert depth.last_id == book.last_id
        assert depth.bids[0][0] < depth.asks[0][0]
        assert len(depth.bids) >= levels // 2
        assert len(depth.asks) >= levels // 2


@pytest.mark.parametrize("of", [instrument(), COARSE, DIGITS, CROSS, PERPETUAL])
def test_same_seed_gives_the_same_market(of: Instrument) -> None:
    first, second = make_market(of), make_market(of)
    assert run(first, 30) == run(second, 30)
    assert first.statistics.day() == second.statistics.day()
    other = make_market(of, seed=2)
    assert run(other, 30) != run(make_market(of), 30)


def test_markets_of_one_world_do_not_disturb_each_other() -> None:
    world = make_world()
    together = [make_market(world=world, seed=seed) for seed in (1, 2)]
    updates = [
        [market.step(START + number * STEP_NS) for market in together] for number in range(1, 200)
    ]
    assert [row[0] for row in updates] == run(make_market(seed=1), 19.9)


def test_prices_and_sizes_obey_the_rules_of_the_instrument() -> None:
    market = make_market(DIGITS)
    run(market, 60)
    depth = market.depth(100)
    for side, levels in ((BUY, depth.bids), (SELL, depth.asks)):
        for price, size in levels:
            exact = market.ticks.decimal(price)
            assert DIGITS.floor_price(exact) == exact
            assert len(exact.normalize().as_tuple().digits) <= 5
            assert market.lots.decimal(size) % DIGITS.step == 0
            assert len(market.engine.side(side).orders_at(price)) == 1


def test_no_quote_is_smaller_than_the_smallest_size() -> None:
    profile = msgspec.structs.replace(QUIET, level_value=5.0)  # far below 0.0005 BTC
    depth = make_market(profile=profile).depth(100)
    assert {size for _, size in depth.bids + depth.asks} == {5}


def test_several_levels_change_in_a_tenth_of_a_second() -> None:
    updates = run(make_market(), 60)
    changed = [len(update.bids) + len(update.asks) for update in updates]
    assert 2 < sum(changed) / len(changed) < 20
    assert sum(1 for update in updates if update.bids and update.asks) > len(updates) / 2


def test_takers_walk_the_book_on_both_sides() -> None:
    trades = [match for update in run(make_market(), 600) for match in update.matches]
    takers = {match.taker_id for match in trades}
    assert 600 * 1.7 < len(takers) < 600 * 2.3
    assert len(trades) > len(takers) * 1.1
    bought = sum(1 for match in trades if match.side is BUY)
    assert 0.4 < bought / len(trades) < 0.6
    assert [match.trade_id for match in trades] == [*range(1, len(trades) + 1)]


@pytest.mark.parametrize("levels", [50, 400])
def test_depth_is_as_deep_as_the_profile_says_and_mostly_at_rest(levels: int) -> None:
    market = make_market(profile=MarketProfile(levels=levels, dislocations_per_hour=0.0))
    before = {price for price, _ in market.depth(levels).bids}
    updates = run(market, 30)
    assert levels <= len(market.depth(10_000).bids) <= 1.3 * levels
    if levels == 400:
        touched = {price for update in updates for price, _ in update.bids}
        assert len(before & touched) < len(before) / 2


def test_mid_follows_the_fundamental_with_a_lag() -> None:
    world = make_world()
    profile = msgspec.structs.replace(QUIET, lag_s=2.0)
    market = make_market(profile=profile, world=world)
    for number in range(1, 600):
        now_ns = START + number * STEP_NS
        market.step(now_ns)
        seen = world.price("BTC", "USDT", now_ns - 2 * NS_PER_S)
        assert abs(mid(market) / seen - 1) < 1.5e-4


def test_still_and_quiet_market_does_nothing() -> None:
    world = World(START, lambda asset: Random(1), STILL)
    market = make_market(profile=QUIET, world=world)
    assert all(not update.bids + update.asks for update in run(market, 60))


def test_venues_of_one_world_stay_close_but_diverge_at_times() -> None:
    world = make_world()
    # Nobody replaces quotes that need not move: that is most of the work, and moves no mid.
    fast = MarketProfile(lag_s=0.05, makers_per_s=0.0)
    slow = MarketProfile(lag_s=0.4, noise_bp=3.0, makers_per_s=0.0)
    markets = [
        make_market(profile=profile, world=world, seed=seed)
        for seed, profile in enumerate((fast, slow))
    ]
    apart = []
    for number in range(1, 7_200):
        for market in markets:
            market.step(START + number * NS_PER_S // 2)
        apart.append(abs(mid(markets[0]) / mid(markets[1]) - 1) * 1e4)
    apart.sort()
    assert apart[len(apart) // 2] < 8
    assert apart[-1] < 100
    assert 0.001 < sum(1 for bp in apart if bp > 20) / len(apart) < 0.2


@pytest.mark.parametrize("of", [instrument(), COARSE, PERPETUAL])
def test_hours_of_trading_stay_sane(of: Instrument) -> None:
    market = make_market(of, MarketProfile(takers_per_s=20.0))
    start = mid(market)
    book = DictBook(market)
    for update in run(market, 3 * 3600, step_ns=6 * NS_PER_S):
        book.apply(update)
        bid, ask = best(market)
        assert 0 < bid < ask
        assert ask - bid <= max(2, bid * 30e-4)
        assert 0.8 < mid(market) / start < 1.25
    assert book.levels() == (market.depth(10_000).bids, market.depth(10_000).asks)
    # Makers keep their levels together: the book has not thinned out or spread.
    bids = market.depth(60).bids
    assert bids[0][0] - bids[-1][0] < max(90, bids[0][0] * 90e-4)


def test_after_a_pause_the_market_goes_on_at_the_new_price() -> None:
    world = make_world()
    market = make_market(profile=QUIET, world=world)
    market.step(START + 3600 * NS_PER_S)
    seen = world.price("BTC", "USDT", START + 3600 * NS_PER_S)
    assert abs(mid(market) / seen - 1) < 2e-4
    assert len(market.depth(1000).asks) >= QUIET.levels


def test_time_does_not_run_backwards() -> None:
    market = make_market()
    market.step(START + STEP_NS)
    with pytest.raises(ValueError, match="last step"):
        market.step(START)


def test_candles_agree_with_the_published_trades() -> None:
    market = make_market()
    trades = [match for update in run(market, 300) for match in update.matches]
    for candle in market.statistics.candles(KlineInterval.M1)[-5:-1]:
        inside = [t for t in trades if 0 <= t.time_ns - candle.open_ns < 60 * NS_PER_S]
        if candle.open_ns >= START:
            assert candle.open == inside[0].price
            assert candle.volume == sum(trade.size for trade in inside)
    assert market.statistics.day().close == trades[-1].price
    assert [*market.statistics.trades] == trades[-TRADES_KEPT:]


def test_statistics_of_a_day_are_plausible_from_the_start() -> None:
    market = make_market()
    day = market.statistics.day()
    assert day.low <= min(day.open, day.close) <= max(day.open, day.close) <= day.high
    assert 0.7 < day.low / day.high < 1
    assert abs(market.ticks.number(day.close) / mid(market) - 1) < 1e-3
    average = market.values.number(day.value) / market.lots.number(day.volume)
    assert market.ticks.number(day.low) < average < market.ticks.number(day.high)
    assert 1e7 < market.values.number(day.value) < 1e10
    assert 0.4 < day.buy_volume / day.volume < 0.6
    assert len(market.statistics.candles(KlineInterval.H1)) >= 25


def test_perpetual_tells_mark_funding_and_open_interest() -> None:
    world = make_world()
    market = make_market(PERPETUAL, MarketProfile(basis_bp=10.0), world)
    run(market, 600)
    state = market.perpetual()
    index = world.price("BTC", "USDT", START + 600 * NS_PER_S)
    assert market.ticks.number(state.index) == pytest.approx(index, abs=0.1)
    assert 5e-4 < state.mark / state.index - 1 < 15e-4
    assert 2e-4 < state.funding_rate < 8e-4
    assert state.next_funding_ns > START
    assert state.open_interest > 0


def test_spot_market_is_not_a_perpetual() -> None:
    with pytest.raises(ValueError, match="not a perpetual"):
        make_market().perpetual()


def test_order_of_a_user_rests_among_the_makers_and_is_filled_by_a_taker() -> None:
    market = make_market(profile=MarketProfile(takers_per_s=10.0))
    outcome = market.engine.submit("alice", BUY, 10, best(market)[0] + 1, START)
    assert outcome.status is OrderStatus.NEW
    update = market.publish(START)
    assert update.bids == [(best(market)[0], 10)]
    made = fills_of(run(market, 60), "alice")
    assert sum(match.size for match in made) == 10
    assert {match.maker_id for match in made} == {outcome.order_id}
    assert all(match.taker_owner == SYNTHETIC for match in made)


def test_order_of_a_user_that_the_price_passes_is_filled_by_makers() -> None:
    world = World(START, lambda asset: Random(1), STILL)
    market = make_market(profile=QUIET, world=world)
    bid, ask = best(market)
    far = ask + (ask - bid) * 20
    bought = market.engine.submit("alice", BUY, 10**9, far, START, TimeInForce.GTC)
    assert bought.status is OrderStatus.PARTIALLY_FILLED
    made = fills_of(run(market, 1), "alice")
    assert made
    assert all(match.price == far for match in made if match.side is SELL)


def test_market_that_a_user_has_swept_is_filled_again_by_the_next_step() -> None:
    market = make_market(profile=QUIET)
    market.engine.submit("alice", BUY, 10**9, None, START)
    assert not market.depth(1).asks
    market.step(START + STEP_NS)
    assert len(market.depth(1000).asks) == QUIET.levels


USER_ORDERS = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.integers(1, 10**5),
        st.integers(-200, 200),
        st.sampled_from(TimeInForce),
    ),
    max_size=30,
)
"""Side, lots, distance from the mid in basis points, and time in force."""


@settings(max_examples=25, deadline=None)
@given(USER_ORDERS, st.sampled_from([instrument(), COARSE, DIGITS]))
def test_users_can_do_what_they_like_to_the_book(
    orders: list[tuple[Side, int, int, TimeInForce]], of: Instrument
) -> None:
    market = make_market(of)
    book = DictBook(market)
    now_ns = START
    start = mid(market)
    for side, size, distance_bp, time_in_force in orders:
        price = of.floor_price(Decimal(start * (1 + distance_bp / 1e4)))
        market.engine.submit("alice", side, size, market.ticks.count(price), now_ns, time_in_force)
        book.apply(market.publish(now_ns))
        now_ns += STEP_NS
        book.apply(market.step(now_ns))
        depth = market.depth(10_000)
        assert (depth.bids, depth.asks) == book.levels()
        assert not depth.bids or not depth.asks or depth.bids[0][0] < depth.asks[0][0]


def test_tick_must_be_fine_enough_for_the_price() -> None:
    with pytest.raises(ValueError, match="ticks"):
        make_market(instrument("DOGE", tick="0.01"))


def test_profile_needs_a_spread() -> None:
    with pytest.raises(ValueError, match="half_spread_bp"):
        MarketProfile(half_spread_bp=0.0)


def test_tick_of_limited_digits_must_be_a_power_of_ten() -> None:
    with pytest.raises(ValueError, match="power of ten"):
        make_market(instrument(tick="0.05", price_digits=5))


def fills_of(updates: Iterable[MarketUpdate], maker: str) -> list[Match]:
    return [match for update in updates for match in update.matches if match.maker_owner == maker]
