"""The network as something injected: real sockets, or venues in the same process.

Everything that connects, WebSocket and HTTP alike, goes through one `Network`, so that a whole
system can run against simulated venues without a socket.
"""

import ssl
import threading
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import import_module
from typing import Final, Protocol

import trio
from trio.testing import memory_stream_pair

from actors.edges.secrets import redacted


class Network(Protocol):
    """How to reach a host. Both methods raise `OSError` when it cannot be reached."""

    @property
    def is_virtual(self) -> bool:
        """Whether all hosts are in this process, so that time may be virtual."""
        ...

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        """An open byte stream to `host`."""
        ...

    async def secure(self, stream: trio.abc.Stream, host: str) -> trio.abc.Stream:
        """The same stream under TLS, the certificate checked against `host`."""
        ...


_read_certificates = cache(ssl.create_default_context)
_reading = threading.Lock()


def _machine_tls() -> ssl.SSLContext:
    """Trust in the certificates of the machine; to be called in a thread.

    Reading them takes up to 140 ms, and the loop carries the books of all venues. It is done once
    for all of them, when first needed: whoever asks meanwhile waits.
    """
    with _reading:
        return _read_certificates()


class SocketNetwork:
    """TCP and TLS, directly or through a proxy (`http://` or `socks5://` URL).

    Certificates are checked against those of the machine, unless `tls` knows others.

    Attributes:
        proxy: its URL, "" without one; whoever has the same one comes from the same address.
    """

    is_virtual: Final = False

    def __init__(self, proxy: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.proxy = proxy
        self._tls = tls

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        if not self.proxy:
            try:
                return await trio.open_tcp_stream(host, port)
            except UnicodeError as error:  # of the encoding of names; a label may be too long
                raise OSError(f"{host!r} is no host name: {error}") from error
        # The extra is only needed by those who are behind a proxy, and takes 50 ms to import.
        await trio.to_thread.run_sync(import_module, "python_socks.async_.trio")
        from python_socks import ProxyError
        from python_socks.async_.trio import Proxy

        try:
            sock = await Proxy.from_url(self.proxy).connect(dest_host=host, dest_port=port)
        except (ProxyError, ValueError) as error:  # no URL of a proxy, or an odd host
            text = redacted(f"proxy cannot reach {host}:{port}: {error}")
            raise OSError(text) from error
        return trio.SocketStream(sock)

    async def secure(self, stream: trio.abc.Stream, host: str) -> trio.abc.Stream:
        tls = self._tls
        if tls is None:
            tls = await trio.to_thread.run_sync(_machine_tls)
        try:
            secured = trio.SSLStream(stream, tls, server_hostname=host, https_compatible=True)
            await secured.do_handshake()
        except ValueError as error:  # a name that is none
            raise OSError(f"TLS with {host!r} failed: {error}") from error
        except trio.BrokenResourceError as error:
            raise OSError(f"TLS with {host} failed: {error.__cause__ or error}") from error
        return secured


class MemoryNetwork:
    """Hosts that are handlers in this process; each connection runs one in the given nursery.

    TLS is left out: there is nobody to hide from.
    """

    is_virtual: Final = True

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._handlers: dict[str, Callable[[trio.abc.Stream], Awaitable[None]]] = {}

    def listen(self, host: str, handler: Callable[[trio.abc.Stream], Awaitable[None]]) -> None:
        """Let connections to `host`, on any port, run `handler`."""
        self._handlers[host] = handler

    def hang_up(self, host: str) -> None:
        """Refuse connections to `host` from now on; those that are open stay."""
        self._handlers.pop(host, None)

    async def connect(self, host: str, port: int) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        handler = self._handlers.get(host)
        if handler is None:
            raise ConnectionRefusedError(f"nobody listens on {host}:{port}")
        ours, theirs = memory_stream_pair()
        self._nursery.start_soon(handler, theirs, name=f"server of {host}")
        return ours

    async def secure(self, stream: trio.abc.Stream, host: str) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        return stream
