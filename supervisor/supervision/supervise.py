"""A supervisor: the loop that starts, watches, restarts and stops children.

    supervisor = Supervisor("venues", [ChildSpec("books", run_books)], jitter=random.random)
    await supervisor.run()    # until it is cancelled or raises RestartLimitReached

`policy.py` decides about exits, `siblings.py` about turns; here is what needs tasks.
"""

from collections.abc import Sequence
from math import inf
from typing import Final

import trio

from supervisor.supervision.child import Child, ChildNotReady, ChildSpec, Node, State
from supervisor.supervision.policy import (
    Backoff,
    Jitter,
    Parking,
    Restart,
    RestartLimit,
    Rules,
    Strategy,
)
from supervisor.supervision.siblings import Siblings

_DEFAULTS: Final = Rules()
_OPEN: Final = (State.STARTING, State.RUNNING)  # for new wishes


class Supervisor:
    """Runs children described as data; may itself be the child of another, see `as_child`.

    Children may be added and removed at any time; each run begins with those it then has, so
    that what was added outlives a restart.
    """

    def __init__(
        self,
        name: str,
        children: Sequence[ChildSpec] = (),
        *,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        limit: RestartLimit = _DEFAULTS.limit,
        jitter: Jitter,
    ) -> None:
        names = [spec.name for spec in children]
        if len(set(names)) < len(names):
            raise ValueError(f"{name} has two children of the same name: {names}")
        self.name = name
        self._specs = {spec.name: spec for spec in children}  # in start order
        self._strategy = strategy
        self._limit = limit
        self._jitter = jitter
        self._state = State.STOPPED
        self._since_s = 0.0  # until the first run, when there may be no clock yet
        self._children = self._siblings()
        self._changed = trio.Event()  # wakes the loop
        self._watchers = trio.lowlevel.ParkingLot()  # woken after each look at the children

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the children until cancelled; it is ready once all are up or given up.

        However it ends, the children are stopped first, in reverse order, and nothing is left: one
        that never ends is waited for without end. A second KeyboardInterrupt ends the order.

        Raises:
            RestartLimitReached: a child failed too often. Its last failure is the cause.
            RuntimeError: it runs already.
        """
        self._require(State.STOPPED)
        self._children = self._siblings()
        for spec in self._specs.values():
            self._children.add(spec, trio.current_time(), first=True)
        self._enter(State.STARTING)
        try:
            async with trio.open_nursery() as nursery:
                try:
                    await self._serve(nursery, task_status)
                finally:
                    await self._finish(nursery, task_status)
        finally:
            self._enter(State.STOPPED)
        if self._children.escalation:
            raise self._children.escalation

    async def add(self, spec: ChildSpec) -> None:
        """Start one more child, the last in start order; returns when it is ready.

        One that tells so without being waited for only has to run. A failure that is answered with
        a restart is waited out. While the supervisor is not running the child is only taken note
        of.

        Raises:
            ValueError: there is a child of this name, perhaps one still on its way out.
            ChildNotReady: it was parked, done or stopped before it was ready.
        """
        if self._state not in _OPEN:
            if spec.name in self._specs:
                raise ValueError(f"{self.name} has a child {spec.name} already")
            self._specs[spec.name] = spec
            await trio.lowlevel.checkpoint()
            return
        child = self._children.add(spec, trio.current_time())
        self._specs[spec.name] = spec
        self._changed.set()
        await self._wait_until_up(child)

    async def remove(self, name: str) -> None:
        """Stop the child alone and forget it; returns when it is gone, even if it is overdue.

        Raises:
            LookupError: there is no such child.
        """
        if self._state is State.STOPPED:
            del self._specs[name]
            await trio.lowlevel.checkpoint()
            return
        child = self._children.get(name)
        self._specs.pop(name, None)
        child.end(trio.current_time(), drop=True)
        self._changed.set()
        while child in self._children:
            await self._watchers.park()

    async def restart(self, name: str) -> None:
        """Restart the child now, with those tied to it by strategy; returns when it is ready.

        This is no failure: it counts against no limit, ends a pending pause, and brings back a
        child that is parked or done.

        Raises:
            LookupError: there is no such child.
            ChildNotReady: it was parked, done or stopped before it was ready.
            RuntimeError: the supervisor is not running.
        """
        self._require(*_OPEN)
        child = self._children.get(name)
        self._children.restart(child, trio.current_time())
        self._changed.set()
        await self._wait_until_up(child)

    def tree(self) -> Node:
        """The supervisor and all below it, as they are now."""
        return Node(
            name=self.name,
            kind="supervisor",
            state=self._state,
            since_s=self._since_s,
            children=self._nodes(),
        )

    def as_child(
        self,
        *,
        restart: Restart = _DEFAULTS.restart,
        backoff: Backoff = _DEFAULTS.backoff,
        parking: Parking | None = _DEFAULTS.parking,
        limit: RestartLimit = _DEFAULTS.limit,
        wait_ready: bool = True,
    ) -> ChildSpec:
        """Its spec as the child of another. It bounds its own children; nothing bounds it."""
        return ChildSpec(
            name=self.name,
            run=self.run,
            restart=restart,
            backoff=backoff,
            parking=parking,
            limit=limit,
            wait_ready=wait_ready,
            tells_ready=True,
            start_s=inf,
            shutdown_s=inf,
            subtree=self._nodes,
        )

    async def _serve(self, nursery: trio.Nursery, task_status: trio.TaskStatus[None]) -> None:
        """Look after the children until all are gone for good."""

        def spawn(child: Child) -> None:
            nursery.start_soon(self._run_child, child, name=f"{self.name}/{child.name}")

        children = self._children
        while True:
            self._changed = trio.Event()
            now_s = trio.current_time()
            children.judge_exits(now_s)
            if children.escalation:
                self._enter(State.STOPPING)
            children.stop_in_turn(now_s)
            children.start_in_turn(now_s, spawn)
            self._watchers.unpark_all()
            if self._state is State.STOPPING and not any(child.is_alive for child in children):
                return
            if self._state is State.STARTING and not any(child.holds_up for child in children):
                self._enter(State.RUNNING)
                task_status.started()
            with trio.move_on_at(children.wake_s(now_s)):
                await self._changed.wait()

    async def _finish(self, nursery: trio.Nursery, task_status: trio.TaskStatus[None]) -> None:
        """Stop the children, even if the supervisor is cancelled."""
        self._end()
        with trio.CancelScope(shield=True):
            try:
                await self._serve(nursery, task_status)
            except BaseException:
                # A second KeyboardInterrupt. Children whose turn has not come are shielded, and
                # with nobody to cancel them they would never end.
                self._children.end_at_once(trio.current_time())
                raise

    async def _run_child(self, child: Child) -> None:
        try:
            await child.run()
        except BaseException as error:
            # KeyboardInterrupt and SystemExit are nothing to restart after: all go down.
            child.failure = error
            self._end()
            raise
        finally:
            child.exited = True
            self._changed.set()

    def _end(self) -> None:
        self._enter(State.STOPPING)
        self._children.end(trio.current_time())

    async def _wait_until_up(self, child: Child) -> None:
        is_awaited = child.spec.wait_ready or not child.spec.tells_ready
        while not child.is_up and (is_awaited or not child.is_alive):
            if child.is_given_up:
                why = f"{child.state} {child.last_failure}".rstrip()
                raise ChildNotReady(f"{self.name}: {child.name} is not ready: {why}")
            await self._watchers.park()

    def _require(self, *states: State) -> None:
        if self._state not in states:
            raise RuntimeError(f"{self.name} is {self._state}")

    def _siblings(self) -> Siblings:
        return Siblings(self.name, self._strategy, self._limit, self._jitter, self._wake)

    def _wake(self) -> None:
        self._changed.set()

    def _nodes(self) -> tuple[Node, ...]:
        return tuple(child.node() for child in self._children)

    def _enter(self, state: State) -> None:
        if state is not self._state:
            self._state, self._since_s = state, trio.current_time()
