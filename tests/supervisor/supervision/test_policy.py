"""Decisions about exits: who is started again, after how long, and when it is too often."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.supervision.policy import (
    TEXT_CHARS,
    Backoff,
    Decision,
    Escalate,
    Failure,
    Forget,
    Park,
    Parking,
    Restart,
    RestartChildren,
    RestartLimit,
    RestartLimitReached,
    RestartPolicy,
    Rules,
    Strategy,
    describe,
)

PERMANENT, TRANSIENT, TEMPORARY = Restart.PERMANENT, Restart.TRANSIENT, Restart.TEMPORARY
ONE_FOR_ONE, ONE_FOR_ALL = Strategy.ONE_FOR_ONE, Strategy.ONE_FOR_ALL
REST_FOR_ONE = Strategy.REST_FOR_ONE
BOOM = ValueError("boom")
BACKOFF = Backoff(initial_s=1.0, factor=2.0, cap_s=8.0, jitter=0.0, reset_after_s=10.0)
PLENTY = RestartLimit(restarts=1000, window_s=1.0)


def policy_for(
    children: dict[str, Rules],
    strategy: Strategy = ONE_FOR_ONE,
    limit: RestartLimit = PLENTY,
    chance: float = 0.5,
) -> RestartPolicy:
    """A policy whose children have all been started and are ready since 0.0."""
    policy = RestartPolicy(strategy, limit, lambda: chance)
    for name, rules in children.items():
        policy.add(name, rules)
        policy.on_start(name)
        policy.on_ready(name, 0.0)
    return policy


def crash(policy: RestartPolicy, name: str, now_s: float) -> Decision:
    """The child is started and fails before it is ready."""
    policy.on_start(name)
    return policy.on_exit(name, BOOM, now_s)


def pauses(policy: RestartPolicy, name: str, times: int) -> list[float]:
    decisions = [crash(policy, name, 0.0) for _ in range(times)]
    return [one.after_s for one in decisions if isinstance(one, RestartChildren)]


@pytest.mark.parametrize(
    ("restart", "failure", "comes_back"),
    [
        (PERMANENT, BOOM, True),
        (PERMANENT, None, True),
        (TRANSIENT, BOOM, True),
        (TRANSIENT, None, False),
        (TEMPORARY, BOOM, False),
        (TEMPORARY, None, False),
    ],
)
def test_restart_type_says_which_exits_bring_a_child_back(
    restart: Restart, failure: BaseException | None, comes_back: bool
) -> None:
    policy = policy_for({"a": Rules(restart=restart, backoff=BACKOFF)})
    decision = policy.on_exit("a", failure, 5.0)
    expected = RestartChildren(names=("a",), after_s=1.0) if comes_back else Forget("a")
    assert decision == expected


@pytest.mark.parametrize(
    ("strategy", "exiting", "names", "ends"),
    [
        (ONE_FOR_ONE, "a", "a", ""),
        (ONE_FOR_ONE, "c", "c", ""),
        (ONE_FOR_ALL, "a", "abd", "c"),
        (ONE_FOR_ALL, "d", "abd", "c"),
        (REST_FOR_ONE, "a", "abd", "c"),
        (REST_FOR_ONE, "b", "bd", "c"),
        (REST_FOR_ONE, "d", "d", ""),
    ],
)
def test_strategy_says_who_goes_along(
    strategy: Strategy, exiting: str, names: str, ends: str
) -> None:
    rules = Rules(backoff=BACKOFF)
    children = {"a": rules, "b": rules, "c": Rules(restart=TEMPORARY), "d": rules}
    policy = policy_for(children, strategy)
    if exiting == "c":  # a temporary child comes back only on request
        decision: Decision = policy.on_request(exiting)
    else:
        decision = policy.on_exit(exiting, BOOM, 5.0)
    assert isinstance(decision, RestartChildren)
    assert (decision.names, decision.ends) == (tuple(names), tuple(ends))


def test_group_leaves_out_children_not_started_yet_done_or_parked() -> None:
    parking = Rules(parking=Parking(), limit=RestartLimit(0, 60.0))
    children = {"a": Rules(), "done": Rules(restart=TRANSIENT), "parked": parking}
    policy = policy_for(children, ONE_FOR_ALL)
    policy.add("new", Rules())
    assert isinstance(policy.on_exit("done", None, 1.0), Forget)
    assert isinstance(policy.on_exit("parked", BOOM, 1.0), Park)
    decision = policy.on_exit("a", BOOM, 1.0)
    assert isinstance(decision, RestartChildren)
    assert decision.names == ("a",)
    for name in ("done", "parked", "new"):
        policy.on_start(name)
    decision = policy.on_exit("a", BOOM, 2.0)
    assert isinstance(decision, RestartChildren)
    assert decision.names == ("a", "done", "parked", "new")


def test_removed_child_is_in_no_group() -> None:
    policy = policy_for({"a": Rules(), "b": Rules(), "c": Rules()}, ONE_FOR_ALL)
    policy.remove("b")
    assert policy.on_request("c").names == ("a", "c")


def test_pause_grows_to_its_cap() -> None:
    policy = policy_for({"a": Rules(backoff=BACKOFF)})
    assert pauses(policy, "a", 6) == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_pause_never_exceeds_the_cap_even_at_first() -> None:
    policy = policy_for({"a": Rules(backoff=Backoff(initial_s=9.0, cap_s=5.0, jitter=0.0))})
    assert pauses(policy, "a", 2) == [5.0, 5.0]


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 3.0), (0.5, 4.0), (0.75, 4.5)])
def test_jitter_is_a_fraction_of_the_pause(chance: float, expected: float) -> None:
    backoff = Backoff(initial_s=4.0, cap_s=8.0, jitter=0.25)
    assert pauses(policy_for({"a": Rules(backoff=backoff)}, chance=chance), "a", 1) == [expected]


def test_jitter_does_not_lift_the_pause_above_its_cap() -> None:
    backoff = Backoff(initial_s=8.0, cap_s=8.0, jitter=0.5)
    assert pauses(policy_for({"a": Rules(backoff=backoff)}, chance=0.99), "a", 1) == [8.0]


@pytest.mark.parametrize(("quiet_s", "pause_s"), [(9.9, 4.0), (10.0, 1.0)])
def test_pause_is_the_first_again_after_a_quiet_time(quiet_s: float, pause_s: float) -> None:
    policy = policy_for({"a": Rules(backoff=BACKOFF)})
    pauses(policy, "a", 2)
    policy.on_start("a")
    policy.on_ready("a", 100.0)
    decision = policy.on_exit("a", BOOM, 100.0 + quiet_s)
    assert decision == RestartChildren(names=("a",), after_s=pause_s)


def test_time_before_readiness_is_not_quiet() -> None:
    policy = policy_for({"a": Rules(backoff=BACKOFF)})
    pauses(policy, "a", 1)
    assert crash(policy, "a", 1000.0) == RestartChildren(names=("a",), after_s=2.0)


def test_readiness_of_an_earlier_run_does_not_count() -> None:
    policy = policy_for({"a": Rules(backoff=BACKOFF), "b": Rules()}, ONE_FOR_ALL)
    pauses(policy, "a", 1)
    policy.on_start("a")
    policy.on_ready("a", 5.0)
    policy.on_exit("b", BOOM, 6.0)  # the supervisor stops a and starts it again
    assert crash(policy, "a", 1000.0) == RestartChildren(names=("a", "b"), after_s=2.0)


def test_pauses_of_siblings_grow_apart() -> None:
    policy = policy_for({"a": Rules(backoff=BACKOFF), "b": Rules(backoff=BACKOFF)})
    assert pauses(policy, "a", 3) == [1.0, 2.0, 4.0]
    assert pauses(policy, "b", 1) == [1.0]


def test_limit_is_shared_by_the_children_and_escalates_with_history() -> None:
    policy = policy_for({"a": Rules(), "b": Rules()}, limit=RestartLimit(2, 10.0))
    assert isinstance(crash(policy, "a", 0.0), RestartChildren)
    assert isinstance(policy.on_exit("b", None, 1.0), RestartChildren)
    assert crash(policy, "a", 2.0) == Escalate(
        "a",
        (
            Failure("a", 0.0, "ValueError: boom"),
            Failure("b", 1.0, "normal exit"),
            Failure("a", 2.0, "ValueError: boom"),
        ),
    )


@pytest.mark.parametrize(("third_s", "escalates"), [(10.0, True), (10.1, False)])
def test_failures_older_than_the_window_do_not_count(third_s: float, escalates: bool) -> None:
    policy = policy_for({"a": Rules()}, limit=RestartLimit(2, 10.0))
    crash(policy, "a", 0.0)
    crash(policy, "a", 5.0)
    assert isinstance(crash(policy, "a", third_s), Escalate) is escalates


def test_final_exits_and_requests_do_not_count() -> None:
    children = {"a": Rules(restart=TRANSIENT), "b": Rules(restart=TEMPORARY), "c": Rules()}
    policy = policy_for(children, limit=RestartLimit(0, 10.0))
    assert policy.on_exit("a", None, 0.0) == Forget("a")
    assert policy.on_exit("b", BOOM, 0.0) == Forget("b")
    assert policy.on_request("c") == RestartChildren(names=("c",), after_s=0.0)


def parking_policy(restarts: int = 1) -> RestartPolicy:
    rules = Rules(
        backoff=BACKOFF,
        parking=Parking(probe_after_s=60.0, factor=2.0, cap_s=200.0),
        limit=RestartLimit(restarts, 10.0),
    )
    return policy_for({"a": rules, "b": Rules()}, limit=RestartLimit(0, 60.0))


def park(policy: RestartPolicy, name: str, now_s: float) -> Park:
    decision = crash(policy, name, now_s)
    assert isinstance(decision, Park)
    return decision


def test_child_with_parking_is_parked_beyond_its_own_limit() -> None:
    policy = parking_policy(restarts=1)
    assert isinstance(crash(policy, "a", 0.0), RestartChildren)
    first, second = (Failure("a", at_s, "ValueError: boom") for at_s in (0.0, 1.0))
    assert crash(policy, "a", 1.0) == Park("a", 60.0, (first, second))


def test_time_to_the_next_probe_grows_to_its_cap_while_probes_fail() -> None:
    policy = parking_policy(restarts=0)
    assert [park(policy, "a", now_s).after_s for now_s in (0.0, 60.0, 180.0, 380.0)] == [
        60.0,
        120.0,
        200.0,
        200.0,
    ]


def test_failure_soon_after_a_good_probe_parks_again() -> None:
    policy = parking_policy(restarts=1)
    crash(policy, "a", 0.0)
    park(policy, "a", 1.0)
    policy.on_start("a")
    policy.on_ready("a", 61.0)
    last = Failure("a", 70.0, "ValueError: boom")
    assert policy.on_exit("a", BOOM, 70.0) == Park("a", 120.0, (last,), is_news=False)


def test_quiet_time_after_a_probe_closes_the_circuit() -> None:
    policy = parking_policy(restarts=1)
    crash(policy, "a", 0.0)
    park(policy, "a", 1.0)
    policy.on_start("a")
    policy.on_ready("a", 61.0)
    assert policy.on_exit("a", BOOM, 71.0) == RestartChildren(names=("a",), after_s=1.0)
    assert park(policy, "a", 72.0).after_s == 60.0


def test_request_closes_the_circuit() -> None:
    policy = parking_policy(restarts=1)
    crash(policy, "a", 0.0)
    park(policy, "a", 1.0)
    assert policy.on_request("a") == RestartChildren(names=("a",), after_s=0.0)
    assert crash(policy, "a", 20.0) == RestartChildren(names=("a",), after_s=1.0)


def test_parked_child_never_uses_up_the_limit_of_its_supervisor() -> None:
    policy = parking_policy(restarts=3)
    for now_s in range(10):
        assert not isinstance(crash(policy, "a", float(now_s)), Escalate)
    assert isinstance(crash(policy, "b", 10.0), Escalate)


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (None, "normal exit"),
        (ValueError("two\n  lines"), "ValueError: two lines"),
        (TimeoutError(), "TimeoutError"),
        (
            ExceptionGroup("g", [OSError("a"), ExceptionGroup("h", [KeyError("b")])]),
            "OSError: a; KeyError: 'b'",
        ),
    ],
)
def test_failure_is_described_in_one_line(failure: BaseException | None, text: str) -> None:
    assert describe(failure) == text


def test_long_description_is_cut() -> None:
    text = describe(ValueError("x" * 1000))
    assert len(text) == TEXT_CHARS
    assert text.startswith("ValueError: xxx")
    assert text.endswith("…")


def test_failure_of_a_supervisor_carries_its_history() -> None:
    inner = (Failure("socket", 1.0, "OSError: refused"),)
    error = RestartLimitReached("okx", "socket", RestartLimit(0, 60.0), inner)
    policy = policy_for({"okx": Rules()}, limit=RestartLimit(0, 60.0))
    decision = policy.on_exit("okx", ExceptionGroup("nursery", [error]), 2.0)
    assert isinstance(decision, Escalate)
    assert decision.history == (Failure("okx", 2.0, describe(error), inner),)


def test_error_says_who_gave_up_why() -> None:
    history = (Failure("socket", 1.0, "OSError: refused"),)
    error = RestartLimitReached("okx", "socket", RestartLimit(3, 60.0), history)
    assert str(error) == (
        "okx: more than 3 restarts within 60 s, the last for socket: OSError: refused"
    )


NAMES = "abcd"


@given(
    strategy=st.sampled_from(Strategy),
    restarts=st.lists(st.sampled_from(Restart), min_size=4, max_size=4),
    parks=st.lists(st.booleans(), min_size=4, max_size=4),
    exits=st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from([BOOM, None]),
            st.floats(0.0, 30.0),
            st.booleans(),
        ),
        max_size=60,
    ),
    chance=st.floats(0.0, 1.0, exclude_max=True),
)
def test_any_sequence_of_exits_stays_within_limits_and_bounds(
    strategy: Strategy,
    restarts: Sequence[Restart],
    parks: Sequence[bool],
    exits: Sequence[tuple[str, BaseException | None, float, bool]],
    chance: float,
) -> None:
    limit = RestartLimit(3, 20.0)
    own = RestartLimit(2, 40.0)
    backoff = Backoff(initial_s=1.0, factor=3.0, cap_s=7.0, jitter=0.3, reset_after_s=15.0)
    parking = Parking(probe_after_s=10.0, factor=2.0, cap_s=35.0)
    children = {
        name: Rules(restart=restart, backoff=backoff, parking=parking if can else None, limit=own)
        for name, restart, can in zip(NAMES, restarts, parks, strict=True)
    }
    policy = policy_for(children, strategy, limit, chance)
    shared: list[float] = []
    separate: dict[str, list[float]] = {name: [] for name in NAMES}
    now_s = 0.0
    for name, failure, gap_s, was_ready in exits:
        policy.on_start(name)
        if was_ready:
            policy.on_ready(name, now_s)
        now_s += gap_s
        counted = separate[name] if children[name].parking else shared
        window_s = (own if children[name].parking else limit).window_s
        most = (own if children[name].parking else limit).restarts
        match policy.on_exit(name, failure, now_s):
            case RestartChildren(names=names, ends=ends, after_s=after_s):
                counted.append(now_s)
                assert sum(now_s - window_s <= at_s for at_s in counted) <= most
                assert name in names
                assert list(names) == sorted(names)
                assert all(restarts[NAMES.index(end)] is TEMPORARY for end in ends)
                assert 0.7 <= after_s <= 7.0
            case Forget():
                assert children[name].is_final(failure)
            case Park(after_s=after_s, history=history):
                assert children[name].parking
                assert 10.0 <= after_s <= 35.0
                assert history[-1].at_s == now_s
            case Escalate(history=history):
                assert sum(now_s - window_s <= at_s for at_s in counted) == most
                assert len(history) == most + 1
                return
