"""A synthetic market: one instrument of a sandbox venue, traded by makers and takers by chance.

Makers quote around the venue's mid, which follows the fundamental price with a lag and strays
from it; takers send market orders. They trade in a real matching engine, where users' orders
rest and match among theirs. Everything a venue publishes about a market is found here: updates
of the book, snapshots, trades, candles, statistics, and the state of a perpetual.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import exp, sqrt
from typing import Final

from exchanges.chance import Chance
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.numbers import NS_PER_S
from exchanges.market.orders import Side
from exchanges.market.scale import Scale
from exchanges.sandbox.matching import Depth, MarketUpdate, MatchingEngine
from exchanges.sandbox.synthetic.makers import Makers, Sizing
from exchanges.sandbox.synthetic.perpetual import Perpetual, PerpetualState
from exchanges.sandbox.synthetic.profile import SYNTHETIC, MarketProfile
from exchanges.sandbox.synthetic.statistics import MINUTE_NS, Candle, Statistics
from exchanges.sandbox.world import BP, World

# Whoever looks at a market after a pause wants its price, not all the trades that were missed.
_LONGEST_BUSY_S: Final = 1.0

# A market whose tick is more than 1 % of its price would have hardly a level to quote at.
_LEAST_TICKS: Final = 100

# Spread of the logarithm of takers' sizes: one in forty is seven times the median, or more.
_TAKER_SIGMA: Final = 1.0

# Trades a minute in the invented history of a market without takers.
_QUIET_TRADES: Final = 6.0

# Perpetuals of large assets trade their open interest a few times a day.
_TURNOVER: Final = 4


class NotPerpetual(ValueError):
    """A market was asked for what only perpetuals have."""


class SyntheticMarket:
    """The market of one instrument at one venue, from `now_ns` on.

    Users' orders go to `engine`; `publish` then tells what they caused. `ticks`, `lots` and
    `values` turn prices, sizes and their products into decimals.

    Raises:
        ValueError: the instrument's tick is too coarse for its price.
    """

    def __init__(
        self,
        instrument: Instrument,
        world: World,
        profile: MarketProfile,
        chance: Chance,
        now_ns: int,
    ) -> None:
        self.instrument = instrument
        self.ticks = Scale(instrument.tick)
        self.lots = Scale(instrument.step)
        self.values = Scale(instrument.tick * instrument.step)
        self.engine = MatchingEngine()
        self._world = world
        self._profile = profile
        self._chance = chance
        self._now_ns = now_ns
        self._deviation = _Deviation(profile, chance)
        self._sizing = Sizing(instrument, world.price(instrument.quote, "USD", now_ns))
        self._makers = Makers(self.engine, instrument, self._sizing, profile, chance)
        self._mid = self._find_mid()
        if self._mid < _LEAST_TICKS:
            raise ValueError(f"{instrument.symbol} costs only {self._mid:.1f} ticks")
        self._makers.follow(self._mid, now_ns)
        self.engine.take_update(now_ns)
        self.statistics = Statistics(self._invent_history(), now_ns)
        self._perpetual: Perpetual | None = None
        if instrument.kind is Kind.PERPETUAL:
            open_interest = self.statistics.day().volume // _TURNOVER
            self._perpetual = Perpetual(
                instrument.funding_interval_s, profile.basis_bp * BP, open_interest, chance
            )

    def step(self, now_ns: int) -> MarketUpdate:
        """Let takers and makers act until `now_ns`; returns what happened since last told.

        After a pause the market goes to its new price with the activity of one second.

        Raises:
            ValueError: `now_ns` is before the last step.
        """
        elapsed_s = (now_ns - self._now_ns) / NS_PER_S
        if elapsed_s < 0:
            raise ValueError(f"the last step was at {self._now_ns}, after {now_ns}")
        self._now_ns = now_ns
        busy_s = min(elapsed_s, _LONGEST_BUSY_S)
        for _ in range(_arrivals(self._profile.takers_per_s, busy_s, self._chance)):
            self._take()
        self._deviation.advance(elapsed_s)
        self._mid = self._find_mid()
        self._makers.follow(self._mid, now_ns)
        for _ in range(_arrivals(self._profile.makers_per_s, busy_s, self._chance)):
            self._makers.replace(now_ns)
        update = self.publish(now_ns)
        if self._perpetual:
            premium = self._mid / self._fundamental(now_ns) - 1
            self._perpetual.advance(premium, elapsed_s, sum(match.size for match in update.matches))
        return update

    def publish(self, now_ns: int) -> MarketUpdate:
        """What happened since last told, without letting takers and makers act."""
        update = self.engine.take_update(now_ns)
        self.statistics.add(update.matches, now_ns)
        return update

    def depth(self, count: int) -> Depth:
        """The best `count` levels of both sides now, users' orders included."""
        return self.engine.depth(count)

    def perpetual(self) -> PerpetualState:
        """Mark price, funding and open interest at the last step.

        Raises:
            NotPerpetual: the instrument is none.
        """
        if self._perpetual is None:
            raise NotPerpetual(f"{self.instrument.native} is not a perpetual")
        return self._perpetual.state(self._fundamental(self._now_ns), self._now_ns)

    def _fundamental(self, at_ns: int) -> float:
        """The fundamental price in ticks."""
        price = self._world.price(self.instrument.base, self.instrument.quote, at_ns)
        return price / self.ticks.number(1)

    def _find_mid(self) -> float:
        seen_ns = self._now_ns - int(self._profile.lag_s * NS_PER_S)
        return self._fundamental(seen_ns) * (1 + self._deviation.fraction)

    def _take(self) -> None:
        """A taker buys or sells at any price."""
        side = Side.BUY if self._chance.random() < 0.5 else Side.SELL
        size = self._sizing.lots(self._taker_value(), self._mid)
        self.engine.submit(SYNTHETIC, side, size, None, self._now_ns)

    def _taker_value(self) -> float:
        return self._profile.taker_value * exp(self._chance.gauss(0.0, _TAKER_SIGMA))

    def _invent_history(self) -> Iterator[Candle]:
        """Candles of the minutes before the start, along the world's history up to the mid."""
        chance = self._chance
        prices = self._world.history(self.instrument.base, self.instrument.quote)
        ticks_per_price = self._mid / prices[-1]
        trades_per_minute = 60 * self._profile.takers_per_s or _QUIET_TRADES
        opening_ns = self._now_ns - self._now_ns % MINUTE_NS - (len(prices) - 1) * MINUTE_NS
        for before, after in pairwise(prices):
            opened, closed = round(before * ticks_per_price), round(after * ticks_per_price)
            wick = abs(opened - closed) / 2
            trades = 1 + int(chance.expovariate(1 / trades_per_minute))
            volume = trades * self._sizing.lots(self._taker_value(), opened)
            bought = int(volume * chance.random())
            average = (opened + closed) // 2
            yield Candle(
                opening_ns,
                opened,
                max(opened, closed) + int(wick * chance.random()),
                min(opened, closed) - int(wick * chance.random()),
                closed,
                volume,
                volume * average,
                bought,
                bought * average,
                trades,
            )
            opening_ns += MINUTE_NS


class _Deviation:
    """How far a venue's mid lies above what its makers see: basis, noise and dislocations."""

    def __init__(self, profile: MarketProfile, chance: Chance) -> None:
        self._profile = profile
        self._chance = chance
        self._noise_bp = 0.0
        self._dislocation_bp = 0.0

    @property
    def fraction(self) -> float:
        return (self._profile.basis_bp + self._noise_bp + self._dislocation_bp) * BP

    def advance(self, elapsed_s: float) -> None:
        profile, chance = self._profile, self._chance
        keep = 0.5 ** (elapsed_s / profile.noise_half_life_s)
        # What keeps the standard deviation of the noise the same, however long the steps.
        added_bp = profile.noise_bp * sqrt(1 - keep * keep)
        self._noise_bp = self._noise_bp * keep + chance.gauss(0.0, added_bp)
        self._dislocation_bp *= 0.5 ** (elapsed_s / profile.dislocation_half_life_s)
        # Of a longer pause, only the last dislocations would still be felt.
        fresh_s = min(elapsed_s, profile.dislocation_half_life_s)
        for _ in range(_arrivals(profile.dislocations_per_hour / 3600, fresh_s, chance)):
            sign = 1 if chance.random() < 0.5 else -1
            self._dislocation_bp += sign * profile.dislocation_bp * (0.5 + chance.random())


def _arrivals(per_s: float, elapsed_s: float, chance: Chance) -> int:
    """How often something happened by chance that happens `per_s` times a second."""
    count = 0
    if per_s and elapsed_s:
        at_s = chance.expovariate(per_s)
        while at_s < elapsed_s:
            count += 1
            at_s += chance.expovariate(per_s)
    return count
