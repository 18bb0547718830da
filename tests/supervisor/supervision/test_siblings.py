"""Whose turn it is: restarts of groups, exits that come together, parking."""

from contextlib import suppress

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from supervisor.supervision.child import ChildNotReady
from supervisor.supervision.policy import (
    Backoff,
    Parking,
    Restart,
    RestartLimit,
    RestartLimitReached,
    Strategy,
)
from supervisor.supervision.supervise import Supervisor
from tests.supervisor.supervision.workers import (
    BACKOFF,
    Crew,
    boom,
    no_jitter,
    node,
    reach,
    running,
    states,
)

PERMANENT, TRANSIENT, TEMPORARY = Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY
ONE_FOR_ONE, ONE_FOR_ALL = Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL
REST_FOR_ONE = Strategy.REST_FOR_ONE
PLENTY = RestartLimit(1000, 1.0)
NEVER = RestartLimit(0, 1.0)
PARKING = Parking(probe_after_s=60.0, factor=2.0, cap_s=200.0)


def three(crew: Crew, strategy: Strategy, limit: RestartLimit = PLENTY) -> Supervisor:
    return Supervisor("top", crew.specs("abc"), strategy=strategy, limit=limit, jitter=no_jitter)


# The table of strategies and restart types.

GROUPS = {
    ONE_FOR_ONE: "-b +b",
    ONE_FOR_ALL: "-b -c -a +a +b +c",
    REST_FOR_ONE: "-b -c +b +c",
}


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("restart", Restart)
@pytest.mark.parametrize("strategy", Strategy)
async def test_exit_restarts_whom_strategy_and_type_say(
    strategy: Strategy, restart: Restart, fails: bool, autojump_clock: MockClock
) -> None:
    crew = Crew()
    children = [crew.spec("a"), crew.spec("b", restart=restart), crew.spec("c")]
    supervisor = Supervisor("top", children, strategy=strategy, jitter=no_jitter)
    async with running(supervisor):
        assert crew.news() == "+a +b +c"
        crew["b"].end(boom() if fails else None)
        await trio.sleep(5)
        comes_back = restart is PERMANENT or (restart is TRANSIENT and fails)
        assert crew.news() == (GROUPS[strategy] if comes_back else "-b")
        assert crew.alive == ("abc" if comes_back else "ac")
        assert ("b" in states(supervisor)) is (restart is not TEMPORARY)
    assert crew.news() == ("-c -b -a" if comes_back else "-c -a")


@pytest.mark.parametrize("restart", [PERMANENT, TRANSIENT])
@pytest.mark.parametrize("strategy", Strategy)
async def test_failures_beyond_the_limit_escalate_after_a_reverse_stop(
    strategy: Strategy, restart: Restart, autojump_clock: MockClock
) -> None:
    crew = Crew()
    crew["b"].life_s = 1.0
    supervisor = Supervisor(
        "top",
        [crew.spec("a"), crew.spec("b", restart=restart), crew.spec("c")],
        strategy=strategy,
        limit=RestartLimit(1, 60.0),
        jitter=no_jitter,
    )
    with pytest.raises(RestartLimitReached) as caught:
        await supervisor.run()
    assert crew.news() == f"+a +b +c {GROUPS[strategy]} -b -c -a"
    error = caught.value
    assert (error.supervisor, error.child, error.limit) == ("top", "b", RestartLimit(1, 60.0))
    assert [(entry.child, entry.at_s) for entry in error.history] == [("b", 1.0), ("b", 3.0)]
    assert isinstance(error.__cause__, ValueError)


async def test_failures_of_temporary_children_never_escalate(autojump_clock: MockClock) -> None:
    crew = Crew()
    supervisor = Supervisor(
        "top", crew.specs("ab", restart=TEMPORARY), limit=NEVER, jitter=no_jitter
    )
    async with running(supervisor):
        crew.fail("a", "b")
        await trio.sleep(5)
        assert states(supervisor) == {}
        await supervisor.add(crew.spec("a"))  # the name is free again


@pytest.mark.parametrize("strategy", [ONE_FOR_ALL, REST_FOR_ONE])
async def test_temporary_sibling_goes_down_with_the_group_and_stays_down(
    strategy: Strategy, autojump_clock: MockClock
) -> None:
    crew = Crew()
    children = [crew.spec("a"), crew.spec("t", restart=TEMPORARY), crew.spec("c")]
    supervisor = Supervisor("top", children, strategy=strategy, jitter=no_jitter)
    async with running(supervisor):
        crew.fail("a")
        await trio.sleep(5)
        assert crew.news() == "+a +t +c -a -c -t +a +c"
        assert states(supervisor) == {"a": "running", "c": "running"}


@pytest.mark.parametrize("strategy", [ONE_FOR_ALL, REST_FOR_ONE])
async def test_sibling_that_is_done_is_not_started_with_the_group(
    strategy: Strategy, autojump_clock: MockClock
) -> None:
    crew = Crew()
    children = [crew.spec("a"), crew.spec("b", restart=TRANSIENT), crew.spec("c")]
    supervisor = Supervisor("top", children, strategy=strategy, jitter=no_jitter)
    async with running(supervisor):
        crew.finish("b")
        await wait_all_tasks_blocked()
        crew.fail("a")
        await trio.sleep(5)
        assert crew.news() == "+a +b +c -b -a -c +a +c"
        assert states(supervisor)["b"] == "stopped"


@pytest.mark.parametrize("strategy", [ONE_FOR_ALL, REST_FOR_ONE])
async def test_being_stopped_with_the_group_is_not_the_last_exit_of_a_transient_child(
    strategy: Strategy, autojump_clock: MockClock
) -> None:
    crew = Crew()
    supervisor = Supervisor(
        "top", crew.specs("abc", restart=TRANSIENT), strategy=strategy, jitter=no_jitter
    )
    async with running(supervisor):
        crew.fail("a")
        await trio.sleep(5)
        assert crew.news() == "+a +b +c -a -c -b +a +b +c"


# Pauses.


async def test_nobody_waits_for_a_child_that_backs_off(autojump_clock: MockClock) -> None:
    crew = Crew()
    slow = Backoff(initial_s=50.0, cap_s=50.0, jitter=0.0)
    children = [crew.spec("a", backoff=slow), crew.spec("b")]
    supervisor = Supervisor("top", children, jitter=no_jitter)
    async with running(supervisor):
        crew.fail("a")
        await reach(10)
        crew.fail("b")
        await reach(49.9)
        assert crew.news() == "+a +b -a -b +b"
        await reach(50)
        assert crew.news() == "+a"


async def test_pause_grows_with_each_failure_until_a_quiet_time(autojump_clock: MockClock) -> None:
    crew = Crew()
    supervisor = Supervisor("top", crew.specs("a"), limit=PLENTY, jitter=no_jitter)
    async with running(supervisor):
        for pause_s in (1.0, 2.0, 4.0):
            crew.fail("a")
            await wait_all_tasks_blocked()
            assert node(supervisor, "a").next_start_s == trio.current_time() + pause_s
            await trio.sleep(pause_s + 0.5)
        await trio.sleep(BACKOFF.reset_after_s)
        crew.fail("a")
        await wait_all_tasks_blocked()
        assert node(supervisor, "a").next_start_s == trio.current_time() + 1.0


# Events that come together.


@pytest.mark.parametrize("gap", range(6))
@pytest.mark.parametrize("names", ["ab", "ba", "bc", "cb", "ac", "ca"])
@pytest.mark.parametrize("strategy", Strategy)
async def test_exits_close_together_bring_all_back_once(
    strategy: Strategy, names: str, gap: int, autojump_clock: MockClock
) -> None:
    crew = Crew()
    supervisor = three(crew, strategy)
    async with running(supervisor):
        crew.fail(names[0])
        for _ in range(gap):
            await trio.lowlevel.checkpoint()
        crew.fail(names[1])
        await trio.sleep(5)
        assert states(supervisor) == {"a": "running", "b": "running", "c": "running"}
        ends = crew.news().split()[3:]
        restarted = {ONE_FOR_ONE: set(names), ONE_FOR_ALL: {*"abc"}}.get(
            strategy, {name for name in "abc" if name >= min(names)}
        )
        assert sorted(ends) == sorted([f"{sign}{name}" for name in restarted for sign in "+-"])
        if strategy is not ONE_FOR_ONE:
            assert ends[-len(restarted) :] == [f"+{name}" for name in sorted(restarted)]


@pytest.mark.parametrize("strategy", [ONE_FOR_ALL, REST_FOR_ONE])
async def test_simultaneous_exits_of_a_group_count_once(
    strategy: Strategy, autojump_clock: MockClock
) -> None:
    crew = Crew()
    supervisor = three(crew, strategy, RestartLimit(1, 60.0))
    async with running(supervisor):
        crew.fail("c", "b", "a")
        await trio.sleep(5)
        assert crew.alive == "abc"


async def test_simultaneous_exits_of_strangers_count_each(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].life_s = crew["c"].life_s = 5.0
    with pytest.raises(RestartLimitReached) as caught:
        await three(crew, ONE_FOR_ONE, RestartLimit(1, 60.0)).run()
    assert [entry.child for entry in caught.value.history] == ["a", "c"]


@pytest.mark.parametrize("names", ["ab", "ba"])
@pytest.mark.parametrize("strategy", Strategy)
async def test_child_that_finishes_as_its_sibling_fails_is_done(
    strategy: Strategy, names: str, autojump_clock: MockClock
) -> None:
    failing, finishing = names[0], names[1]
    crew = Crew()
    supervisor = Supervisor(
        "top", crew.specs("ab", restart=TRANSIENT), strategy=strategy, jitter=no_jitter
    )
    async with running(supervisor):
        crew.fail(failing)
        crew.finish(finishing)
        await trio.sleep(5)
        assert states(supervisor) == {failing: "running", finishing: "stopped"}


async def test_exit_while_the_group_waits_for_its_slowest_is_part_of_the_restart(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["c"].stop_s = 3.0
    supervisor = three(crew, ONE_FOR_ALL, RestartLimit(1, 60.0))
    async with running(supervisor):
        crew.fail("b")
        await reach(1)
        crew.fail("a")
        await reach(2.9)
        assert crew.news() == "+a +b +c -b -a"
        await reach(3)
        assert crew.news() == "-c +a +b +c"


async def test_earlier_exit_widens_a_pending_restart_without_cutting_its_pause(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    slow = Backoff(initial_s=50.0, cap_s=50.0, jitter=0.0)
    children = [crew.spec("a"), crew.spec("b", backoff=slow), crew.spec("c")]
    supervisor = Supervisor("top", children, strategy=REST_FOR_ONE, jitter=no_jitter)
    async with running(supervisor):
        crew.fail("b")
        await reach(10)
        crew.fail("a")
        await reach(49.9)
        assert crew.news() == "+a +b +c -b -c -a +a"
        await reach(50)
        assert crew.news() == "+b +c"


async def test_failure_in_the_ordered_start_of_a_group_starts_the_group_again(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    supervisor = three(crew, ONE_FOR_ALL)
    async with running(supervisor):
        crew["b"].refusals = 1
        crew.fail("a")
        await trio.sleep(5)
        assert crew.news() == "+a +b +c -a -c -b +a -b -a +a +b +c"


async def test_group_starts_in_order_of_readiness(autojump_clock: MockClock) -> None:
    crew = Crew()
    supervisor = three(crew, REST_FOR_ONE)
    async with running(supervisor):
        crew["a"].ready_s = 10.0
        crew.fail("a")
        await reach(10.9)
        assert crew.news() == "+a +b +c -a -c -b"
        await reach(11)
        assert crew.news() == "+a +b +c"


async def test_overdue_child_is_not_started_twice_and_does_not_keep_others_down(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["b"].stop_s = 30.0
    supervisor = three(crew, ONE_FOR_ALL)
    async with running(supervisor):
        crew.fail("c")
        await trio.sleep(10)
        assert crew.news() == "+a +b +c -c -a +a"
        assert states(supervisor) == {"a": "running", "b": "stopping", "c": "backing off"}
        await trio.sleep(25)
        assert crew.news() == "-b +b +c"
        crew["c"].stop_s = 3.0
        crew.fail("a")
        await trio.sleep(2)
        assert crew.news() == "-a"  # c has its whole allowance, and b comes after it


# Parking.


async def test_child_that_keeps_failing_is_parked_while_the_rest_go_on(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    crew["a"].refusals = 100
    children = [
        crew.spec("a", parking=PARKING, limit=RestartLimit(2, 60.0)),
        crew.spec("b"),
    ]
    supervisor = Supervisor("top", children, limit=NEVER, jitter=no_jitter)
    async with running(supervisor):  # ready, since a parked child is not waited for
        assert trio.current_time() == 3.0  # 1 s and 2 s of back-off
        assert node(supervisor, "a").state == "parked"
        assert node(supervisor, "a").next_start_s == 63.0
        for probe_s, next_s in [(63, 183), (183, 383), (383, 583)]:
            await reach(probe_s)
            assert node(supervisor, "a").next_start_s == next_s
        assert crew["a"].starts == 6
        assert crew["b"].starts == 1


async def test_good_probe_brings_a_parked_child_back(autojump_clock: MockClock) -> None:
    crew = Crew()
    crew["a"].refusals = 2
    spec = crew.spec("a", parking=PARKING, limit=RestartLimit(0, 10.0))
    supervisor = Supervisor("top", [spec], limit=NEVER, jitter=no_jitter)
    async with running(supervisor):
        await trio.sleep(180.5)
        assert states(supervisor) == {"a": "running"}
        crew.fail("a")
        await wait_all_tasks_blocked()
        assert node(supervisor, "a").next_start_s == trio.current_time() + 200.0
        await trio.sleep(200.5 + BACKOFF.reset_after_s)
        crew.fail("a")  # after a quiet time all begins again
        await wait_all_tasks_blocked()
        assert node(supervisor, "a").next_start_s == trio.current_time() + 60.0


async def test_restart_of_the_group_leaves_a_parked_child_parked(
    autojump_clock: MockClock,
) -> None:
    crew = Crew()
    parked = crew.spec("a", parking=PARKING, limit=NEVER)
    children = [parked, crew.spec("b"), crew.spec("c")]
    supervisor = Supervisor("top", children, strategy=ONE_FOR_ALL, jitter=no_jitter)
    async with running(supervisor):
        crew.fail("a")
        await wait_all_tasks_blocked()
        assert states(supervisor) == {"a": "parked", "b": "running", "c": "running"}
        crew.fail("c")
        await trio.sleep(5)
        assert crew.news() == "+a +b +c -a -c -b +b +c"
        assert states(supervisor)["a"] == "parked"
        await trio.sleep(60)
        assert crew.news() == "+a"


# Anything, in any order.


@settings(max_examples=100, deadline=None)
@given(
    strategy=st.sampled_from(Strategy),
    restarts=st.lists(st.sampled_from(Restart), min_size=4, max_size=4),
    slow=st.sampled_from("abcd"),
    shutdown_s=st.sampled_from([1.0, 5.0]),
    parks=st.sampled_from("abcd"),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["fail", "fail", "finish", "add", "remove", "restart", "refuse"]),
            st.sampled_from("abcd"),
            st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0, 3.0]),
        ),
        max_size=25,
    ),
    settles=st.booleans(),
)
def test_whatever_happens_none_is_lost_or_started_twice_or_left(
    strategy: Strategy,
    restarts: list[Restart],
    slow: str,
    shutdown_s: float,
    parks: str,
    steps: list[tuple[str, str, float]],
    settles: bool,
) -> None:
    crew = Crew()
    crew[slow].ready_s, crew[slow].stop_s = 2.0, 1.5
    specs = {
        name: crew.spec(
            name,
            restart=restart,
            shutdown_s=shutdown_s,
            parking=PARKING if name == parks else None,
            limit=RestartLimit(1, 10.0),
        )
        for name, restart in zip("abcd", restarts, strict=True)
    }
    supervisor = Supervisor(
        "top", [specs[name] for name in "abc"], strategy=strategy, limit=PLENTY, jitter=no_jitter
    )

    async def wish(action: str, name: str) -> None:
        with suppress(ValueError, LookupError, ChildNotReady, RuntimeError):
            match action:
                case "add":
                    await supervisor.add(specs[name])
                case "remove":
                    await supervisor.remove(name)
                case "restart":
                    await supervisor.restart(name)

    async def main() -> None:
        async with trio.open_nursery() as wishes, trio.open_nursery() as nursery:
            nursery.start_soon(supervisor.run)
            for action, name, pause_s in steps:
                match action:
                    case "fail":
                        crew.fail(name)
                    case "finish":
                        crew.finish(name)
                    case "refuse":
                        crew[name].refusals = 1
                    case _:
                        wishes.start_soon(wish, action, name)
                await trio.sleep(pause_s)
            up: list[str] = []
            if settles:
                await trio.sleep(PARKING.cap_s + 50)
                up = [name for name, state in states(supervisor).items() if state == "running"]
                done = [name for name, state in states(supervisor).items() if state == "stopped"]
                assert {*up, *done} == states(supervisor).keys()
                assert {*up} == {*crew.alive}
                assert all(specs[name].restart is TRANSIENT for name in done)
                crew.news()
            nursery.cancel_scope.cancel()
        assert crew.alive == ""
        if settles and shutdown_s > crew[slow].stop_s:
            assert crew.news() == " ".join(f"-{name}" for name in reversed(up))

    trio.run(main, clock=MockClock(autojump_threshold=0))
