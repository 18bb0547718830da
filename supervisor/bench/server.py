"""A sandbox venue in a process of its own that sends made frames as fast, or as steadily, as told.

    python -m supervisor.bench.server VENUE FRAMES RATE SYMBOL...

It prints its port, answers requests and subscriptions, and upon a line on its standard input
makes FRAMES frames, prints "ready", and sends them: RATE a second on an open loop, or as fast as
the client takes them if RATE is 0.
"""

import sys
from collections.abc import Sequence
from typing import Final

import msgspec
import trio

from actors.edges.clock import SystemClock
from actors.sandbox.http import HttpConnection
from actors.sandbox.server import SandboxServer, split_endpoint
from actors.sandbox.socket import ServerSocket
from exchanges.sandbox.session import SandboxSession
from exchanges.sandbox.venue import SandboxVenue
from exchanges.stream.wire import Frame
from supervisor.bench.traffic import EPOCH_NS, STEP_NS, make_sandbox

CHUNK_BYTES: Final = 256 << 10


class _Client(msgspec.Struct, eq=False):
    session: SandboxSession
    stream: trio.abc.Stream


class _Server:
    def __init__(self, venue: SandboxVenue, frames: int, rate: float) -> None:
        self._venue = venue
        self._frames = frames
        self._rate = rate
        self._http = SandboxServer(venue, SystemClock())
        self._clients: list[_Client] = []

    async def run(self) -> None:
        async with trio.open_nursery() as nursery:
            listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
            nursery.start_soon(trio.serve_listeners, self._serve, listeners)
            _tell(str(listeners[0].socket.getsockname()[1]))
            await trio.to_thread.run_sync(sys.stdin.readline)
            made = self._make()
            _tell("ready")
            await (self._send_steadily(made) if self._rate else self._send_at_once(made))
            await trio.to_thread.run_sync(sys.stdin.readline)
            nursery.cancel_scope.cancel()

    async def _serve(self, stream: trio.SocketStream) -> None:
        http = HttpConnection(stream)
        while request := await http.request():
            if not request.wants_websocket:
                await http.reply(self._http.answer(request))
            elif socket := await http.upgrade(request):
                await self._converse(socket, split_endpoint(request.path)[0])
                return

    async def _converse(self, socket: ServerSocket, endpoint: str) -> None:
        session = self._venue.open_session(endpoint)
        self._clients.append(_Client(session, socket.stream))
        while frames := await socket.receive():
            for frame in frames:
                session.receive(frame, EPOCH_NS)
            for one in session.take():
                await socket.send(one.frame)

    def _make(self) -> list[tuple[_Client, bytes]]:
        """The frames of all clients, in order, as they go onto the socket."""
        made: list[tuple[_Client, bytes]] = []
        now_ns = EPOCH_NS
        while len(made) < self._frames:
            now_ns += STEP_NS
            self._venue.step(now_ns)
            for client in self._clients:
                made += [(client, _wire(one.frame)) for one in client.session.take()]
        return made[: self._frames]

    async def _send_at_once(self, made: Sequence[tuple[_Client, bytes]]) -> None:
        for client in self._clients:
            data = b"".join(wire for to, wire in made if to is client)
            for start in range(0, len(data), CHUNK_BYTES):
                await client.stream.send_all(data[start : start + CHUNK_BYTES])

    async def _send_steadily(self, made: Sequence[tuple[_Client, bytes]]) -> None:
        """Each frame at its time, whether or not the client has taken those before."""
        started_s = trio.current_time()
        for number, (client, wire) in enumerate(made):
            due_s = started_s + number / self._rate
            if due_s > trio.current_time():
                await trio.sleep_until(due_s)
            await client.stream.send_all(wire)


def _wire(frame: Frame) -> bytes:
    """A frame as a server's unmasked WebSocket message."""
    opcode, payload = (1, frame.encode()) if isinstance(frame, str) else (2, frame)
    size = len(payload)
    if size < 126:
        return bytes([0x80 | opcode, size]) + payload
    if size < 1 << 16:
        return bytes([0x80 | opcode, 126]) + size.to_bytes(2, "big") + payload
    return bytes([0x80 | opcode, 127]) + size.to_bytes(8, "big") + payload


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    venue, frames, rate, *symbols = sys.argv[1:]
    trio.run(_Server(make_sandbox(venue, symbols), int(frames), float(rate)).run)
