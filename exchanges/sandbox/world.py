"""The fundamental prices that the synthetic markets of all sandbox venues follow.

Each asset has one price in a common quote currency, a function of time and of the seed alone: it
does not matter who asks first or how often, so venues may look at it with different lags and
still see the same path.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from math import exp, sqrt
from typing import Final
from zlib import crc32

import msgspec

from exchanges.chance import Chance
from exchanges.market.numbers import NS_PER_S

BP: Final = 1e-4

STEP_NS: Final = NS_PER_S // 10
"""Grid of a path; in between it is interpolated. A tenth of a second is a venue's usual pace."""
WINDOW_S: Final = 60
"""How far back a path can be asked: much further than any venue lags."""
HISTORY_MINUTES: Final = 25 * 60
"""Length of the path before the start: statistics of 24 hours need a day, and some candles."""

# A year's volatility alone would let prices wander anywhere in simulations of weeks.
_HALF_LIFE_S: Final = 86_400.0
_YEAR_S: Final = 365 * 86_400.0

_DOLLARS: Final = frozenset({"USD", "USDT", "USDC", "FDUSD", "TUSD", "USDE", "USDD", "DAI"})

# Rounded from what the assets cost in 2025 and 2026; only the magnitudes matter.
_START_PRICES: Final = {
    "AAVE": 200.0,
    "ADA": 0.6,
    "APT": 4.0,
    "ARB": 0.4,
    "ATOM": 4.0,
    "AVAX": 20.0,
    "BCH": 500.0,
    "BNB": 900.0,
    "BTC": 90_000.0,
    "DOGE": 0.15,
    "DOT": 3.0,
    "ETC": 16.0,
    "ETH": 3_000.0,
    "FIL": 2.0,
    "HYPE": 30.0,
    "INJ": 8.0,
    "LINK": 15.0,
    "LTC": 90.0,
    "NEAR": 2.0,
    "OP": 0.5,
    "PEPE": 0.000006,
    "SHIB": 0.00001,
    "SOL": 150.0,
    "SUI": 2.0,
    "TON": 2.0,
    "TRX": 0.3,
    "UNI": 7.0,
    "WIF": 0.5,
    "XLM": 0.25,
    "XRP": 2.0,
}


class Motion(msgspec.Struct, frozen=True, kw_only=True):
    """How fundamental prices move."""

    volatility: float = 0.6
    """Standard deviation of a year's return, as a fraction."""
    jumps_per_hour: float = 4.0
    jump_bp: float = 15.0
    """Standard deviation of a jump."""


STILL: Final = Motion(volatility=0.0, jumps_per_hour=0.0)
STABLE: Final = Motion(volatility=0.012, jumps_per_hour=0.0)
"""Of what is meant to be worth a dollar: it drifts by some 5 bp around it."""


class Depeg(msgspec.Struct, frozen=True, kw_only=True):
    """A stablecoin that is worth `share` of what it is meant to be, for a while."""

    asset: str
    from_ns: int
    until_ns: int
    share: float

    def of(self, now_ns: int) -> float:
        """What a price at a time is to be multiplied by."""
        return self.share if self.from_ns <= now_ns < self.until_ns else 1.0


def start_price(asset: str) -> float:
    """What an asset costs at first: as known, or made from its name, between 1 and 100."""
    if asset in _DOLLARS:
        return 1.0
    return _START_PRICES.get(asset) or round(10 ** (crc32(asset.encode()) % 2000 / 1000), 4)


class Fundamental:
    """The price path of one asset: a geometric random walk with jumps, weakly pulled to its start.

    `history` are the prices of the minutes before the start, oldest first; the last of them is
    the price at `start_ns`, which is also what anyone sees who looks at an earlier time.
    """

    def __init__(self, start: float, start_ns: int, motion: Motion, chance: Chance) -> None:
        self._start = start
        self._start_ns = start_ns
        self._chance = chance
        self._jump_odds = motion.jumps_per_hour * STEP_NS / (3600 * NS_PER_S)
        self._jump = motion.jump_bp * BP
        self._keep, self._sigma = _walk(motion, STEP_NS / NS_PER_S)
        self._deviation = 0.0  # logarithm of price / start
        self._points = deque([start], maxlen=WINDOW_S * NS_PER_S // STEP_NS)
        self._last_step = 0  # of the newest point
        self.history = self._invent_history(motion)

    def price(self, now_ns: int) -> float:
        """The price at a time.

        Raises:
            ValueError: the time is more than `WINDOW_S` before the latest that was asked for.
        """
        step, rest_ns = divmod(now_ns - self._start_ns, STEP_NS)
        if step < 0:
            return self._start
        while self._last_step <= step:
            self._advance()
        index = step - self._last_step - 1
        if -index > len(self._points):
            raise ValueError(f"a path is kept for {WINDOW_S} s, and {now_ns} is older")
        before, after = self._points[index], self._points[index + 1]
        return before + (after - before) * rest_ns / STEP_NS

    def _advance(self) -> None:
        deviation = self._deviation * self._keep + self._chance.gauss(0.0, self._sigma)
        if self._chance.random() < self._jump_odds:
            deviation += self._chance.gauss(0.0, self._jump)
        self._deviation = deviation
        self._points.append(self._start * exp(deviation))
        self._last_step += 1

    def _invent_history(self, motion: Motion) -> Sequence[float]:
        keep, sigma = _walk(motion, 60.0)
        deviation = 0.0
        backwards = [self._start]
        for _ in range(HISTORY_MINUTES):
            deviation = deviation * keep + self._chance.gauss(0.0, sigma)
            backwards.append(self._start * exp(deviation))
        return backwards[::-1]


class World:
    """The fundamental prices of all assets.

    `chance_of` makes the source of chance of an asset, from the seed and the asset's name:
    `lambda asset: Random(f"{seed} {asset}")`. With `depegs` stablecoins lose their pegs at times.
    """

    def __init__(
        self,
        start_ns: int,
        chance_of: Callable[[str], Chance],
        motion: Motion | None = None,
        depegs: Iterable[Depeg] = (),
    ) -> None:
        self._start_ns = start_ns
        self._chance_of = chance_of
        self._motion = motion or Motion()
        self._depegs = {depeg.asset: depeg for depeg in depegs}
        self._paths: dict[str, Fundamental] = {}

    def path(self, asset: str) -> Fundamental:
        """The price path of an asset."""
        path = self._paths.get(asset)
        if path is None:
            motion = self._motion
            if asset in _DOLLARS and motion != STILL:
                motion = STILL if asset == "USD" else STABLE
            path = Fundamental(start_price(asset), self._start_ns, motion, self._chance_of(asset))
            self._paths[asset] = path
        return path

    def price(self, base: str, quote: str, now_ns: int) -> float:
        """Units of `quote` per unit of `base` at a time; see `Fundamental.price`."""
        return self._worth(base, now_ns) / self._worth(quote, now_ns)

    def _worth(self, asset: str, now_ns: int) -> float:
        depeg = self._depegs.get(asset)
        return self.path(asset).price(now_ns) * (depeg.of(now_ns) if depeg else 1.0)

    def history(self, base: str, quote: str) -> list[float]:
        """Prices of the minutes before the start, oldest first, the price at the start last."""
        pairs = zip(self.path(base).history, self.path(quote).history, strict=True)
        return [base_price / quote_price for base_price, quote_price in pairs]


def _walk(motion: Motion, step_s: float) -> tuple[float, float]:
    """The part of the deviation that a step leaves, and the standard deviation it adds."""
    return 0.5 ** (step_s / _HALF_LIFE_S), motion.volatility * sqrt(step_s / _YEAR_S)
