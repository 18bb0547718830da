"""Chance as something injected: what a seed decides."""

from typing import Protocol


class Chance(Protocol):
    """A source of chance; `random.Random` is one."""

    def random(self) -> float: ...

    def gauss(self, mu: float, sigma: float, /) -> float: ...

    def expovariate(self, rate: float, /) -> float: ...
