"""HTTP connections over an injected network: a transport for `httpx2` clients.

async with httpx2.AsyncClient(transport=NetworkTransport(network)) as client:
    response = await client.get("https://venue.example/time")

The library's pool keeps the connections; the streams below it are the network's. Time-outs are
the caller's cancel scopes: those of the client have no effect here.
"""

import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import aclosing, contextmanager
from types import TracebackType
from typing import Any, Final, Self

import httpcore2
import httpx2
import trio

from actors.network.network import Network

CONNECTIONS: Final = 10


class NetworkTransport(httpx2.AsyncBaseTransport):
    """Sends requests over `network`, on at most `connections` kept-alive connections at once.

    Raises:
        httpx2.TransportError: the host could not be reached, or the connection broke.
    """

    def __init__(self, network: Network, connections: int = CONNECTIONS) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            max_connections=connections,
            network_backend=_Backend(network),
            # TLS is the network's. The pool would load the machine's certificates for each
            # connection, on the loop, to hand them to streams that do not look at them.
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        with _library_errors():
            response = await self._pool.handle_async_request(
                httpcore2.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx2.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._pool.__aexit__(exc_type, exc_value, traceback)


class _Body(httpx2.AsyncByteStream):
    """The body of a response as it comes from the pool."""

    def __init__(self, response: httpcore2.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _library_errors():
            async with aclosing(self._response.aiter_stream()) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _library_errors() -> Iterator[None]:
    """Errors of the pool as those of the client, which bear the same names."""
    try:
        yield
    except (
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        kind: type[httpx2.TransportError] = getattr(httpx2, type(error).__name__)
        raise kind(str(error) or repr(error)) from error


class _Stream(httpcore2.AsyncNetworkStream):
    """A trio stream as the pool wants it."""

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
        return _Stream(self._network, secured)

    def get_extra_info(self, info: str) -> Any:
        # The pool asks whether the venue has closed an idle connection meanwhile.
        return _is_readable(self._stream) if info == "is_readable" else None


class _Backend(httpcore2.AsyncNetworkBackend):
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
            return _Stream(self._network, await self._network.connect(host, port))
        except OSError as error:
            raise httpcore2.ConnectError(str(error) or repr(error)) from error

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


def _is_readable(stream: trio.abc.Stream) -> bool:
    """Whether something waits to be read, as far as can be told without reading."""
    while isinstance(stream, trio.SSLStream):
        stream = stream.transport_stream
    return isinstance(stream, trio.SocketStream) and stream.socket.is_readable()
