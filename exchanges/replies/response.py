"""A reply to a request, or to a handshake, as it came."""

from collections.abc import Mapping

import msgspec


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: header names are lower case, `received_ns` is our clock."""

    status: int
    body: bytes
    received_ns: int
    headers: Mapping[str, str] = {}
