"""Supervisors of supervisors, the tree that shows them, and what is logged of them."""

import msgspec
import pytest
import trio
from trio.testing import MockClock

from supervisor.supervision.child import ChildSpec, State
from supervisor.supervision.policy import (
    Backoff,
    Parking,
    Restart,
    RestartLimit,
    RestartLimitReached,
)
from supervisor.supervision.supervise import Supervisor
from tests.logs import capture_logs
from tests.supervisor.supervision.workers import (
    Crew,
    no_jitter,
    node,
    reach,
    running,
    states,
    supervise,
    told,
)

TRANSIENT, TEMPORARY = Restart.TRANSIENT, Restart.TEMPORARY
NEVER = RestartLimit(0, 1.0)


# Nesting.


def branch(crew: Crew, limit: RestartLimit) -> tuple[Supervisor, Supervisor, Supervisor]:
    low = Supervisor("low", crew.specs("bc"), limit=limit, jitter=no_jitter)
    mid = Supervisor(
        "mid", [low.as_child(backoff=Backoff(jitter=0.0))], limit=limit, jitter=no_jitter
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
        Supervisor(f"venue {name}", crew.specs(name), limit=NEVER, jitter=no_jitter).as_child(
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
    inner = Supervisor("inner", crew.specs("ab"), jitter=no_jitter)
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
        ("child_started", "b", "debug"),
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
    assert told(records, "log_level")[1:] == [("child_exited", "debug")]
    assert records[1]["reason"] == "normal exit"
