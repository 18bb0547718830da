"""Requests over an injected network, by `httpx2`: bytes out as they are, a whole reply back."""

from collections.abc import Sequence
from contextlib import aclosing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.parse import urlsplit

import httpx2

from actors.edges.version import version
from actors.network.network import Network
from actors.network.transport import NetworkTransport

# An instrument list of the largest venue is some 15 MB; what is far larger is a mistake.
MAX_BODY_BYTES: Final = 64 << 20


class BodyTooLarge(Exception):
    """A response body is larger than any that a venue has reason to send."""


class HttpReply:
    """Status, headers (lower-case names) and the whole body, decompressed."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def open_client(network: Network, connections: int) -> httpx2.AsyncClient:
    """A client on kept-alive connections; use it as an async context manager.

    The network is all it uses: no proxy, certificate or password of the environment. It follows
    no redirect, keeps no cookie, and sets no time-out.
    """
    return httpx2.AsyncClient(
        transport=NetworkTransport(network, connections),
        trust_env=False,
        timeout=None,
        headers={"user-agent": f"arbitrio/{version()}"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


async def fetch(
    client: httpx2.AsyncClient,
    method: str,
    url: str,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
) -> HttpReply:
    """Send one request and read its whole reply. What follows the host of `url` is sent as it is.

    Raises:
        OSError: the host could not be reached, or is none; the connection broke, or what came is
            no HTTP.
        BodyTooLarge: the body passes `MAX_BODY_BYTES`, decompressed.
    """
    try:
        async with client.stream(
            method,
            url,
            headers=list(headers),
            content=body or None,
            # A signature is made of these very bytes: the client must not write them its own way.
            extensions={"target": _target(url)},
        ) as response:
            body = await _read(response, url)
            return HttpReply(response.status_code, dict(response.headers), body)
    except (
        httpx2.TransportError,
        httpx2.DecodingError,
        httpx2.InvalidURL,
        ValueError,  # no URL, or one whose host or path is not ASCII
    ) as error:
        raise OSError(str(error) or repr(error)) from error


async def _read(response: httpx2.Response, url: str) -> bytes:
    parts, size = [], 0
    # The client inflates in small pieces, so that little data cannot become much at once.
    async with aclosing(response.aiter_bytes()) as chunks:
        async for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise BodyTooLarge(f"more than {MAX_BODY_BYTES >> 20} MiB from {url}")
    return b"".join(parts)


def _target(url: str) -> bytes:
    """What stands behind the host, as it stands there."""
    host = urlsplit(url).netloc
    return (url.partition("//")[2][len(host) :] or "/").encode("ascii")
