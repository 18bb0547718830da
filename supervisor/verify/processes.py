"""Work spread over processes, told in the order in which it was asked for."""

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, parent_process
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def run_apart(
    work: Callable[[T], R], tasks: Sequence[T], jobs: int, died: Callable[[T], R]
) -> Generator[R]:
    """The result of each task, in their order; `jobs` processes at a time work on them.

    What a task raises comes out of here. One that takes its process down with it has the result
    that `died` gives, and costs the others nothing. Nobody is left behind when the iterator is
    closed or interrupted: close it.
    """
    mine = set(active_children())
    pool = _open_pool(min(jobs, len(tasks)))
    try:
        # A process inherits what is blocked: an interrupt from the terminal, which goes to all,
        # is for us to obey, and nobody prints where it was.
        blocked = pthread_sigmask(SIG_BLOCK, [SIGINT])
        try:
            asked = [(task, pool.submit(work, task)) for task in tasks]
        finally:
            pthread_sigmask(SIG_SETMASK, blocked)
        for task, future in asked:
            try:
                result = future.result()
            except BrokenProcessPool:  # of any task; only alone it shows of which
                result = _run_alone(work, task, died)
            yield result
    except BaseException:
        for process in set(active_children()) - mine:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _run_alone(work: Callable[[T], R], task: T, died: Callable[[T], R]) -> R:
    with _open_pool(1) as pool:
        try:
            return pool.submit(work, task).result()
        except BrokenProcessPool:
            return died(task)


def _open_pool(jobs: int) -> ProcessPoolExecutor:
    # Fresh processes: a copy of this one would hold the locks of its threads.
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Whoever killed the parent had no time for its children."""
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
