"""News for whoever embeds us: events fanned out to listeners, none of whom can hold us up."""

from collections.abc import AsyncIterator, Callable
from typing import Final, Generic, TypeVar

import trio

from actors.edges.foreign import STOPS

T = TypeVar("T")

# Enough for a reader that pauses for some seconds on a busy market.
LISTENER_ITEMS: Final = 10_000


class ListenerTooSlow(Exception):
    """A listener did not read in time and was dropped; what came after is lost to it."""


class Listener(Generic[T]):
    """An async iterator over news. It is dropped, not waited for, when it falls behind.

    What the filter of one raises is raised out of its own iteration, and ends it. One that
    conflates is told only that there is news, once for all that came since it looked:
    for readers of a present state. Use it in a `with` block, or `close` it, to hear no more.
    """

    def __init__(
        self,
        wants: Callable[[T], bool],
        forget: "Callable[[Listener[T]], None]",
        *,
        conflate: bool,
    ) -> None:
        self.wants = wants
        self._forget = forget
        self._conflate = conflate
        self._is_lagging = False
        self._failure: BaseException | None = None
        items = 1 if conflate else LISTENER_ITEMS
        self._send, self._receive = trio.open_memory_channel[T](items)

    def offer(self, item: T) -> None:
        """Add an item, if the listener wants it and has kept up."""
        try:
            if not self.wants(item):
                return
        except STOPS:
            raise
        except BaseException as error:  # noqa: BLE001 - raised again for whoever gave the filter
            self._failure = error
            self.close()
            return
        try:
            self._send.send_nowait(item)
        except trio.WouldBlock:
            if not self._conflate:
                self._is_lagging = True
                self.close()

    def close(self) -> None:
        """End the iteration once what has been heard is read."""
        self._forget(self)
        self._send.close()

    def __enter__(self) -> "Listener[T]":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        try:
            return await self._receive.receive()
        except trio.EndOfChannel:
            if self._failure:
                raise self._failure from None
            if self._is_lagging:
                raise ListenerTooSlow(f"more than {LISTENER_ITEMS} items were not read") from None
            raise StopAsyncIteration from None


class Hub(Generic[T]):
    """Hands each item to the listeners that want it."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener[T], ...] = ()
        self._is_closed = False

    def listen(
        self, wants: Callable[[T], bool] = lambda item: True, *, conflate: bool = False
    ) -> Listener[T]:
        """Hear what is published from now on."""
        listener = Listener(wants, self._forget, conflate=conflate)
        if self._is_closed:
            listener.close()
        else:
            self._listeners = (*self._listeners, listener)
        return listener

    def publish(self, item: T) -> None:
        for listener in self._listeners:
            listener.offer(item)

    def close(self) -> None:
        """End every listener's iteration; nothing will be published any more."""
        self._is_closed = True
        for listener in self._listeners:
            listener.close()

    def _forget(self, listener: Listener[T]) -> None:
        self._listeners = tuple(one for one in self._listeners if one is not listener)
