"""When a child that exited is started again: a pure decision, told what happened and when.

The vocabulary is that of OTP's supervisors (https://www.erlang.org/doc/system/sup_princ.html);
parking is ours. Times are monotonic seconds, durations too; jitter is injected. The loop that
obeys is in `supervise.py`.
"""

from collections import deque
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final

import msgspec

TEXT_CHARS: Final = 300
"""A failure's text is cut here: enough for a sentence and the first bytes of a payload."""


Jitter = Callable[[], float]
"""Numbers from 0 up to, and not including, 1, such as the `random` of a `random.Random`."""


class Restart(StrEnum):
    """Which exits of a child bring it back."""

    PERMANENT = "permanent"  # all
    TRANSIENT = "transient"  # failures
    TEMPORARY = "temporary"  # none


class Strategy(StrEnum):
    """Which children are started again when one is."""

    ONE_FOR_ONE = "one_for_one"  # that one
    ONE_FOR_ALL = "one_for_all"  # all
    REST_FOR_ONE = "rest_for_one"  # that one and those started after it


class Backoff(msgspec.Struct, frozen=True, kw_only=True):
    """The pause before a restart: it grows by `factor` while a child fails again and again.

    `jitter` is the fraction of the pause by which chance may lengthen or shorten it. The pause is
    the first one again once the child has been ready for `reset_after_s` without an exit.
    """

    initial_s: float = 0.5
    factor: float = 2.0
    cap_s: float = 30.0
    jitter: float = 0.1
    reset_after_s: float = 60.0

    def next_s(self, last_s: float | None) -> float:
        """The pause that follows one of `last_s`, jitter left out."""
        return _grown_s(last_s, self.initial_s, self.factor, self.cap_s)

    def draw_s(self, pause_s: float, jitter: Jitter) -> float:
        """The pause with its jitter."""
        spread = self.jitter * (2 * jitter() - 1)
        return min(pause_s * (1 + spread), self.cap_s)


class RestartLimit(msgspec.Struct, frozen=True):
    """More than `restarts` restarts within `window_s` are too many.

    With the default back-off, a child that always fails at once uses up the default limit in a
    quarter of a minute (0.5 + 1 + 2 + 4 + 8 s).
    """

    restarts: int = 5
    window_s: float = 60.0


class Parking(msgspec.Struct, frozen=True, kw_only=True):
    """An open circuit: a child that failed too often stays down and is probed now and then.

    The time to the next probe grows by `factor` with each probe that fails.
    """

    probe_after_s: float = 60.0
    factor: float = 2.0
    cap_s: float = 1800.0

    def next_s(self, last_s: float | None) -> float:
        """The time until the probe that follows one made after `last_s`."""
        return _grown_s(last_s, self.probe_after_s, self.factor, self.cap_s)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one child when it exits.

    A child with `parking` has its restarts counted against its own `limit` and is parked beyond
    it; all others share the limit of their supervisor, and `limit` says nothing.
    """

    restart: Restart = Restart.PERMANENT
    backoff: Backoff = Backoff()
    parking: Parking | None = None
    limit: RestartLimit = RestartLimit()

    def is_final(self, failure: BaseException | None) -> bool:
        """Whether an exit like this is the child's last; None is a normal one."""
        match self.restart:
            case Restart.PERMANENT:
                return False
            case Restart.TRANSIENT:
                return failure is None
            case Restart.TEMPORARY:
                return True


class Failure(msgspec.Struct, frozen=True):
    """One exit that called for a restart; `history` is that of a supervisor that gave up."""

    child: str
    at_s: float
    text: str
    history: tuple["Failure", ...] = ()


class RestartLimitReached(Exception):
    """A supervisor gave up; `history` has the failures within its window, the last one last."""

    def __init__(
        self, supervisor: str, child: str, limit: RestartLimit, history: tuple[Failure, ...]
    ) -> None:
        super().__init__(
            f"{supervisor}: more than {limit.restarts} restarts within {limit.window_s:g} s, "
            f"the last for {child}: {history[-1].text}"
        )
        self.supervisor = supervisor
        self.child = child
        self.limit = limit
        self.history = history


class RestartChildren(msgspec.Struct, frozen=True, kw_only=True):
    """Stop those of `names` and `ends` that run; start `names`, in this order, after `after_s`.

    `ends` are temporary siblings: they go down with the group and do not come back.
    """

    names: tuple[str, ...]
    after_s: float
    ends: tuple[str, ...] = ()


class Forget(msgspec.Struct, frozen=True):
    """The child is done: it stays down."""

    name: str


class Park(msgspec.Struct, frozen=True):
    """The child stays down for `after_s` and is then probed; its siblings are not concerned.

    It `is_news` unless it was parked before and the probe has failed.
    """

    name: str
    after_s: float
    history: tuple[Failure, ...]
    is_news: bool = True


class Escalate(msgspec.Struct, frozen=True):
    """The supervisor has restarted too often and must fail itself."""

    name: str
    history: tuple[Failure, ...]


Decision = RestartChildren | Forget | Park | Escalate


class RestartPolicy:
    """Decides for the children of one supervisor; it must be told of every start and exit."""

    def __init__(self, strategy: Strategy, limit: RestartLimit, jitter: Jitter) -> None:
        self._strategy = strategy
        self._jitter = jitter
        self._recent = _Recent(limit)
        self._children: dict[str, _Child] = {}  # in start order

    def add(self, name: str, rules: Rules) -> None:
        """A new child, the last in start order."""
        self._children[name] = _Child(rules)

    def remove(self, name: str) -> None:
        """The child is no more."""
        del self._children[name]

    def on_start(self, name: str) -> None:
        """The child was started; it is not ready yet."""
        child = self._children[name]
        child.joins = True
        child.ready_s = None

    def on_ready(self, name: str, now_s: float) -> None:
        """The child does its work from now on."""
        self._children[name].ready_s = now_s

    def on_exit(self, name: str, failure: BaseException | None, now_s: float) -> Decision:
        """What to do about an exit that the supervisor did not ask for; None is a normal one."""
        child = self._children[name]
        child.calm_down(now_s)
        if child.rules.is_final(failure):
            child.joins = False
            return Forget(name)
        last = Failure(name, now_s, describe(failure), _nested_history(failure))
        parking = child.rules.parking
        recent = self._recent if parking is None else child.recent
        too_often = recent.add(last)
        if parking and (too_often or child.probe_s is not None):
            child.joins = False
            is_news = child.probe_s is None
            child.probe_s = parking.next_s(child.probe_s)
            return Park(name, child.probe_s, recent.history, is_news)
        if too_often:
            return Escalate(name, recent.history)
        backoff = child.rules.backoff
        child.pause_s = backoff.next_s(child.pause_s)
        return self._restart(name, backoff.draw_s(child.pause_s, self._jitter))

    def on_request(self, name: str) -> RestartChildren:
        """What to do when somebody wants the child restarted: that is no failure."""
        self._children[name].forgive()
        return self._restart(name, 0.0)

    def _restart(self, name: str, after_s: float) -> RestartChildren:
        group = [one for one in self._group(name) if one == name or self._children[one].joins]
        ends = tuple(one for one in group if one != name and self._is_temporary(one))
        names = tuple(one for one in group if one not in ends)
        return RestartChildren(names=names, after_s=after_s, ends=ends)

    def _is_temporary(self, name: str) -> bool:
        return self._children[name].rules.restart is Restart.TEMPORARY

    def _group(self, name: str) -> list[str]:
        """The children that the strategy ties to the fate of this one, and itself."""
        names = list(self._children)
        match self._strategy:
            case Strategy.ONE_FOR_ONE:
                return [name]
            case Strategy.ONE_FOR_ALL:
                return names
            case Strategy.REST_FOR_ONE:
                return names[names.index(name) :]


class _Recent:
    """The failures of the last `limit.window_s`."""

    def __init__(self, limit: RestartLimit) -> None:
        self._limit = limit
        self._failures: deque[Failure] = deque()

    @property
    def history(self) -> tuple[Failure, ...]:
        return tuple(self._failures)

    def add(self, failure: Failure) -> bool:
        """Whether there are too many now."""
        self._failures.append(failure)
        while self._failures[0].at_s < failure.at_s - self._limit.window_s:
            self._failures.popleft()
        return len(self._failures) > self._limit.restarts


class _Child:
    """What is known about one child. Pauses are None for what has not happened lately."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.recent = _Recent(rules.limit)  # used with parking only
        self.joins = False  # in the restart of a group: has been started, not parked, not done
        self.ready_s: float | None = None
        self.pause_s: float | None = None  # before the last restart
        self.probe_s: float | None = None  # before the last probe

    def calm_down(self, now_s: float) -> None:
        """Forgive the child if its run, which is over now, was quiet for long enough."""
        if self.ready_s is not None and now_s - self.ready_s >= self.rules.backoff.reset_after_s:
            self.forgive()

    def forgive(self) -> None:
        """Begin with the first pause and the first probe again; limits forgive by time alone."""
        self.pause_s = None
        self.probe_s = None


def describe(failure: BaseException | None) -> str:
    """One short line: type and message of the failure, or of each leaf of a group."""
    if failure is None:
        return "normal exit"
    leaves = (f"{type(leaf).__name__}: {leaf}".removesuffix(": ") for leaf in _leaves(failure))
    line = " ".join("; ".join(leaves).split())
    return line if len(line) <= TEXT_CHARS else line[: TEXT_CHARS - 1] + "…"


def _nested_history(failure: BaseException | None) -> tuple[Failure, ...]:
    if failure is None:
        return ()
    gave_up = (leaf for leaf in _leaves(failure) if isinstance(leaf, RestartLimitReached))
    return tuple(entry for leaf in gave_up for entry in leaf.history)


def _leaves(failure: BaseException) -> Iterator[BaseException]:
    if isinstance(failure, BaseExceptionGroup):
        for member in failure.exceptions:
            yield from _leaves(member)
    else:
        yield failure


def _grown_s(last_s: float | None, first_s: float, factor: float, cap_s: float) -> float:
    return min(first_s if last_s is None else last_s * factor, cap_s)
