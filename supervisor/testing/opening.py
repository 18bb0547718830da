"""Venues in memory, and an engine that watches them, for the fixtures of the plugin."""

from contextlib import AbstractAsyncContextManager
from random import Random
from typing import Final, Protocol

from actors.edges.clock import TrioClock
from supervisor.settings.config import Config
from supervisor.system.engine import Engine, open_engine
from supervisor.system.sandboxes import Sandboxes, open_sandboxes

# Some instant, the same in every run: stamps belong to what one seed repeats.
_EPOCH_NS: Final = 1_790_000_000 * 10**9


class OpenSandbox(Protocol):
    """The type of the fixture `sandbox`."""

    def __call__(
        self, config: Config, *, seed: int = 0
    ) -> AbstractAsyncContextManager[Sandboxes]: ...


class OpenEngine(Protocol):
    """The type of the fixture `engine`."""

    def __call__(
        self, venues: Sandboxes, *, seed: int = 0
    ) -> AbstractAsyncContextManager[Engine]: ...


def open_sandbox(config: Config, *, seed: int = 0) -> AbstractAsyncContextManager[Sandboxes]:
    """Serve the venues of a configuration in memory, the same markets for the same seed.

    Raises:
        ConfigError: the configuration is wrong.
    """
    return open_sandboxes(config, seed=seed, clock=TrioClock(_EPOCH_NS), in_memory=True)


def open_engine_at(venues: Sandboxes, *, seed: int = 0) -> AbstractAsyncContextManager[Engine]:
    """Run an engine on the configuration that the venues were opened with; seeds its chance.

    Raises:
        RestartLimitReached: a part failed so often that the whole had to give up.
    """
    return open_engine(
        venues.config, network=venues.network, clock=venues.clock, chance=Random(seed)
    )
