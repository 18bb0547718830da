"""Paradex's errors, by name.

Source: official OpenAPI document (August 2026).
"""

from typing import Final

import msgspec

from exchanges.errors import (
    AuthenticationError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.paradex.listing import ErrorBody
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody)


def _reads(response: Response) -> Complaint | None:
    body = _BODY.decode(response.body)
    return Complaint(body.error, body.message or "") if body.error else None


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        "INVALID_SYMBOL": InvalidSymbol,
        "MARKET_NOT_FOUND": InvalidSymbol,
        "MARKET_NOT_OPEN": TradingDisabled,
        "SYSTEM_STATUS_POST_ONLY": TradingDisabled,
        "SYSTEM_STATUS_CANCEL_ONLY": TradingDisabled,
        "GEO_IP_BLOCK": PermissionDenied,
        "IP_NOT_ALLOWED": PermissionDenied,
        "REQUEST_NOT_ALLOWED": PermissionDenied,
        "NO_ACCESS_TO_MARKET": PermissionDenied,
        "NOT_ONBOARDED": AuthenticationError,
        "INVALID_TOKEN": AuthenticationError,
        "UNAUTHORIZED_ERROR": AuthenticationError,
        "INVALID_TIMESTAMP": TimestampError,
        "SERVICE_UNAVAILABLE": VenueUnavailable,
        "INTERNAL_ERROR": VenueUnavailable,
        # Of sockets.
        **dict.fromkeys(("40110", "40111", "40300"), AuthenticationError),
        "40112": PermissionDenied,
        "42901": RateLimited,
        "-32603": VenueUnavailable,
    },
    # A socket's code for this is that of all bad requests; we ask for no channel that there is not.
    words={"invalid channel": InvalidSymbol},
)
