"""How API v4 tells errors: by labels.

Source: the error labels of the API v4 documentation (stored copies of 2025).
"""

from typing import Final

import msgspec

from exchanges.dialects.gate_v4.listing import ErrorBody
from exchanges.errors import (
    AuthenticationError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

WINDOW_S: Final = 10.0
"""Requests are limited within windows of so long."""

_BODY: Final = msgspec.json.Decoder(ErrorBody)


def _reads(response: Response) -> Complaint | None:
    if response.status < 400 or not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    return Complaint(body.label, body.message or body.detail)


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        "INVALID_CURRENCY_PAIR": InvalidSymbol,
        "INVALID_CURRENCY": InvalidSymbol,
        "CONTRACT_NOT_FOUND": InvalidSymbol,
        "IP_FORBIDDEN": PermissionDenied,
        "FORBIDDEN": PermissionDenied,
        "TRADE_RESTRICTED": TradingDisabled,
        "INTERNAL": VenueUnavailable,
        "SERVER_ERROR": VenueUnavailable,
        "TOO_BUSY": VenueUnavailable,
        "TOO_MANY_REQUESTS": RateLimited,
        "TOO_FAST": RateLimited,
        # Of sockets, whose code 2 is that of all bad arguments.
        "3": VenueUnavailable,
        "4": AuthenticationError,
    },
    starts={"unknown currency pair": InvalidSymbol, "unknown contract": InvalidSymbol},
    retry_s=WINDOW_S,  # no Retry-After is sent; a window later the venue has forgotten
)
