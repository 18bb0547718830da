"""URLs of a configuration: what is wrong with one, and what would be right."""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from exchanges.venue import PRODUCTION, Venue
from supervisor.settings.reader import suggest

_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_MOST_HOST: Final = 253
_STREAM: Final = ("ws", "wss")
_REST: Final = ("http", "https")
_PROXY: Final = ("http", "socks4", "socks5")


def where_problems(venue: Venue, environment: str, own: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with an environment of a venue, and with URLs in place of its own."""
    if environment not in venue.endpoints:
        known = suggest(environment, dict(venue.endpoints))
        yield f"environment: {environment!r} is none of the venue's; {known}"
    endpoints = venue.endpoints.get(environment, venue.endpoints[PRODUCTION])
    for name, url in own.items():
        if name not in endpoints:
            yield f"endpoints.{name}: no such endpoint; {suggest(name, dict(endpoints))}"
        else:
            is_stream = endpoints[name].startswith("ws")
            for problem in _endpoint_problems(url, is_stream=is_stream):
                yield f"endpoints.{name}: {problem}"


def _endpoint_problems(url: str, *, is_stream: bool) -> Iterator[str]:
    """What is wrong with the URL of an endpoint, to which paths are added if it is no stream."""
    schemes = _STREAM if is_stream else _REST
    parts = _parts(url, schemes)
    if parts is None:
        yield f"{url!r} is not {_article(schemes)} URL"
        return
    yield from _host_problems(parts)
    if "@" in parts.netloc:
        yield f"{url!r} has a user name, which no venue takes"
    if "#" in url or (not is_stream and "?" in url):
        yield f"{url!r} must end with its path: nothing after ? or #"
    if not is_stream and url.endswith("/"):
        yield f"{url!r} must not end in /: paths that begin with one are added"


def proxy_problems(url: str) -> Iterator[str]:
    """What is wrong with the URL of a proxy."""
    parts = _parts(url, _PROXY)
    if parts is None:
        yield f"{url!r} is not a URL that begins with one of {', '.join(_PROXY)}"
        return
    yield from _host_problems(parts)
    if parts.port is None:
        yield f"{url!r} has no port; write it behind the host, as in http://host:3128"
    if find_spec("python_socks") is None:
        yield "a proxy needs an extra: pip install 'arbitrio[proxy]'"


def _parts(url: str, schemes: tuple[str, ...]) -> SplitResult | None:
    """The parts of a URL of one of the schemes, if it is one with a host and a real port."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port, or no address
        return None
    return parts if is_one else None


def _host_problems(parts: SplitResult) -> Iterator[str]:
    host = parts.hostname or ""
    if ":" in host:
        try:
            ip_address(host)
        except ValueError:
            yield f"{host!r} is no IPv6 address"
        return
    labels = host.removesuffix(".").split(".")
    if len(host) > _MOST_HOST or not all(map(_LABEL.fullmatch, labels)):
        yield f"{host!r} is no host name: up to 63 letters, digits and - between dots"


def _article(schemes: tuple[str, ...]) -> str:
    return f"{'an' if schemes is _REST else 'a'} " + " or ".join(f"{one}://" for one in schemes)
