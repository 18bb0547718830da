"""Life of a supervisor: start, stop, cancellation, nesting, wishes at run time, tree and log."""

import signal
from math import inf
from typing import Any

import msgspec
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from supervisor.child import ChildNotReady, ChildSpec, State
from supervisor.policy import Backoff, Parking, Restart, RestartLimit, RestartLimitReached, Strategy
from supervisor.supervise import Supervisor
from tests.supervisor.workers import Crew, NoChance, node, reach, running, states

TRANSIENT, TEMPORARY = Restart.TRANSIENT, Restart.TEMPORARY
ONE_FOR_ONE, ONE_FOR_ALL = Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL
REST_FOR_ONE = Strategy.REST_FOR_ONE
PLENTY = RestartLimit(1000, 1.0)
NEVER = RestartLimit(0, 1.0)


def supervise(*children: ChildSpec, **options: Any) -> Supervisor:
    return Supervisor("top", children, **{"chance": NoChance(), **options})


def told(records: list[Any], *fields: str) -> list[tuple[Any, ...]]:
    """The events logged, each with these fields."""
    return [tuple(record[field] for field in ("event", *fields)) for record in records]


def end_quickly(crew: Crew) -> None:
    """Let nothing that a test made slow hold up its end."""
    for name in crew.alive:
        crew[name].stop_s = 0.0


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
    inner = Supervisor("inner", crew.specs("bcd", restart=restart), chance=NoChance())
    supervisor = supervise(crew.spec("a"), inner.as_child(), crew.spec("e"))
    with capture_logs() as records, pytest.RaisesGroup(interrupt, flatten_subgroups=True):
        async with running(supervisor):
            crew.news()
            crew["c"].end(interrupt())
            await trio.sleep(1000)
    assert crew.news() == "-c -d -b -e -a"
    assert "child_restarting" not in {record["event"] for record in records}


@pytest.mark.parametrize(
    ("presses", "journal"), [([1], "+a +b +c -c -b -a"), ([1, 2], "+a +b +c -a -c -b")]
)
def test_second_interrupt_ends_the_order_but_leaves_nothing(
    presses: list[int], journal: str
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


# Nesting.


def branch(crew: Crew, limit: RestartLimit) -> tuple[Supervisor, Supervisor, Supervisor]:
    low = Supervisor("low", crew.specs("bc"), limit=limit, chance=NoChance())
    mid = Supervisor(
        "mid", [low.as_child(backoff=Backoff(jitter=0.0))], limit=limit, chance=NoChance()
    )
    return low, mid, supervise(crew.spec("a"), mid.as_child(), crew.spec("d"), limit=NEVER)


async def test_escalation_climbs_level_by_level_with_the_whole_history(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["b"].life_s = 1.0
    _, _, top = branch(crew, RestartLimit(1, 60.0))
    with pytest.raises(RestartLimitReached) as caught:
        await top.run()
    # b fails twice per life of low, low twice in mid, and mid once in top, where that is too often
    assert crew["b"].starts == 4
    assert crew["a"].starts == crew["d"].starts == 1
    error = caught.value
    assert (error.supervisor, error.child) == ("top", "mid")
    (mid_failed,) = error.history
    assert [entry.child for entry in mid_failed.history] == ["low", "low"]
    assert [[leaf.child for leaf in entry.history] for entry in mid_failed.history] == [
        ["b", "b"],
        ["b", "b"],
    ]
    causes: list[BaseException | None] = [error]
    while causes[-1]:
        causes.append(causes[-1].__cause__)
    assert [type(cause).__name__ for cause in causes] == [
        *["RestartLimitReached"] * 3,
        "ValueError",
        "NoneType",
    ]
    assert "top" in str(error)
    assert "ValueError: boom" in str(error)
    assert crew.alive == ""


async def test_branch_restarts_alone_and_whole(autojump_clock: MockClock) -> None:
    crew = Crew()
    low, _, top = branch(crew, NEVER)
    async with running(top):
        assert crew.news() == "+a +b +c +d"
        mid_node = node(top, "mid")
        assert (mid_node.kind, mid_node.children) == ("supervisor", (node(top, "mid", "low"),))
        await low.add(crew.spec("x"))
        assert [child.name for child in node(top, "mid", "low").children] == ["b", "c", "x"]
    assert crew.news() == "+x -d -x -c -b -a"


async def test_venue_that_keeps_failing_is_parked_and_its_neighbours_run_on(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].refusals = 3
    children = [
        Supervisor(f"venue {name}", crew.specs(name), limit=NEVER, chance=NoChance()).as_child(
            parking=Parking(probe_after_s=60.0),
            limit=RestartLimit(1, 60.0),
            backoff=Backoff(initial_s=1.0, jitter=0.0),
            wait_ready=False,
        )
        for name in "ab"
    ]
    venues = supervise(*children, limit=NEVER)
    async with running(venues):
        assert trio.current_time() == 0.0
        await reach(2)
        assert states(venues) == {"venue a": "parked", "venue b": "running"}
        await reach(61)  # the first probe fails
        assert states(venues) == {"venue a": "parked", "venue b": "running"}
        await reach(181)
        assert states(venues) == {"venue a": "running", "venue b": "running"}
        assert (crew["a"].starts, crew["b"].starts) == (4, 1)


async def test_supervisor_as_a_child_has_all_the_time_it_needs(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].ready_s = crew["b"].ready_s = 25.0
    crew["a"].stop_s = crew["b"].stop_s = 4.0
    inner = Supervisor("inner", crew.specs("ab"), chance=NoChance())
    with capture_logs() as records:
        async with running(supervise(inner.as_child())):
            assert trio.current_time() == 50.0
    assert trio.current_time() == 58.0
    assert "stop_overdue" not in {record["event"] for record in records}


async def test_groups_of_failures_are_failures(autojump_clock: MockClock) -> None:
    async def fail_twice(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail, OSError("one"))
            nursery.start_soon(fail, KeyError("two"))

    async def fail(error: Exception) -> None:
        raise error

    with pytest.raises(RestartLimitReached) as caught:
        await supervise(ChildSpec("pair", fail_twice), limit=NEVER).run()
    assert caught.value.history[0].text in {
        "OSError: one; KeyError: 'two'",
        "KeyError: 'two'; OSError: one",
    }


# Wishes at run time.


async def test_added_child_is_last_and_awaited(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["b"].ready_s = 4.0
    supervisor = supervise(*crew.specs("a"))
    async with running(supervisor):
        await supervisor.add(crew.spec("b"))
        assert trio.current_time() == 4.0
        assert states(supervisor) == {"a": "running", "b": "running"}
    assert crew.news() == "+a +b -b -a"


async def test_add_waits_out_a_failure_that_is_followed_by_a_restart(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].refusals = 1
    supervisor = supervise()
    async with running(supervisor):
        await supervisor.add(crew.spec("a"))
        assert crew.news() == "-a +a"


@pytest.mark.parametrize(
    ("strategy", "at_s"), [(ONE_FOR_ONE, 0.0), (ONE_FOR_ALL, 1.0), (REST_FOR_ONE, 1.0)]
)
async def test_added_child_waits_for_earlier_ones_where_order_matters(
    strategy: Strategy, at_s: float, autojump_clock: MockClock
) -> None:
    crew = Crew()
    supervisor = supervise(*crew.specs("a"), strategy=strategy)
    async with running(supervisor):
        crew.fail("a")
        await wait_all_tasks_blocked()
        await supervisor.add(crew.spec("b"))
        assert trio.current_time() == at_s


@pytest.mark.parametrize(
    "options",
    [{"restart": TEMPORARY}, {"parking": Parking(), "limit": NEVER}],
    ids=["done", "parked"],
)
async def test_add_says_when_the_child_will_not_be_ready(
    options: dict[str, Any], autojump_clock: MockClock
) -> None:
    crew = Crew()
    crew["a"].refusals = 1
    supervisor = supervise()
    async with running(supervisor):
        with pytest.raises(ChildNotReady, match="ValueError: boom"):
            await supervisor.add(crew.spec("a", **options))


async def test_name_is_taken_until_its_child_is_gone(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].stop_s = 3.0
    supervisor = supervise(*crew.specs("a"))
    async with running(supervisor), trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.remove, "a")
        await reach(1)
        with pytest.raises(ValueError, match="has a child a"):
            await supervisor.add(crew.spec("a"))
        await reach(3)
        await supervisor.add(crew.spec("a"))
        end_quickly(crew)


@pytest.mark.parametrize("strategy", Strategy)
async def test_removed_child_goes_alone_and_is_forgotten(
    strategy: Strategy, autojump_clock: MockClock
) -> None:
    crew = Crew()
    crew["b"].stop_s = 2.0
    supervisor = supervise(*crew.specs("abc"), strategy=strategy)
    async with running(supervisor):
        await supervisor.remove("b")
        assert trio.current_time() == 2.0
        assert crew.news() == "+a +b +c -b"
        assert states(supervisor) == {"a": "running", "c": "running"}
        with pytest.raises(LookupError, match="top has no child b"):
            await supervisor.remove("b")


async def test_remove_returns_when_an_overdue_child_is_gone(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].stop_s = 60.0
    supervisor = supervise(*crew.specs("a"))
    async with running(supervisor), trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(supervisor.remove, "a")
        await reach(59)
        assert states(supervisor) == {"a": "stopping"}
        await reach(60)
        assert states(supervisor) == {}


async def test_removal_under_way_outlasts_a_restart_of_the_child(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].stop_s = 3.0
    supervisor = supervise(*crew.specs("ab"))
    async with running(supervisor), trio.open_nursery() as nursery:
        nursery.start_soon(supervisor.remove, "a")
        await reach(1)
        with pytest.raises(ChildNotReady, match="top: a is not ready: stopping"):
            await supervisor.restart("a")
        await reach(3)
        assert states(supervisor) == {"b": "running"}


async def test_removal_under_way_outlasts_the_end_of_the_supervisor(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].stop_s = 3.0
    supervisor = supervise(*crew.specs("ab"))
    async with trio.open_nursery() as nursery, running(supervisor):
        nursery.start_soon(supervisor.remove, "a")
        await reach(1)
    assert states(supervisor) == {"b": "stopped"}


async def test_child_may_be_removed_while_all_stop(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["b"].stop_s = 2.0
    supervisor = supervise(*crew.specs("ab"))
    async with trio.open_nursery() as nursery:
        async with running(supervisor):
            nursery.start_soon(remove_at, supervisor, "a", 1)
        assert states(supervisor) == {"b": "stopped"}


async def remove_at(supervisor: Supervisor, name: str, at_s: float) -> None:
    await trio.sleep_until(at_s)
    assert supervisor.tree().state == "stopping"
    await supervisor.remove(name)


@pytest.mark.parametrize(
    ("at_s", "state"),
    [(0.5, "starting"), (2.5, "running"), (4.5, "backing off"), (25.0, "parked")],
)
async def test_remove_ends_a_child_whatever_it_does(
    at_s: float, state: str, autojump_clock: MockClock
) -> None:
    crew = Crew()
    crew["a"].ready_s = crew["a"].life_s = 2.0
    spec = crew.spec("a", wait_ready=True, parking=Parking(), limit=RestartLimit(1, 60.0))
    supervisor = supervise(crew.spec("b"))
    async with running(supervisor), trio.open_nursery() as nursery:
        nursery.start_soon(add_expecting, supervisor, spec)
        await reach(at_s)
        assert states(supervisor)["a"] == state
        starts = crew["a"].starts
        await supervisor.remove("a")
        assert trio.current_time() == at_s
        assert states(supervisor) == {"b": "running"}
        await trio.sleep(1000)
        assert crew["a"].starts == starts


async def add_expecting(supervisor: Supervisor, spec: ChildSpec) -> None:
    """Add the child; that it may be removed before it is ready is expected."""
    try:
        await supervisor.add(spec)
    except ChildNotReady:
        assert trio.current_time() < 2.0


async def test_child_removed_from_a_pending_group_stays_out(autojump_clock: MockClock) -> None:
    crew = Crew()
    supervisor = supervise(*crew.specs("abc"), strategy=ONE_FOR_ALL)
    async with running(supervisor):
        crew.fail("b")
        await reach(0.5)
        await supervisor.remove("b")
        await reach(1)
        assert crew.news() == "+a +b +c -b -c -a +a +c"


async def test_child_removed_while_its_group_stops_stays_out(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["c"].stop_s = 3.0
    supervisor = supervise(*crew.specs("abc"), strategy=ONE_FOR_ALL)
    async with running(supervisor):
        crew.fail("b")
        await reach(0.5)
        await supervisor.remove("a")
        assert trio.current_time() == 3.0  # its turn to stop came after that of c
        await reach(4)
        assert crew.news() == "+a +b +c -b -c -a +b +c"
        end_quickly(crew)


@pytest.mark.parametrize(
    ("strategy", "journal"),
    [(ONE_FOR_ONE, "-b +b"), (ONE_FOR_ALL, "-c -b -a +a +b +c"), (REST_FOR_ONE, "-c -b +b +c")],
)
async def test_restart_on_request_takes_its_group_along_and_is_no_failure(
    strategy: Strategy, journal: str, autojump_clock: MockClock
) -> None:
    crew = Crew()
    supervisor = supervise(*crew.specs("abc"), strategy=strategy, limit=NEVER)
    async with running(supervisor):
        crew.news()
        for _ in range(3):
            await supervisor.restart("b")
            assert crew.journal[-1] in {"+b", "+c"}
            assert node(supervisor, "b").state == "running"
            await wait_all_tasks_blocked()
            assert crew.news() == journal
        assert trio.current_time() == 0.0
        assert node(supervisor, "b").restarts == 3


@pytest.mark.parametrize(
    ("options", "refusals", "state"),
    [
        ({}, 1, "backing off"),
        ({"parking": Parking(), "limit": NEVER}, 1, "parked"),
        ({"restart": TRANSIENT}, 0, "stopped"),
    ],
)
async def test_restart_on_request_brings_back_a_child_that_is_down(
    options: dict[str, Any], refusals: int, state: str, autojump_clock: MockClock
) -> None:
    crew = Crew()
    supervisor = supervise(crew.spec("a", wait_ready=False, **options))
    crew["a"].refusals = refusals
    async with running(supervisor):
        crew.finish("a")
        await wait_all_tasks_blocked()
        if not refusals:
            crew.finish("a")
            await wait_all_tasks_blocked()
        assert states(supervisor) == {"a": state}
        await supervisor.restart("a")
        await wait_all_tasks_blocked()
        assert trio.current_time() == 0.0
        assert states(supervisor) == {"a": "running"}
        assert crew["a"].starts == 2


async def test_child_may_ask_for_its_own_restart(autojump_clock: MockClock) -> None:
    crew = Crew()

    async def restless(*, task_status: trio.TaskStatus[None]) -> None:
        crew.journal.append("+self")
        task_status.started()
        if len(crew.journal) < 3:
            await supervisor.restart("self")
        await trio.sleep_forever()

    supervisor = supervise(ChildSpec("self", restless), limit=NEVER)
    async with running(supervisor):
        await reach(1)
        assert crew.news() == "+self +self +self"


async def test_waiting_for_a_child_ends_with_the_supervisor(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["b"].ready_s = inf
    supervisor = supervise(*crew.specs("a"))

    async def add() -> None:
        with pytest.raises(ChildNotReady, match="top: b is not ready: stopping"):
            await supervisor.add(crew.spec("b"))

    async with trio.open_nursery() as nursery, running(supervisor):
        nursery.start_soon(add)
        await wait_all_tasks_blocked()


async def test_children_are_added_and_removed_while_the_supervisor_is_down(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    supervisor = supervise(*crew.specs("ab"))
    await supervisor.add(crew.spec("c"))
    await supervisor.remove("a")
    with pytest.raises(ValueError, match="has a child c already"):
        await supervisor.add(crew.spec("c"))
    with pytest.raises(LookupError):
        await supervisor.remove("a")
    async with running(supervisor):
        assert states(supervisor) == {"b": "running", "c": "running"}


async def test_a_removed_child_stays_away_after_a_restart(autojump_clock: MockClock) -> None:
    crew = Crew()
    supervisor = supervise(*crew.specs("ab"))
    async with running(supervisor):
        await supervisor.remove("a")
    async with running(supervisor):
        assert states(supervisor) == {"b": "running"}


async def test_nothing_is_restarted_while_the_supervisor_is_down() -> None:
    crew = Crew()
    supervisor = supervise(*crew.specs("a"))
    with pytest.raises(RuntimeError, match="top is stopped"):
        await supervisor.restart("a")


# The tree.


async def test_tree_shows_each_phase_of_a_life(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].ready_s, crew["a"].life_s, crew["a"].stop_s = 2.0, 10.0, 1.0
    spec = crew.spec("a", parking=Parking(probe_after_s=60.0), limit=RestartLimit(1, 60.0))
    supervisor = supervise(spec, crew.spec("b"))
    assert supervisor.tree().children == ()

    def phase(name: str) -> tuple[State, float, int, float | None]:
        found = node(supervisor, name)
        return found.state, found.since_s, found.restarts, found.next_start_s

    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(supervisor.run)
            await reach(1)
            assert supervisor.tree().state == State.STARTING
            assert phase("a") == (State.STARTING, 0.0, 0, None)
            assert phase("b") == (State.STOPPED, 0.0, 0, None)
            await reach(3)
            assert (supervisor.tree().state, supervisor.tree().since_s) == (State.RUNNING, 2.0)
            assert phase("a") == (State.RUNNING, 2.0, 0, None)
            assert phase("b") == (State.RUNNING, 2.0, 0, None)
            await reach(13)
            assert phase("a") == (State.BACKING_OFF, 13.0, 0, 14.0)
            await reach(20)
            assert phase("a") == (State.RUNNING, 16.0, 1, None)
            assert node(supervisor, "a").last_failure == "ValueError: boom"
            await reach(27)
            assert phase("a") == (State.PARKED, 27.0, 1, 87.0)
            await reach(90)
            assert phase("a") == (State.RUNNING, 89.0, 2, None)
            scope.cancel()
            with trio.CancelScope(shield=True):
                await reach(90.5)
            assert phase("b") == (State.STOPPED, 90.0, 0, None)
            assert phase("a") == (State.STOPPING, 90.0, 2, None)
            assert (supervisor.tree().state, supervisor.tree().since_s) == (State.STOPPING, 90.0)
    assert (supervisor.tree().state, supervisor.tree().since_s) == (State.STOPPED, 91.0)
    assert phase("a") == (State.STOPPED, 91.0, 2, None)


async def test_state_that_is_kept_keeps_its_age(autojump_clock: MockClock) -> None:
    crew = Crew()
    supervisor = supervise(crew.spec("a", restart=TRANSIENT))
    async with running(supervisor):
        await reach(3)
        crew.finish("a")
        await reach(5)
    assert node(supervisor, "a").since_s == 3.0


async def test_node_carries_what_the_child_tells_about_itself(autojump_clock: MockClock) -> None:
    crew = Crew()
    inbox = {"waiting": 3}
    supervisor = supervise(crew.spec("a", inspect=lambda: inbox))
    async with running(supervisor):
        assert node(supervisor, "a").info == {"waiting": 3}
        inbox["waiting"] = 4
        assert node(supervisor, "a").info == {"waiting": 4}
        assert b'"waiting":4' in msgspec.json.encode(supervisor.tree())


# The log.


async def test_life_of_a_child_is_logged(autojump_clock: MockClock) -> None:
    crew = Crew()
    with capture_logs() as records:
        async with running(supervise(*crew.specs("a"))):
            crew.fail("a")
            await reach(1)
    assert told(records, "supervisor", "child", "restarts") == [
        ("child_started", "top", "a", 0),
        ("child_exited", "top", "a", 0),
        ("child_restarting", "top", "a", 0),
        ("child_started", "top", "a", 1),
        ("child_exited", "top", "a", 1),
    ]
    assert records[1]["reason"] == records[2]["reason"] == "ValueError: boom"
    assert records[2]["after_s"] == 1.0
    assert records[4]["reason"] == "stopped"
    assert not any("exc_info" in record for record in records)


async def test_parking_and_escalation_are_logged(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].refusals = 1
    crew["b"].life_s = 1.0
    children = [crew.spec("a", parking=Parking(probe_after_s=60.0), limit=NEVER), crew.spec("b")]
    with capture_logs() as records, pytest.raises(RestartLimitReached):
        await supervise(*children, limit=NEVER).run()
    assert told(records, "child", "log_level") == [
        ("child_exited", "a", "warning"),
        ("child_parked", "a", "error"),
        ("child_started", "b", "info"),
        ("child_exited", "b", "warning"),
        ("escalating", "b", "error"),
    ]
    assert records[1]["after_s"] == 60.0
    assert records[1]["reason"] == records[4]["reason"] == "ValueError: boom"


async def test_normal_exit_is_logged_as_one(autojump_clock: MockClock) -> None:
    crew = Crew()
    with capture_logs() as records:
        async with running(supervise(crew.spec("a", restart=TRANSIENT))):
            crew.finish("a")
            await reach(1)
    assert told(records, "log_level")[1:] == [("child_exited", "info")]
    assert records[1]["reason"] == "normal exit"
