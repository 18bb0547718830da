"""Life of a supervisor: start, stop and cancellation.

Wishes at run time are in `test_wishes.py`; nesting, the tree and the log in `test_tree.py`.
"""

import signal
from collections.abc import Iterator
from math import inf

import pytest
import trio
from trio.testing import MockClock

from supervisor.supervision.child import ChildSpec
from supervisor.supervision.policy import (
    Backoff,
    Parking,
    Restart,
    RestartLimit,
    RestartLimitReached,
    Strategy,
)
from supervisor.supervision.supervise import Supervisor
from tests.logs import capture_logs
from tests.supervisor.supervision.workers import (
    Crew,
    no_jitter,
    node,
    running,
    states,
    supervise,
    told,
)

TRANSIENT, TEMPORARY = Restart.TRANSIENT, Restart.TEMPORARY
ONE_FOR_ONE, ONE_FOR_ALL = Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL
NEVER = RestartLimit(0, 1.0)


# Start and stop.


async def test_children_start_in_order_of_readiness_and_stop_in_reverse(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].ready_s, crew["b"].ready_s, crew["c"].ready_s = 3.0, 2.0, 1.0
    crew["a"].stop_s, crew["b"].stop_s, crew["c"].stop_s = 1.0, 2.0, 3.0
    async with running(supervise(*crew.specs("abc"))):
        assert crew.news() == "+a +b +c"
        assert trio.current_time() == 6.0
    assert crew.news() == "-c -b -a"
    assert trio.current_time() == 12.0


async def test_supervisor_without_children_is_ready_and_runs_on(autojump_clock: MockClock) -> None:
    supervisor = supervise()
    async with running(supervisor):
        await trio.sleep(1000)
        assert supervisor.tree().state == "running"


async def test_nobody_waits_for_a_child_that_need_not_say_it_is_ready(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].ready_s = inf
    async with running(supervise(crew.spec("a", wait_ready=False), crew.spec("b"))):
        assert trio.current_time() == 0.0
        assert crew.alive == "ab"
        await trio.sleep(1000)
        assert crew["a"].starts == 1


async def test_nobody_waits_for_such_a_child_to_come_back(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].refusals = 1
    crew["b"].ready_s = 0.5
    children = [crew.spec("a", wait_ready=False), crew.spec("b"), crew.spec("c")]
    async with running(supervise(*children)):
        assert crew.news() == "-a +b +c"
        assert trio.current_time() == 0.5


async def test_child_that_fails_before_it_is_ready_is_tried_again_while_later_ones_wait(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].refusals = 2
    async with running(supervise(*crew.specs("ab"))):
        assert crew.news() == "-a -a +a +b"
        assert trio.current_time() == 3.0  # 1 s and 2 s of back-off


async def test_first_start_goes_on_without_a_child_that_is_done(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].refusals = 1
    async with running(supervise(crew.spec("a", restart=TEMPORARY), crew.spec("b"))):
        assert crew.news() == "-a +b"


async def test_failures_before_readiness_escalate_too(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].refusals = 2
    with pytest.raises(RestartLimitReached):
        await supervise(*crew.specs("ab"), limit=RestartLimit(1, 60.0)).run()
    assert crew.news() == "-a -a"


async def test_child_that_is_not_ready_in_time_has_failed(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].ready_s = inf
    with pytest.raises(RestartLimitReached, match="ChildNotReady: a was not ready within 7 s"):
        await supervise(crew.spec("a", start_s=7.0), limit=NEVER).run()
    assert trio.current_time() == 7.0


async def test_late_child_that_fails_as_it_goes_is_blamed_for_both(
    autojump_clock: MockClock,
) -> None:
    async def stubborn(*, task_status: trio.TaskStatus[None]) -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise OSError("cannot close")

    with pytest.raises(RestartLimitReached, match="not ready within 7 s") as caught:
        await supervise(ChildSpec("a", stubborn, start_s=7.0), limit=NEVER).run()
    assert caught.value.__cause__ is not None
    assert isinstance(caught.value.__cause__.__cause__, OSError)


async def test_child_that_is_stopped_while_it_starts_is_not_late(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].ready_s, crew["a"].stop_s = inf, 3.0
    with capture_logs() as records, trio.move_on_after(1):
        await supervise(crew.spec("a", start_s=2.0)).run()
    assert told(records, "reason") == [("child_exited", "stopped")]


async def test_time_to_become_ready_does_not_limit_the_life_after(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].ready_s = 6.0
    async with running(supervise(crew.spec("a", start_s=7.0))):
        await trio.sleep(100)
        assert crew["a"].starts == 1


async def test_overdue_stop_is_reported_and_the_others_stop_meanwhile(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["b"].stop_s = 60.0
    with capture_logs() as records:
        async with running(supervise(*crew.specs("abc", shutdown_s=2.0))):
            crew.news()
    assert crew.news() == "-c -a -b"
    assert trio.current_time() == 60.0  # nothing outlives the supervisor
    overdue = [record for record in records if record["event"] == "stop_overdue"]
    assert told(overdue, "child", "after_s") == [("stop_overdue", "b", 2.0)]


async def test_each_overdue_stop_of_a_child_is_reported(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].stop_s = 60.0
    supervisor = supervise(*crew.specs("a"))
    with capture_logs() as records:
        async with running(supervisor):
            await supervisor.restart("a")
            await supervisor.restart("a")
    events = [record["event"] for record in records]
    assert events.count("stop_overdue") == 3


async def test_supervisor_can_run_again_but_not_twice_at_once(autojump_clock: MockClock) -> None:
    crew = Crew()
    supervisor = supervise(*crew.specs("a"))
    async with running(supervisor):
        await supervisor.add(crew.spec("b"))
        with pytest.raises(RuntimeError, match="top is running"):
            await supervisor.run()
    async with running(supervisor):
        assert states(supervisor) == {"a": "running", "b": "running"}


def test_names_of_children_differ() -> None:
    crew = Crew()
    with pytest.raises(ValueError, match="same name"):
        supervise(*crew.specs("aba"))


# Cancellation.


@pytest.mark.parametrize(
    ("at_s", "journal"),
    [
        (0.5, "-a"),  # a starts
        (1.5, "+a -b -a"),  # b starts
        (3.5, "+a +b +c -c -b -a"),  # all run
        (5.5, "+a +b +c -b -c -a"),  # b has failed and cleans up
        (6.5, "+a +b +c -b -c -a"),  # c stops
        (7.5, "+a +b +c -b -c -a"),  # a stops
        (9.0, "+a +b +c -b -c -a"),  # the group backs off
        (10.5, "+a +b +c -b -c -a -a"),  # a starts again
        (11.5, "+a +b +c -b -c -a +a -b -a"),  # b starts again
    ],
)
async def test_cancellation_at_any_moment_stops_all_in_order(
    at_s: float, journal: str, autojump_clock: MockClock
) -> None:
    crew = Crew()
    for name in "abc":
        crew[name].ready_s = crew[name].stop_s = 1.0
    crew["b"].life_s = 3.0  # until 5.0
    children = crew.specs("abc", backoff=Backoff(initial_s=4.0, jitter=0.0))
    with trio.move_on_at(at_s) as scope:
        await supervise(*children, strategy=ONE_FOR_ALL).run()
    assert scope.cancelled_caught
    assert crew.alive == ""
    assert crew.news() == journal


async def test_cancellation_is_heard_while_children_back_off_or_are_parked(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].refusals = crew["b"].refusals = 1
    long = Backoff(initial_s=1000.0, cap_s=1000.0)
    children = [
        crew.spec("a", parking=Parking(), limit=NEVER),
        crew.spec("b", backoff=long),
        crew.spec("c"),
    ]
    supervisor = supervise(*children)
    with trio.move_on_after(10):
        await supervisor.run()
    assert trio.current_time() == 10.0
    assert crew.news() == "-a -b"
    assert states(supervisor) == {"a": "stopped", "b": "stopped", "c": "stopped"}


async def test_failures_during_the_stop_are_not_counted(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["b"].stop_s = 3.0
    crew["a"].life_s = 2.0
    supervisor = supervise(*crew.specs("ab"), limit=NEVER)
    with trio.move_on_after(1) as scope:
        await supervisor.run()
    assert scope.cancelled_caught
    assert crew.news() == "+a +b -a -b"
    assert node(supervisor, "a").last_failure == "ValueError: boom"


async def test_cancellation_wins_over_an_escalation_under_way(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["b"].life_s = 1.0
    crew["a"].stop_s = 3.0
    with trio.move_on_at(2) as scope:
        await supervise(*crew.specs("ab"), limit=NEVER).run()
    assert scope.cancelled_caught
    assert crew.news() == "+a +b -b -a"


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("restart", Restart)
async def test_interrupts_pass_through_and_stop_all_in_order(
    interrupt: type[BaseException], restart: Restart, autojump_clock: MockClock
) -> None:
    crew = Crew()
    inner = Supervisor("inner", crew.specs("bcd", restart=restart), jitter=no_jitter)
    supervisor = supervise(crew.spec("a"), inner.as_child(), crew.spec("e"))
    with capture_logs() as records, pytest.RaisesGroup(interrupt, flatten_subgroups=True):
        async with running(supervisor):
            crew.news()
            crew["c"].end(interrupt())
            await trio.sleep(1000)
    assert crew.news() == "-c -d -b -e -a"
    assert "child_restarting" not in {record["event"] for record in records}


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C counts, also in a process that was started in the background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("presses", "journal"), [([1], "+a +b +c -c -b -a"), ([1, 2], "+a +b +c -a -c -b")]
)
def test_second_interrupt_ends_the_order_but_leaves_nothing(
    presses: list[int], journal: str, interruptible: None
) -> None:
    crew = Crew()
    crew["a"].stop_s, crew["b"].stop_s, crew["c"].stop_s = 1.0, 3.0, 3.0

    async def press_control_c() -> None:
        for at_s in presses:
            await trio.sleep_until(at_s)
            signal.raise_signal(signal.SIGINT)

    async def main() -> None:
        trio.lowlevel.spawn_system_task(press_control_c)  # so trio interrupts the main task
        await supervise(*crew.specs("abc")).run()

    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        trio.run(main, clock=MockClock(autojump_threshold=0))
    assert crew.news() == journal
