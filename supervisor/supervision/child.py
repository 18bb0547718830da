"""One child of a supervisor: how it is described, where it is in its life, how it is shown.

`supervise.py` has the loop that starts and stops children.
"""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from math import inf
from typing import Final, Literal, Protocol

import msgspec
import trio

from supervisor.supervision.policy import Rules, describe


class State(StrEnum):
    """Where a child, or a supervisor, is in its life."""

    STARTING = "starting"  # runs, not ready yet
    RUNNING = "running"
    BACKING_OFF = "backing off"  # down; starts again when its pause and its turn have come
    PARKED = "parked"  # down; is probed later
    STOPPING = "stopping"  # told to end, not gone yet
    STOPPED = "stopped"  # down: done, or not started yet


_ALIVE: Final = (State.STARTING, State.RUNNING, State.STOPPING)
_WAITING: Final = (State.BACKING_OFF, State.PARKED)


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One supervisor or worker of the live tree; instants are trio's, in seconds."""

    name: str
    kind: Literal["supervisor", "worker"]
    state: State
    since_s: float  # when the state began
    restarts: int = 0
    last_failure: str = ""
    next_start_s: float | None = None  # while backing off or parked
    children: tuple["Node", ...] = ()  # in start order
    info: dict[str, object] = {}


class Run(Protocol):
    """A child's function, as for `nursery.start`; without a need for readiness see `ChildSpec`."""

    def __call__(self, *, task_status: trio.TaskStatus[None]) -> Awaitable[object]: ...


class ChildSpec(Rules, frozen=True):
    """One child, as data.

    With `wait_ready`, later siblings wait until the child says `started()`, for which it has
    `start_s`. Without, it counts as ready once it runs and need never say so, unless it
    `tells_ready`: then nobody waits for it, but its failures are forgiven only after it has been
    ready for a while. When told to stop it has `shutdown_s` before others go on without it.

    `inspect` gives facts for the child's node, and `subtree` makes it a supervisor's; both may be
    asked at any time, whether the child runs or not. `waits_for` says what a start waits for now,
    or waited for when it was given up.
    """

    name: str
    run: Run
    shutdown_s: float = 5.0
    wait_ready: bool = True
    tells_ready: bool = False
    start_s: float = 30.0
    inspect: Callable[[], Mapping[str, object]] | None = None
    subtree: Callable[[], tuple[Node, ...]] | None = None
    waits_for: Callable[[], str] | None = None


class ChildNotReady(Exception):
    """A child did not become ready: not in time, or it was stopped, parked or done before."""


class Child:
    """A child as its supervisor sees it: what it does, and what was decided about it.

    Decisions are notes that the loop carries out: `due_s` is kept from the decision to start the
    child (again) until that is done, and `doomed` from the decision to stop its task until that
    is gone. A child with both is being restarted.
    """

    def __init__(
        self, spec: ChildSpec, now_s: float, *, in_turn: bool, on_ready: Callable[["Child"], None]
    ) -> None:
        self.spec = spec
        self.name = spec.name
        self.state = State.STOPPED
        self.since_s = now_s
        self.due_s: float | None = now_s  # the start that is to come
        self.in_turn = in_turn  # its start waits for its earlier siblings
        self.doomed = False
        self.dropped = False  # to be forgotten once it is gone
        self.starts = 0
        self.stop_by_s = inf  # of the last stop
        self.overdue = False
        self.exited = False  # its task has ended, which the supervisor has yet to see
        self.failure: BaseException | None = None
        self.last_failure = ""
        self._on_ready = on_ready
        self._scope = trio.CancelScope()
        self._allowance = trio.CancelScope()

    @property
    def restarts(self) -> int:
        return max(self.starts - 1, 0)

    @property
    def is_alive(self) -> bool:
        """It has a task."""
        return self.state in _ALIVE

    @property
    def is_up(self) -> bool:
        """It is ready, and nobody is about to change that."""
        return self.state is State.RUNNING and not self.doomed

    @property
    def is_given_up(self) -> bool:
        """It is not on its way to being up."""
        is_down = self.doomed or not self.is_alive
        return self.state is State.PARKED or (is_down and self.due_s is None)

    @property
    def holds_up(self) -> bool:
        """Siblings whose turn comes later have to wait for it."""
        return self.spec.wait_ready and not self.is_up and not self.is_given_up

    @property
    def is_leaving(self) -> bool:
        """It must go and still has time to do so."""
        return self.is_alive and self.doomed and not self.overdue

    @property
    def is_forgotten(self) -> bool:
        return self.dropped and not self.is_alive

    @property
    def timers_s(self) -> tuple[float, float]:
        """When something may have to be done about it."""
        return self.stop_by_s, inf if self.due_s is None else self.due_s

    def is_due(self, now_s: float) -> bool:
        """Its pause is over, and its previous task is gone."""
        return not self.is_alive and self.due_s is not None and self.due_s <= now_s

    def start(self, now_s: float) -> None:
        """Its task is about to be spawned."""
        self.due_s = None
        self.starts += 1
        # Only the supervisor ends a child: a cancellation from outside must not end all children
        # at once, without order.
        self._scope = trio.CancelScope(shield=True)
        self._allowance = trio.CancelScope(deadline=now_s + self.spec.start_s)
        self._enter(State.STARTING, now_s)

    async def run(self) -> None:
        """Its task; `failure` has the outcome, but whatever is no `Exception` passes through."""
        try:
            with self._scope, self._allowance:
                await self.spec.run(task_status=self)
        except* Exception as group:  # noqa: BLE001 -- any failure is the policy's to judge
            self.failure = group.exceptions[0] if len(group.exceptions) == 1 else group
        if self._allowance.cancel_called:
            awaited = self.spec.waits_for() if self.spec.waits_for else ""
            late = ChildNotReady(
                f"{self.name} was not ready within {self.spec.start_s:g} s"
                + (f"; it waited for {awaited}" if awaited else "")
            )
            late.__cause__ = self.failure
            self.failure = late

    def started(self, value: object = None) -> None:
        """It is ready; the `task_status` that its function is given is the child itself."""
        if self.state is State.STARTING:
            self._allowance.deadline = inf
            self._enter(State.RUNNING, trio.current_time())
            self._on_ready(self)

    def restart(self, due_s: float, now_s: float) -> None:
        """Have it started (again) at `due_s`, and stopped before that if need be."""
        if self.dropped:
            return
        # A sibling's restart must not cut short a pause that the child's own failures asked for.
        self.due_s = due_s if self.due_s is None else max(due_s, self.due_s)
        if self.is_alive:
            self.doomed = True
        else:
            self._enter(State.BACKING_OFF, now_s)

    def park(self, due_s: float, now_s: float) -> None:
        self.due_s = due_s
        self._enter(State.PARKED, now_s)

    def end(self, now_s: float, *, drop: bool = False) -> None:
        """Have it stopped if need be, not started again, and with `drop` forgotten then."""
        self.due_s = None
        self.dropped = self.dropped or drop
        if self.is_alive:
            self.doomed = True
        else:
            self._enter(State.STOPPED, now_s)

    def stop(self, now_s: float) -> None:
        """Cancel its task: its turn to go has come."""
        self.stop_by_s = now_s + self.spec.shutdown_s
        self._enter(State.STOPPING, now_s)
        self._allowance.deadline = inf
        self._scope.cancel(reason=f"{self.name}: stopped by its supervisor")

    def take_exit(self, now_s: float) -> BaseException | None:
        """Note that its task is gone; returns the failure."""
        failure, self.failure = self.failure, None
        if failure is not None:
            self.last_failure = describe(failure)
        self.exited = self.doomed = self.overdue = False
        self._enter(State.STOPPED if self.due_s is None else State.BACKING_OFF, now_s)
        return failure

    def node(self) -> Node:
        return Node(
            name=self.name,
            kind="supervisor" if self.spec.subtree else "worker",
            state=self.state,
            since_s=self.since_s,
            restarts=self.restarts,
            last_failure=self.last_failure,
            next_start_s=self.due_s if self.state in _WAITING else None,
            children=self.spec.subtree() if self.spec.subtree else (),
            info=dict(self.spec.inspect()) if self.spec.inspect else {},
        )

    def _enter(self, state: State, now_s: float) -> None:
        if state is not self.state:
            self.state = state
            self.since_s = now_s
