"""Candles and statistics, computed from trades."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.sandbox.matching import Match
from exchanges.sandbox.synthetic.statistics import (
    CANDLES_KEPT,
    MINUTE_NS,
    TRADES_KEPT,
    Candle,
    Statistics,
)

BUY, SELL = Side.BUY, Side.SELL
START = 28_333_320 * MINUTE_NS  # a full hour


def trade(at_s: float, price: int = 100, size: int = 1, side: Side = BUY) -> Match:
    return Match(
        trade_id=1,
        time_ns=START + int(at_s * NS_PER_S),
        price=price,
        size=size,
        side=side,
        taker_id=1,
        taker_owner="t",
        maker_id=2,
        maker_owner="m",
        maker_left=0,
    )


def history(minutes: int = 1500, price: int = 90) -> list[Candle]:
    """A trade of two lots in each of the minutes before the start."""
    return [
        Candle(START - age * MINUTE_NS, price, price, price, price, 2, 2 * price, 0, 0, 1)
        for age in range(minutes, 0, -1)
    ]


def after(*matches: Match, now_s: float) -> Statistics:
    statistics = Statistics(history(), START)
    statistics.add(matches, START + int(now_s * NS_PER_S))
    return statistics


def test_candle_is_made_of_the_trades_of_its_interval() -> None:
    statistics = after(
        trade(1, 100, 5, BUY), trade(2, 104, 1, SELL), trade(3, 98, 2, BUY), trade(4, 99), now_s=5
    )
    assert statistics.candle(KlineInterval.M1) == Candle(
        open_ns=START,
        open=100,
        high=104,
        low=98,
        close=99,
        volume=9,
        value=5 * 100 + 104 + 2 * 98 + 99,
        buy_volume=8,
        buy_value=5 * 100 + 2 * 98 + 99,
        trades=4,
    )


def test_interval_without_trades_is_flat_at_the_last_price() -> None:
    statistics = after(trade(1, 100), trade(181, 105), now_s=250)
    opening = [Candle(START, 100, 100, 100, 100, 1, 100, 1, 100, 1)]
    assert statistics.candles(KlineInterval.M1)[-5:] == [
        *opening,
        Candle.flat(START + MINUTE_NS, 100),
        Candle.flat(START + 2 * MINUTE_NS, 100),
        Candle(START + 3 * MINUTE_NS, 105, 105, 105, 105, 1, 105, 1, 105, 1),
        Candle.flat(START + 4 * MINUTE_NS, 105),
    ]


def test_longer_intervals_reach_back_into_the_history() -> None:
    hours = after(trade(1, 100), now_s=2).candles(KlineInterval.H1)
    assert len(hours) >= 25
    assert [candle.volume for candle in hours[-10:-1]] == [120] * 9
    assert all(candle.open_ns % (60 * MINUTE_NS) == 0 for candle in hours)


def test_short_intervals_begin_with_the_recent_trades() -> None:
    statistics = after(trade(1.5, 100), trade(3.5, 101), now_s=4)
    assert [(c.open, c.trades) for c in statistics.candles(KlineInterval.S1)] == [
        (100, 1), (100, 0), (101, 1), (101, 0),
    ]  # fmt: skip
    quiet = Statistics(history(), START)
    assert quiet.candles(KlineInterval.S1) == [Candle.flat(START, 90)]


def test_day_forgets_what_is_older_than_a_day() -> None:
    statistics = after(trade(1, 200, 7), trade(90, 180, 3), now_s=100)
    day = statistics.day()
    assert (day.open, day.high, day.low, day.close) == (90, 200, 90, 180)
    assert (day.volume, day.trades) == (1438 * 2 + 7 + 3, 1440)
    day_later_s = 24 * 60 * 60
    statistics.add([trade(day_later_s, 150)], START + day_later_s * NS_PER_S)
    day = statistics.day()
    assert (day.open, day.high, day.low, day.close) == (180, 180, 150, 150)
    assert (day.volume, day.trades) == (4, 2)


def test_day_is_never_empty() -> None:
    day = Statistics(history(), START).day()
    assert (day.open, day.high, day.low, day.close, day.volume) == (90, 90, 90, 90, 1439 * 2)


def test_memory_is_bounded_over_long_pauses() -> None:
    statistics = after(*(trade(1) for _ in range(TRADES_KEPT + 5)), now_s=365 * 86_400)
    assert len(statistics.trades) == TRADES_KEPT
    assert len(statistics.candles(KlineInterval.M1)) == CANDLES_KEPT
    assert len(statistics.candles(KlineInterval.S1)) <= CANDLES_KEPT


TRADES = st.lists(
    st.tuples(st.integers(0, 90), st.integers(1, 1000), st.integers(1, 50), st.sampled_from(Side)),
    min_size=1,
    max_size=60,
)
"""Seconds since the trade before, price, size and side."""


@given(TRADES, st.sampled_from([KlineInterval.M1, KlineInterval.M5, KlineInterval.S10]))
def test_candles_agree_with_the_trades(
    rows: list[tuple[int, int, int, Side]], interval: KlineInterval
) -> None:
    times = accumulate(row[0] for row in rows)
    trades = [trade(at_s, *row[1:]) for at_s, row in zip(times, rows, strict=True)]
    statistics = Statistics(history(), START)
    statistics.candles(interval)  # short intervals are kept from when they are asked for
    for match in trades:
        statistics.add([match], match.time_ns)
    for candle in statistics.candles(interval):
        end_ns = candle.open_ns + interval.seconds * NS_PER_S
        inside = [match for match in trades if candle.open_ns <= match.time_ns < end_ns]
        if not inside:
            assert candle.open_ns < START or candle.volume == 0
            continue
        prices = [match.price for match in inside]
        assert (candle.open, candle.close) == (prices[0], prices[-1])
        assert (candle.high, candle.low) == (max(prices), min(prices))
        assert candle.volume == sum(match.size for match in inside)
        assert candle.value == sum(match.size * match.price for match in inside)
