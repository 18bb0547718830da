"""Edges between actors: a bounded inbox that never makes its sender wait, and a latest-value cell.

Each counts what went through, what waited and what was lost, for the live tree.
"""

from typing import Final, Generic, TypeVar

import trio

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")

# Batches drained at one wake-up; the checkpoint of the next receive lets other actors run.
MAX_DRAIN: Final = 100


class Inbox(Generic[T]):
    """Batches for one actor. A full inbox drops its whole backlog: its reader is late already."""

    def __init__(self, capacity: int) -> None:
        self._send, self._receive = trio.open_memory_channel[T](capacity)
        self._sent = 0
        self._dropped = 0
        self._peak = 0

    def offer(self, item: T) -> bool:
        """Add an item without waiting. False if the backlog, item included, was dropped."""
        try:
            self._send.send_nowait(item)
        except trio.WouldBlock:
            self._dropped += len(self.take_nowait()) + 1
            return False
        self._sent += 1
        return True

    async def take(self) -> list[T]:
        """Wait for news, then return what has gathered, oldest first."""
        items = [await self._receive.receive(), *self.take_nowait(MAX_DRAIN)]
        self._peak = max(self._peak, len(items))
        return items

    def take_nowait(self, limit: int | None = None) -> list[T]:
        """What has gathered, without waiting."""
        items: list[T] = []
        while limit is None or len(items) < limit:
            try:
                items.append(self._receive.receive_nowait())
            except trio.WouldBlock:
                break
        return items

    def inspect(self) -> dict[str, object]:
        """For the live tree: what went through, waits now, waited at most, and was dropped."""
        waiting = self._receive.statistics().current_buffer_used
        return {
            "sent": self._sent,
            "waiting": waiting,
            "peak": max(self._peak, waiting),
            "dropped": self._dropped,
        }


class Latest(Generic[K, V]):
    """A cell per key that holds only the newest value; many may write, one reads."""

    def __init__(self) -> None:
        self._values: dict[K, V] = {}
        self._changed = trio.Event()
        self._sent = 0
        self._taken = 0

    def put(self, key: K, value: V) -> None:
        """Replace the value of `key` and wake the reader."""
        self._sent += 1
        self._values[key] = value
        if len(self._values) == 1:
            self._changed.set()

    async def take(self) -> dict[K, V]:
        """Wait for news, then return the newest value of every key put since the last call."""
        await self._changed.wait()
        values, self._values, self._changed = self._values, {}, trio.Event()
        self._taken += len(values)
        return values

    def inspect(self) -> dict[str, object]:
        """For the live tree; `conflated` values were replaced by a newer one before being read."""
        waiting = len(self._values)
        return {
            "sent": self._sent,
            "waiting": waiting,
            "conflated": self._sent - self._taken - waiting,
        }
