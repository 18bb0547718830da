"""Children under a test's control, and the journal of what they did."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import trio
from trio.testing import wait_all_tasks_blocked

from supervisor.supervision.child import ChildSpec, Node
from supervisor.supervision.policy import Backoff
from supervisor.supervision.supervise import Supervisor

BACKOFF = Backoff(initial_s=1.0, factor=2.0, cap_s=8.0, jitter=0.0, reset_after_s=100.0)


def boom() -> ValueError:
    return ValueError("boom")


def no_jitter() -> float:
    """The middle: pauses are the usual ones."""
    return 0.5


class Worker:
    """A child that is ready after `ready_s`, and ends when told or after `life_s`.

    It fails before it is ready as often as `refusals` says, and needs `stop_s` to clean up.
    """

    def __init__(self, name: str, journal: list[str]) -> None:
        self.name = name
        self.ready_s = 0.0
        self.life_s = inf
        self.stop_s = 0.0
        self.refusals = 0
        self.starts = 0
        self.is_alive = False
        self._journal = journal
        self._end = trio.Event()
        self._outcome: BaseException | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        assert not self.is_alive, f"{self.name} was started twice"
        self.is_alive = True
        self.starts += 1
        self._end, self._outcome = trio.Event(), boom()
        try:
            if self.ready_s:
                await trio.sleep(self.ready_s)
            if self.refusals:
                self.refusals -= 1
                raise boom()
            self._journal.append(f"+{self.name}")
            task_status.started()
            with trio.move_on_after(self.life_s):
                await self._end.wait()
            if self._outcome:
                raise self._outcome
        finally:
            if self.stop_s:
                with trio.CancelScope(shield=True):
                    await trio.sleep(self.stop_s)
            self.is_alive = False
            self._journal.append(f"-{self.name}")

    def end(self, outcome: BaseException | None) -> None:
        self._outcome = outcome
        self._end.set()


class Crew:
    """Workers by name."""

    def __init__(self) -> None:
        self.journal: list[str] = []
        self._workers: dict[str, Worker] = {}

    def __getitem__(self, name: str) -> Worker:
        return self._workers.setdefault(name, Worker(name, self.journal))

    def spec(self, name: str, **options: Any) -> ChildSpec:
        return ChildSpec(name, self[name].run, **{"backoff": BACKOFF, **options})

    def specs(self, names: str, **options: Any) -> list[ChildSpec]:
        return [self.spec(name, **options) for name in names]

    def fail(self, *names: str) -> None:
        for name in names:
            self[name].end(boom())

    def finish(self, name: str) -> None:
        self[name].end(None)

    def news(self) -> str:
        """What was done since the last call, like "-b +b"."""
        news = " ".join(self.journal)
        self.journal.clear()
        return news

    @property
    def alive(self) -> str:
        return "".join(name for name, worker in self._workers.items() if worker.is_alive)


@asynccontextmanager
async def running(supervisor: Supervisor) -> AsyncIterator[None]:
    """The supervisor is ready inside the block and gone after it."""
    async with trio.open_nursery() as nursery:
        await nursery.start(supervisor.run)
        yield
        nursery.cancel_scope.cancel()


async def reach(at_s: float) -> None:
    """Let time pass until then, and all happen that is due by then."""
    await trio.sleep_until(at_s)
    await wait_all_tasks_blocked()


def node(supervisor: Supervisor, *path: str) -> Node:
    """The node that the names lead to."""
    found = supervisor.tree()
    for name in path:
        (found,) = (child for child in found.children if child.name == name)
    return found


def states(supervisor: Supervisor) -> dict[str, str]:
    return {child.name: child.state.value for child in supervisor.tree().children}


def supervise(*children: ChildSpec, **options: Any) -> Supervisor:
    return Supervisor("top", children, **{"jitter": no_jitter, **options})


def end_quickly(crew: Crew) -> None:
    """Let nothing that a test made slow hold up its end."""
    for name in crew.alive:
        crew[name].stop_s = 0.0


def told(records: list[Any], *fields: str) -> list[tuple[Any, ...]]:
    """The events logged, each with these fields."""
    return [tuple(record[field] for field in ("event", *fields)) for record in records]
