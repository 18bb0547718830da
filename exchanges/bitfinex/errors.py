"""Bitfinex's errors: arrays of the engine, mostly with HTTP 500, or objects of what is before.

Source: docs.bitfinex.com, v2 REST (2026).
"""

from typing import Final

import msgspec

from exchanges.bitfinex.listing import ErrorBody, ErrorRow
from exchanges.errors import (
    AuthenticationError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

_ROW: Final = msgspec.json.Decoder(ErrorRow)
_BODY: Final = msgspec.json.Decoder(ErrorBody)


def _reads(response: Response) -> Complaint | None:
    if response.body.startswith(b"{"):
        body = _BODY.decode(response.body)
        return Complaint(body.error, body.error_description or body.error)
    if response.body.startswith(b'["error"'):
        row = _ROW.decode(response.body)
        return Complaint(row.text if row.code is None else str(row.code), row.text)
    return None


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        "10000": VenueUnavailable,
        "10100": AuthenticationError,
        "10111": AuthenticationError,
        "10112": AuthenticationError,
        "10113": AuthenticationError,
        "10114": TimestampError,
        "10200": PermissionDenied,
        "10302": InvalidSymbol,
        "20051": VenueUnavailable,
        "20060": TradingDisabled,
        "10008": RateLimited,
        "11010": RateLimited,
        "ERR_RATE_LIMIT": RateLimited,
        "temporarily_unavailable": VenueUnavailable,
    },
    starts={"symbol: invalid": InvalidSymbol, "Unknown symbol": InvalidSymbol},
    # An address that asks too often is shut out for ten to sixty seconds.
    retry_s=60.0,
)
