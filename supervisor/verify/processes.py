"""Work spread over processes, told in the order in which it was asked for."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from threading import Thread
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_GOES_ON: Final = "a process has died; {count} tasks go on in new ones"
_ALONE: Final = "a process has died again; {count} tasks go on, one at a time"


def run_apart(
    work: Callable[[T], R],
    tasks: Sequence[T],
    jobs: int,
    died: Callable[[T], R],
    note: Callable[[str], None],
) -> Generator[R]:
    """The result of each task, in their order; `jobs` processes at a time work on them.

    What a task raises comes out of here. A process that dies takes those beside it along: `note`
    hears of it, and what is not done yet goes on in new ones. If that happens again, each task has
    a process of its own from there on, and one that takes it down has the result that `died`
    gives. Nobody is left behind when the iterator is closed or interrupted: close it.
    """
    futures: list[Future[R] | None] = [None for _ in tasks]
    told = 0
    for what_next in (_GOES_ON, _ALONE):
        try:
            with _open_pool(min(jobs, len(tasks))) as pool:
                futures = [
                    future or _submit(pool, work, task)
                    for task, future in zip(tasks, futures, strict=True)
                ]
                # A pool that has started a process does not watch it before it hears of more work:
                # the last one might die unseen, and its task never be done.
                _submit(pool, abs, 0)
                for future in futures[told:]:
                    assert future is not None
                    result = future.result()
                    told += 1
                    yield result
        except BrokenProcessPool:  # of any task; only alone it shows of which
            pass
        futures = [future if _is_done(future) else None for future in futures]
        if told == len(tasks):
            return
        note(what_next.format(count=futures.count(None)))
    for task, future in zip(tasks[told:], futures[told:], strict=True):
        yield future.result() if future else _run_alone(work, task, died)


def _run_alone(work: Callable[[T], R], task: T, died: Callable[[T], R]) -> R:
    try:
        with _open_pool(1) as pool:
            return _submit(pool, work, task).result()
    except BrokenProcessPool:
        return died(task)


def _is_done(future: Future[R] | None) -> bool:
    """Whether it has a result, or what its task itself raised."""
    if future is None or not future.done() or future.cancelled():
        return False
    return not isinstance(future.exception(), BrokenProcessPool)


def _submit(pool: ProcessPoolExecutor, work: Callable[[T], R], task: T) -> Future[R]:
    """Have a task done; this is when the pool starts its processes, one after the other.

    A process inherits what is blocked: an interrupt from the terminal, which goes to all, is for
    us to obey, and nobody prints where it was.
    """
    blocked = pthread_sigmask(SIG_BLOCK, [SIGINT])
    try:
        return pool.submit(work, task)
    except BrokenProcessPool as died:  # already, while tasks are still given out
        future: Future[R] = Future()
        future.set_exception(died)
        return future
    finally:
        pthread_sigmask(SIG_SETMASK, blocked)


@contextmanager
def _open_pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes for as long as the block lasts; who leaves it early waits for none of them."""
    mine = set(active_children())
    # Fresh processes: a copy of this one would hold the locks of its threads.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_with_parent)
    try:
        yield pool
    except BaseException:
        # A pool that breaks while we start its processes misses those that were on their way, and
        # would wait for them for ever.
        for process in set(active_children()) - mine:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Whoever killed the parent had no time for its children."""
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
