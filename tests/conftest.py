"""Shared by all tests: how hypothesis searches, where the recordings lie, and what no test sees."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time, however slow the machine; `--hypothesis-profile=explore` looks for
# new ones.
_PATIENT = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("repeatable", _PATIENT, derandomize=True, database=None)
settings.register_profile("explore", _PATIENT, max_examples=2_000)
settings.load_profile("repeatable")


# What a person or a shell sets so that programs print otherwise.
_OF_TERMINALS = ("COLUMNS", "LINES", "TERM", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE")


@pytest.fixture(scope="session", autouse=True)
def _without_a_terminal() -> Iterator[None]:
    """What is printed does not depend on where the tests were started."""
    with pytest.MonkeyPatch.context() as patch:
        for name in _OF_TERMINALS:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of samples and captures; without it the test skips."""
    beside = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("ARBITRIO_SHARED") or beside)
    if not folder.is_dir():
        pytest.skip(
            f"no recordings: {folder} is missing; they lie beside the checkout in {beside}, "
            "or where ARBITRIO_SHARED says"
        )
    return folder


@pytest.fixture(scope="session")
def sample(shared: Path) -> Callable[[str], bytes]:
    """Reads a sample payload, e.g. `binance/ws_trade.json`."""

    def read(path: str) -> bytes:
        file = shared / "samples" / path
        if not file.parent.is_dir():
            pytest.skip(f"no recordings: {file.parent} is missing")
        return file.read_bytes()

    return read


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """Commands decide where the log goes; what they decided ends with the test."""
    logger = logging.getLogger("arbitrio")
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)
