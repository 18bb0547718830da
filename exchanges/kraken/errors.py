"""Kraken's errors, which come with HTTP 200 and are told apart by how their text begins.

Source: docs.kraken.com, spot REST (2025, 2026).
"""

from typing import Final

import msgspec

from exchanges.errors import (
    AuthenticationError,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.kraken.listing import ErrorBody
from exchanges.market.numbers import NS_PER_S
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody)
_WARNING: Final = "W"
_RETRY_S: Final = 5.0  # counters of calls fall by one in three seconds at worst
_THROTTLED: Final = "EService:Throttled"  # with the time from which on it may be tried again
_LONGEST_THROTTLE_S: Final = 3600.0
_LOCKOUT: Final = "EGeneral:Temporary lockout"
_LOCKOUT_S: Final = 900.0


def _reads(response: Response) -> Complaint | None:
    if not response.body.startswith(b"{"):
        return None
    texts = [text for text in _BODY.decode(response.body).error if not text.startswith(_WARNING)]
    if not texts:
        return None
    code, _, _ = texts[0].partition(":")
    is_ban = texts[0].startswith(_LOCKOUT)
    return Complaint(code, ", ".join(texts), retry_s=_wait_s(texts[0], response), is_ban=is_ban)


def _wait_s(text: str, response: Response) -> float | None:
    """How long to stay away, if the text says so."""
    if text.startswith(_LOCKOUT):
        return _LOCKOUT_S
    if not text.startswith(_THROTTLED):
        return None
    until = text.removeprefix(_THROTTLED).strip(": ")
    if not until.isdecimal() or len(until) > len(str(response.received_ns)):
        return _RETRY_S
    wait_s = int(until) - response.received_ns / NS_PER_S
    return min(max(wait_s, _RETRY_S), _LONGEST_THROTTLE_S)


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={},
    starts={
        "EQuery:Unknown asset": InvalidSymbol,
        "EQuery:Invalid asset pair": InvalidSymbol,
        "Currency pair not supported": InvalidSymbol,  # of sockets
        "Exceeded msg rate": RateLimited,  # of sockets
        "EService:Market in ": TradingDisabled,
        "EService:": VenueUnavailable,
        "EService:Deadline elapsed": ExchangeError,  # the order was not placed
        "EGeneral:Internal error": VenueUnavailable,
        "EDatabase:Internal error": VenueUnavailable,
        "EGeneral:Permission denied": PermissionDenied,
        "EAccount:Invalid permissions": PermissionDenied,
        "EAPI:Invalid": AuthenticationError,
        "EAPI:Invalid nonce": TimestampError,
        "EAuth:": AuthenticationError,
        "ESession:Invalid session": AuthenticationError,
        "ETrade:User Locked": AuthenticationError,
        "EGeneral:Too many requests": RateLimited,
        "EAPI:Rate limit exceeded": RateLimited,
        "EAuth:Rate limit exceeded": RateLimited,
        "EAuth:Too many requests": RateLimited,
        "EBM:limit exceeded": RateLimited,
        "EOrder:Rate limit exceeded": RateLimited,
        "EOrder:Domain rate limit exceeded": RateLimited,
        _THROTTLED: RateLimited,
        _LOCKOUT: RateLimited,
    },
    retry_s=_RETRY_S,
)
