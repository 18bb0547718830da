"""What pytest gets by an installation of arbitrio: three fixtures, and the log of what failed.

pytest loads this file in every run on that installation, whether or not a test is about arbitrio.
So it imports pytest alone, and each fixture imports what it needs.
"""

from collections import deque
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from trio.testing import MockClock

    from supervisor.testing.opening import OpenEngine, OpenSandbox

_TAIL = pytest.StashKey[deque[str]]()


@pytest.fixture
def virtual_clock(_arbitrio_log: None) -> "MockClock":
    """trio's clock of a test: it jumps to the next deadline once every task waits.

    A test of pytest-trio that has this fixture runs by it; any other gives it to
    `trio.run(main, clock=virtual_clock)`.
    """
    from trio.testing import MockClock

    return MockClock(autojump_threshold=0)


@pytest.fixture
def sandbox(_arbitrio_log: None) -> "OpenSandbox":
    """Opens the venues of a configuration in memory: `async with sandbox(config) as venues`."""
    from supervisor.testing.opening import open_sandbox

    return open_sandbox


@pytest.fixture
def engine(_arbitrio_log: None) -> "OpenEngine":
    """Opens an engine that watches them: `async with engine(venues) as running`."""
    from supervisor.testing.opening import open_engine_at

    return open_engine_at


@pytest.fixture
def _arbitrio_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keeps the newest lines of the log with the test, for its report."""
    from supervisor.testing.tail import keep_tail

    with keep_tail() as lines:
        request.node.stash[_TAIL] = lines
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the newest lines of the log to the report of a test that failed with our fixtures."""
    report = yield
    lines = item.stash.get(_TAIL, None)
    if report.failed and lines:
        report.sections.append(("arbitrio", "\n".join(lines)))
    return report
