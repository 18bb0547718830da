"""Requests as a sandbox venue receives them, and how replies and frames are printed."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, TypeVar

import msgspec

from exchanges.market.numbers import NS_PER_MS

T = TypeVar("T")

_MOST_DIGITS: Final = 18
_MOST_ROWS: Final = 1000


class Trouble(Enum):
    """Why a request is not answered."""

    UNKNOWN_MARKET = auto()
    BAD_PARAMETER = auto()  # a value that cannot be read
    NO_SUCH_PATH = auto()
    TOO_MANY = auto()  # requests of this client

    @property
    def status(self) -> int:
        """The status that HTTP has for it."""
        return _STATUS.get(self, 400)


_STATUS: Final = {Trouble.NO_SUCH_PATH: 404, Trouble.TOO_MANY: 429}


class NoSuchMarket(Exception):
    """The request is about a market that is not traded here."""


class BadParameter(Exception):
    """A value of the query cannot be read; `name` is the parameter's."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"Parameter {name} error")


class Refusal(Exception):
    """The venue refuses in words of its own."""

    def __init__(self, reply: "SandboxReply") -> None:
        self.reply = reply
        super().__init__(reply.body)


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
        """A whole number of the query that is not negative.

        Raises:
            BadParameter: it is anything else.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
            raise BadParameter(name)
        return int(text)

    def rows(self, name: str, default: int) -> int:
        """How many rows are asked for, at most a thousand; for what is made up on demand.

        Raises:
            BadParameter: see `integer`.
        """
        return min(self.integer(name, default), _MOST_ROWS)

    def choice(self, name: str, values: Mapping[str, T], default: str = "") -> T:
        """What a word of the query stands for.

        Raises:
            BadParameter: it is none of them.
        """
        word = self.query.get(name, default)
        if word not in values:
            raise BadParameter(name)
        return values[word]


class SandboxReply(msgspec.Struct, frozen=True, kw_only=True):
    """What answers it."""

    status: int = 200
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] = {}) -> SandboxReply:
    """A reply with a JSON body."""
    reply = SandboxReply(status=status, body=msgspec.json.encode(value))
    return msgspec.structs.replace(reply, headers=(*reply.headers, *headers.items()))


def status_reply(trouble: Trouble, value: object) -> SandboxReply:
    """An error that HTTP's own status tells, with how long to stay away from a busy venue."""
    headers = {"retry-after": "1"} if trouble is Trouble.TOO_MANY else {}
    return json_reply(value, trouble.status, headers)


def ms(at_ns: int) -> int:
    """Milliseconds, as most venues stamp."""
    return at_ns // NS_PER_MS


def json_text(value: object) -> str:
    """A JSON text frame."""
    return msgspec.json.encode(value).decode()
