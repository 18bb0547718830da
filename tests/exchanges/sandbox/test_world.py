"""Fundamental prices: one path per seed and asset, whoever looks at it and when."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchanges.market.numbers import NS_PER_MS, NS_PER_S
from exchanges.sandbox.world import (
    HISTORY_MINUTES,
    STILL,
    WINDOW_S,
    Depeg,
    Motion,
    World,
    start_price,
)

START = 1_700_000_000 * NS_PER_S
HOUR_S = 3600


def world(seed: int = 7, motion: Motion | None = None) -> World:
    return World(START, lambda asset: Random(f"{seed} {asset}"), motion)


def price(of: World, at_s: float, base: str = "BTC", quote: str = "USDT") -> float:
    return of.price(base, quote, START + int(at_s * NS_PER_S))


@given(st.lists(st.integers(0, 50_000), min_size=1, max_size=20))
def test_path_does_not_depend_on_who_asked_before(times_ms: list[int]) -> None:
    asked_often, asked_once = world(), world()
    for at_ms in times_ms:
        asked_often.price("ETH", "USDT", START + at_ms * NS_PER_MS)
        seen = asked_often.price("BTC", "USDT", START + at_ms * NS_PER_MS)
    assert seen == asked_once.price("BTC", "USDT", START + times_ms[-1] * NS_PER_MS)


def test_another_seed_and_another_asset_take_another_path() -> None:
    paths = [
        [price(world(seed), at_s, asset) / start_price(asset) for at_s in range(10)]
        for seed, asset in ((1, "BTC"), (2, "BTC"), (1, "ETH"))
    ]
    assert paths[0] != paths[1]
    assert paths[0] != paths[2]


def test_past_within_the_window_can_be_asked_and_what_is_older_cannot() -> None:
    asked_late, fresh = world(), world()
    price(asked_late, 1000)
    at_s = 1000 - WINDOW_S + 1
    assert price(asked_late, at_s) == price(fresh, at_s)
    with pytest.raises(ValueError, match="older"):
        price(asked_late, 1000 - WINDOW_S - 1)


def test_before_the_start_the_price_is_that_of_the_start() -> None:
    assert price(world(), -5) == price(world(), 0) == start_price("BTC")


def test_path_has_no_steps_between_the_points_of_its_grid() -> None:
    still_a_bit = world(motion=Motion(jumps_per_hour=0.0))
    prices = [price(still_a_bit, at_ms / 1000) for at_ms in range(10_000)]
    largest = max(abs(after / before - 1) for before, after in pairwise(prices))
    assert largest < 0.1e-4


def test_history_ends_at_the_start() -> None:
    history = world().history("ETH", "BTC")
    assert len(history) == HISTORY_MINUTES + 1
    assert history[-1] == price(world(), 0, "ETH", "BTC")
    assert history == world().history("ETH", "BTC")
    assert len(set(history)) > HISTORY_MINUTES * 0.99


def test_stablecoins_drift_by_some_basis_points_and_the_dollar_does_not() -> None:
    drifting = world()
    days = range(0, 48 * HOUR_S, HOUR_S // 4)
    prices = [price(drifting, at_s, "USDC") for at_s in days]
    assert len(set(prices)) == len(prices)
    assert max(abs(one - 1) for one in prices) < 0.005
    dollar = world().path("USD")
    assert {dollar.price(START + at_s * NS_PER_S) for at_s in range(0, HOUR_S, 60)} == {1.0}


def test_a_peg_breaks_for_as_long_as_it_is_told_to() -> None:
    depeg = Depeg(
        asset="USDC", from_ns=START + 10 * NS_PER_S, until_ns=START + 20 * NS_PER_S, share=0.9
    )
    broken = World(START, lambda asset: Random(asset), depegs=[depeg])
    prices = [broken.price("USDC", "USD", START + at * NS_PER_S) for at in (9, 10, 19, 20)]
    assert [round(one, 2) for one in prices] == [1.0, 0.9, 0.9, 1.0]


def test_still_world_keeps_its_prices() -> None:
    assert price(world(motion=STILL), HOUR_S) == start_price("BTC")


def test_unknown_asset_has_a_price_made_from_its_name() -> None:
    assert start_price("NOSUCHCOIN") == start_price("NOSUCHCOIN") != start_price("NORTHISONE")
    assert 1 <= start_price("NOSUCHCOIN") <= 100


def test_a_day_moves_prices_by_per_cents_not_by_factors() -> None:
    busy = world(motion=Motion(volatility=1.0))
    prices = [price(busy, at_s) / start_price("BTC") for at_s in range(0, 24 * HOUR_S, 30)]
    assert 0.8 < min(prices) < 0.99 or 1.01 < max(prices) < 1.2
    assert 0.8 < min(prices) <= max(prices) < 1.25
