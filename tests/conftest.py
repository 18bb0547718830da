"""Shared by all tests: how hypothesis searches, and where the recordings lie."""

from collections.abc import Callable
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


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of samples and captures beside the project; without it the test skips."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"no recordings: {folder} is missing")
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
