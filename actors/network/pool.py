"""HTTP connections over an injected network: the library's pool on our streams."""

import ssl
import zlib
from collections.abc import Callable, Iterable
from contextlib import aclosing
from typing import Any, Final

import httpcore2
import trio

from actors.network.network import Network

# An instrument list of the largest venue is some 15 MB; what is far larger is a mistake.
MAX_BODY_BYTES: Final = 64 << 20


class BodyTooLarge(Exception):
    """A response body is larger than any that a venue has reason to send."""


class _PoolStream(httpcore2.AsyncNetworkStream):
    """A trio stream as the pool wants it. Time-outs are the caller's, not the pool's."""

    def __init__(self, network: Network, stream: trio.abc.Stream) -> None:
        self._network = network
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return bytes(await self._stream.receive_some(max_bytes))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore2.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            await self._stream.send_all(buffer)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore2.WriteError(str(error)) from error

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            secured = await self._network.secure(self._stream, server_hostname or "")
        except OSError as error:
            await self.aclose()
            raise httpcore2.ConnectError(str(error)) from error
        return _PoolStream(self._network, secured)

    def get_extra_info(self, info: str) -> Any:
        # The pool asks whether the venue has closed an idle connection meanwhile.
        return _is_readable(self._stream) if info == "is_readable" else None


class _PoolBackend(httpcore2.AsyncNetworkBackend):
    def __init__(self, network: Network) -> None:
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return _PoolStream(self._network, await self._network.connect(host, port))
        except OSError as error:
            raise httpcore2.ConnectError(str(error) or repr(error)) from error

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


class HttpReply:
    """Status, headers (lower-case names) and the whole body, decompressed."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def open_pool(network: Network, connections: int) -> httpcore2.AsyncConnectionPool:
    """A pool of kept-alive connections; use it as an async context manager."""
    return httpcore2.AsyncConnectionPool(
        max_connections=connections, network_backend=_PoolBackend(network)
    )


async def fetch(
    pool: httpcore2.AsyncConnectionPool,
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
) -> HttpReply:
    """Send one request and read its whole reply.

    Raises:
        OSError: the host could not be reached or the connection broke.
        BodyTooLarge: the body passes `MAX_BODY_BYTES`.
    """
    try:
        async with pool.stream(
            method,
            url,
            headers=[("accept-encoding", "gzip"), *headers.items()],
            content=body or None,
        ) as response:
            names = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in response.headers
            }
            inflate = _inflater(names.get("content-encoding", ""))
            parts, size = [], 0
            async with aclosing(response.aiter_stream()) as chunks:
                async for chunk in chunks:
                    parts.append(inflate(chunk))
                    size += len(parts[-1])
                    if size > MAX_BODY_BYTES:
                        raise BodyTooLarge(f"more than {MAX_BODY_BYTES >> 20} MiB from {url}")
            return HttpReply(response.status, names, b"".join(parts))
    except (httpcore2.NetworkError, httpcore2.ProtocolError, zlib.error) as error:
        raise OSError(str(error) or repr(error)) from error


def _inflater(encoding: str) -> Callable[[bytes], bytes]:
    if encoding != "gzip":
        return lambda chunk: chunk
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    # One byte above the limit shows that it is passed.
    return lambda chunk: inflate.decompress(chunk, MAX_BODY_BYTES + 1)


def _is_readable(stream: trio.abc.Stream) -> bool:
    """Whether something waits to be read, as far as can be told without reading."""
    while isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    return isinstance(stream, trio.SocketStream) and stream.socket.is_readable()
