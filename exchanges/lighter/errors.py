"""Lighter's errors.

Source: official REST document (July 2026).
"""

from typing import Final

import msgspec

from exchanges.errors import (
    AuthenticationError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.lighter.listing import ErrorBody
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody, strict=False)
_GOOD: Final = 200


def _reads(response: Response) -> Complaint | None:
    body = _BODY.decode(response.body)
    return None if body.code == _GOOD else Complaint(str(body.code), body.message or "")


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        "20001": AuthenticationError,
        "21515": PermissionDenied,
        "21511": PermissionDenied,
        "21602": InvalidSymbol,
        "21621": InvalidSymbol,
        "30005": InvalidSymbol,  # "Invalid Channel", of sockets: its market is the part that varies
        "21605": TradingDisabled,
        "29500": VenueUnavailable,
        "29501": VenueUnavailable,
        **{str(code): RateLimited for code in (*range(23000, 23005), 30009, 30010)},
    },
    retry_s=60.0,  # there is no Retry-After, and limits are those of a minute
)
