"""trio's run, ended by a signal in good order."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from signal import Signals
from typing import TypeVar, TypeVarTuple, Unpack

import trio

from supervisor.terminal.signals import FirstSignal, Stopped, handling

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Stop:
    """What a signal ends: all, or the part that a command names, after which it has a result."""

    def __init__(self) -> None:
        self._all = trio.CancelScope()
        self._part: trio.CancelScope | None = None

    @contextmanager
    def ends(self, part: trio.CancelScope) -> Iterator[None]:
        """While the block lasts a signal ends this scope only."""
        self._part = part
        try:
            yield
        finally:
            self._part = None

    def run(self, work: Callable[[Unpack[Args]], Awaitable[T]], *args: *Args) -> T:
        """What `work` returns.

        Raises:
            Stopped: a signal ended it before.
            BrokenPipeError: nobody reads its output any more.
        """
        token: trio.lowlevel.TrioToken | None = None
        done: list[T] = []

        def tell(number: int) -> None:
            if token is not None:
                with suppress(trio.RunFinishedError):
                    token.run_sync_soon(self._cancel, number)

        first = FirstSignal(tell)

        async def run() -> None:
            nonlocal token
            token = trio.lowlevel.current_trio_token()
            if first.number is not None:  # it came before there was a token
                self._cancel(first.number)
            with self._all:
                done.append(await work(*args))

        with handling(first):
            try:
                trio.run(run)
            except BaseExceptionGroup as group:
                raise _said_alone(group) from None
            if done:
                return done[0]
        assert first.number is not None  # nobody else cancels it
        raise Stopped(first.number)

    def _cancel(self, number: int) -> None:
        (self._part or self._all).cancel(reason=Signals(number).name)


def _said_alone(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """A pipe that broke, if that is all that happened."""
    pipes, others = group.split(BrokenPipeError)
    return group if pipes is None or others is not None else BrokenPipeError()
