"""Coinbase's errors, which come as a list, or as one.

Source: Advanced Trade REST documentation (November 2026).
"""

from typing import Final

import msgspec

from exchanges.coinbase.listing import ErrorBody
from exchanges.errors import (
    AuthenticationError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    VenueUnavailable,
)
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody)
_UNAUTHORIZED: Final = 401
_EXPIRED: Final = "timestamp expired"


def _reads(response: Response) -> Complaint | None:
    if response.status < 400:
        return None
    body = _BODY.decode(response.body)
    code, text = body.error, body.message
    if body.errors:
        code, text = body.errors[0].id, body.errors[0].message
    if _EXPIRED in text:
        return Complaint(code, text, TimestampError)
    if response.status == _UNAUTHORIZED:
        return Complaint(code, text, AuthenticationError)
    return Complaint(code, text, _CODES.get(code.upper()))


_CODES: Final = {
    "INVALID_PRODUCT_ID": InvalidSymbol,
    "INELIGIBLE_PAIR": InvalidSymbol,
    "NOT_FOUND": InvalidSymbol,
    "PERMISSION_DENIED": PermissionDenied,
    "GEOFENCING_RESTRICTION": PermissionDenied,
    "AUTHENTICATION_ERROR": AuthenticationError,
    "INVALID_TOKEN": AuthenticationError,
    "EXPIRED_TOKEN": AuthenticationError,
    "REVOKED_TOKEN": AuthenticationError,
    "INTERNAL_SERVER_ERROR": VenueUnavailable,
    "RATE_LIMIT_EXCEEDED": RateLimited,
    "RESOURCE_EXHAUSTED": RateLimited,
}

ERRORS: Final = ErrorTable(
    reads=_reads,
    codes=_CODES,
    # Sockets tell no code.
    words={
        "product not found": InvalidSymbol,
        "authentication failure": AuthenticationError,
        "rate limit": RateLimited,
    },
)
