"""What was traded in one market: recent trades, candles, and statistics of the last 24 hours.

Prices are ticks, sizes lots and values ticks times lots, so that all sums are exact.
"""

from collections import deque
from collections.abc import Iterable
from functools import reduce
from typing import Final

import msgspec

from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.topics import KlineInterval
from exchanges.sandbox.matching import Match

MINUTE_NS: Final = 60 * NS_PER_S

# Venues return at most 1,000 to 1,500 candles in one response.
CANDLES_KEPT: Final = 1_500
TRADES_KEPT: Final = 250
"""Of each market; more would let a program of many sandboxes grow for a quarter of an hour."""

_DAY_MINUTES: Final = 24 * 60


class Candle(msgspec.Struct, frozen=True, gc=False):
    """Trades of a span of time that begins at `open_ns`; without any, all prices are the last."""

    open_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    value: int = 0
    buy_volume: int = 0
    """The part of the volume whose taker bought."""
    buy_value: int = 0
    trades: int = 0

    @classmethod
    def of(cls, match: Match) -> "Candle":
        """The candle of a single trade."""
        price, size = match.price, match.size
        bought = size if match.side is Side.BUY else 0
        return cls(
            match.time_ns, price, price, price, price, size, price * size, bought, price * bought, 1
        )

    @classmethod
    def flat(cls, open_ns: int, price: int) -> "Candle":
        """A span without trades, after one at `price`."""
        return cls(open_ns, price, price, price, price)

    def joined(self, later: "Candle") -> "Candle":
        """This candle and a later one as one."""
        if not later.trades:
            return self
        if not self.trades:
            return msgspec.structs.replace(later, open_ns=self.open_ns)
        return Candle(
            self.open_ns,
            self.open,
            max(self.high, later.high),
            min(self.low, later.low),
            later.close,
            self.volume + later.volume,
            self.value + later.value,
            self.buy_volume + later.buy_volume,
            self.buy_value + later.buy_value,
            self.trades + later.trades,
        )


class _Series:
    """The candles of one interval without gaps; the last one is still running.

    It begins with other candles, oldest first, none of which passes the end of the interval that
    it begins in, and goes on with such ones.
    """

    def __init__(self, interval: KlineInterval, candles: Iterable[Candle], now_ns: int) -> None:
        first, *others = candles
        self._length_ns = interval.seconds * NS_PER_S
        first = msgspec.structs.replace(first, open_ns=self._opening_ns(first.open_ns))
        self.candles = deque([first], maxlen=CANDLES_KEPT)
        for candle in others:
            self.add(candle)
        self.roll(now_ns)

    def add(self, candle: Candle) -> None:
        if candle.trades and candle.open_ns == self.candles[-1].open_ns + self._length_ns:
            self.candles.append(candle)  # as below, but faster: histories are long
            return
        self.roll(candle.open_ns)
        self.candles[-1] = self.candles[-1].joined(candle)

    def roll(self, now_ns: int) -> None:
        """Go on to the interval that `now_ns` lies in; those passed over are flat."""
        last = self.candles[-1]
        opening_ns = self._opening_ns(now_ns)
        missing = (opening_ns - last.open_ns) // self._length_ns
        for age in reversed(range(min(missing, CANDLES_KEPT))):
            self.candles.append(Candle.flat(opening_ns - age * self._length_ns, last.close))

    def _opening_ns(self, at_ns: int) -> int:
        return at_ns - at_ns % self._length_ns


class Statistics:
    """The trades of one market, and what is computed from them.

    `history` are candles of one minute from before the start, oldest first and without gaps.
    Intervals count from the epoch, so weeks begin on Thursday and months have 30 days.
    """

    def __init__(self, history: Iterable[Candle], now_ns: int) -> None:
        self.trades: deque[Match] = deque(maxlen=TRADES_KEPT)
        self._now_ns = now_ns
        self._minutes = _Series(KlineInterval.M1, history, now_ns)
        self._series = {KlineInterval.M1: self._minutes}
        self._past_day = self._minutes.candles[0]
        self._past_day_until_ns = 0  # not asked for yet

    def add(self, matches: Iterable[Match], now_ns: int) -> None:
        """Take in the trades since the last call; none of them is later than `now_ns`."""
        self._now_ns = now_ns
        for match in matches:
            self.trades.append(match)
            candle = Candle.of(match)
            for series in self._series.values():
                series.add(candle)
        for series in self._series.values():
            series.roll(now_ns)

    def candles(self, interval: KlineInterval) -> list[Candle]:
        """The last candles of an interval, oldest first; the last one is still running.

        Intervals from a minute on reach back into the history, shorter ones to the first of the
        recent trades when they were first asked for.
        """
        return list(self._of(interval).candles)

    def candle(self, interval: KlineInterval) -> Candle:
        """The running candle of an interval."""
        return self._of(interval).candles[-1]

    def day(self) -> Candle:
        """The last 24 hours by whole minutes, the running one included."""
        running = self._minutes.candles[-1]
        if self._past_day_until_ns != running.open_ns:
            self._past_day = self._without_running_minute()
            self._past_day_until_ns = running.open_ns
        return self._past_day.joined(running)

    def _of(self, interval: KlineInterval) -> _Series:
        series = self._series.get(interval)
        if series is None:
            series = _Series(interval, self._source(interval), self._now_ns)
            self._series[interval] = series
        return series

    def _source(self, interval: KlineInterval) -> Iterable[Candle]:
        if interval.seconds > KlineInterval.M1.seconds:
            return self._minutes.candles
        if self.trades:
            return map(Candle.of, self.trades)
        return [Candle.flat(self._now_ns, self._minutes.candles[-1].close)]

    def _without_running_minute(self) -> Candle:
        minutes = list(self._minutes.candles)[-_DAY_MINUTES:]
        start = Candle.flat(minutes[0].open_ns, minutes[0].open)
        return reduce(Candle.joined, minutes[:-1], start)
