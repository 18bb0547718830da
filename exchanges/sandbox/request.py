"""Requests as a sandbox venue receives them, and how replies and frames are printed."""

from collections.abc import Callable, Mapping

import msgspec

from exchanges.market.numbers import NS_PER_MS


class SandboxRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request to one of the venue's endpoints.

    `path` and `query` are decoded, names of `headers` are in lower case.
    """

    endpoint: str
    method: str
    path: str
    query: Mapping[str, str]
    now_ns: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def integer(self, name: str, default: int) -> int:
        """A number of the query; what cannot be read as one is the default."""
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() else default


class SandboxReply(msgspec.Struct, frozen=True, kw_only=True):
    """What answers it."""

    status: int = 200
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


Answer = Callable[[SandboxRequest], SandboxReply]


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] = {}) -> SandboxReply:
    """A reply with a JSON body."""
    reply = SandboxReply(status=status, body=msgspec.json.encode(value))
    return msgspec.structs.replace(reply, headers=(*reply.headers, *headers.items()))


def ms(at_ns: int) -> int:
    """Milliseconds, as most venues stamp."""
    return at_ns // NS_PER_MS


def json_text(value: object) -> str:
    """A JSON text frame."""
    return msgspec.json.encode(value).decode()
