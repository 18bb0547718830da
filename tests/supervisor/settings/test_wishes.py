"""Children that are added, removed and restarted while their supervisor runs."""

from math import inf
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from supervisor.supervision.child import ChildNotReady, ChildSpec
from supervisor.supervision.policy import Parking, Restart, RestartLimit, Strategy
from supervisor.supervision.supervise import Supervisor
from tests.supervisor.supervision.workers import (
    Crew,
    end_quickly,
    node,
    reach,
    running,
    states,
    supervise,
)

TRANSIENT, TEMPORARY = Restart.TRANSIENT, Restart.TEMPORARY
ONE_FOR_ONE, ONE_FOR_ALL = Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL
REST_FOR_ONE = Strategy.REST_FOR_ONE
NEVER = RestartLimit(0, 1.0)


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
