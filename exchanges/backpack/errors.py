"""Backpack's errors, some of which are plain text.

Source: API document (copy of August 2026) and wire probes of September 2026.
"""

from typing import Final

import msgspec

from exchanges.backpack.listing import ErrorBody
from exchanges.errors import (
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody)
_NO_CONTENT: Final = 204
# Of a code that stands for all sorts of mistakes.
_UNKNOWN_MARKET: Final = "invalid market symbol"


def _reads(response: Response) -> Complaint | None:
    """A market without trades has no statistics at all."""
    if response.status == _NO_CONTENT:
        return Complaint("204", "nothing to tell", ExchangeError)
    if response.status < 400 or not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    is_unknown = body.message.lower() == _UNKNOWN_MARKET
    return Complaint(body.code, body.message, InvalidSymbol if is_unknown else None)


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        "INVALID_MARKET": InvalidSymbol,
        "INVALID_SYMBOL": InvalidSymbol,
        "INVALID_ASSET": InvalidSymbol,
        "FORBIDDEN": PermissionDenied,
        "TRADING_PAUSED": TradingDisabled,
        "MAINTENANCE": VenueUnavailable,
        "SERVER_ERROR": VenueUnavailable,
        "TIMEOUT": VenueUnavailable,
        "TOO_MANY_REQUESTS": RateLimited,
    },
)
