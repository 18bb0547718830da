"""One client of a sandbox's streams: its session, and what waits to be sent to it."""

from collections.abc import Callable, Mapping
from typing import Final

import trio

from actors.edges.clock import Clock
from actors.sandbox.faults import FrameFaults
from actors.sandbox.socket import ServerSocket
from exchanges.sandbox.market import SandboxMarket
from exchanges.sandbox.matching import MarketUpdate
from exchanges.sandbox.session import SandboxSession
from exchanges.stream.wire import Frame

# A client that reads nothing for so many frames is cut off, as venues do.
BACKLOG_FRAMES: Final = 10_000
GOODBYE_S: Final = 1.0
"""How long a client that was told to go may take for its own goodbye."""


class Client:
    """The server's side of one open stream connection."""

    def __init__(
        self,
        session: SandboxSession,
        socket: ServerSocket,
        faults: FrameFaults,
        is_silent: Callable[[], bool],
    ) -> None:
        self.session = session
        self._socket = socket
        self._faults = faults
        self._is_silent = is_silent
        self._send, self._outbox = trio.open_memory_channel[Frame](BACKLOG_FRAMES)
        self._scope = trio.CancelScope()
        self._is_leaving = False
        self._failure: Exception | None = None

    def drop(self) -> None:
        """Break the connection without a goodbye."""
        self._scope.cancel(reason="the sandbox drops the connection")

    def tell(self, updates: Mapping[SandboxMarket, MarketUpdate], now_ns: int) -> None:
        """Queue what the session has to say of a step; a failure ends this client alone."""
        try:
            self.session.tell(updates, now_ns)
            self._flush()
        except Exception as failure:  # noqa: BLE001 - raised again by `run`, for this client
            self._failure = failure
            self.drop()

    async def run(self, clock: Clock) -> None:
        """Talk until either side ends it.

        Raises:
            trio.BrokenResourceError, trio.ClosedResourceError: the client has gone.
        """
        with self._scope:
            self.session.greet(clock.now_ns())
            self._flush()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send_frames)
                while frames := await self._socket.receive():
                    for frame in frames:
                        self.session.receive(frame, clock.now_ns())
                        self._flush()
                nursery.cancel_scope.cancel(reason="the client has gone")
        await trio.aclose_forcefully(self._socket.stream)
        if self._failure:
            raise self._failure

    def _flush(self) -> None:
        """Queue what the session has to say, as the faults would have it."""
        outgoing = self.session.take()
        if self._is_leaving:
            return
        try:
            for frame in [] if self._is_silent() else self._faults.pass_on(outgoing):
                self._send.send_nowait(frame)
        except trio.WouldBlock:
            self.drop()
        if self.session.goodbye:
            self._is_leaving = True
            self._send.close()

    async def _send_frames(self) -> None:
        async for frame in self._outbox:
            await self._socket.send(frame)
        assert self.session.goodbye  # or there would be no end
        await self._socket.close(*self.session.goodbye)
        await trio.sleep(GOODBYE_S)
        self.drop()
