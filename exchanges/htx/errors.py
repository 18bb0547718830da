"""HTX's errors, by code or by words; they come with HTTP 200 as well.

Source: error tables of the spot and linear swap API documentation (June 2021). One kind of error
has names of its own on each surface: text with hyphens on spot, numbers on swaps.
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
from exchanges.htx.listing import ErrorBody
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody)
_TOO_MANY_SWAPS: Final = "1032"
_SWAP_WINDOW_S: Final = 3.0
_SUCCESS: Final = frozenset({None, 200, "200"})


def _reads(response: Response) -> Complaint | None:
    if not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    if body.status != "error" and body.code in _SUCCESS:
        return None
    own = body.err_code or body.number or body.code
    code = "" if own is None else str(own)
    text = body.err_msg or body.words or body.message
    return Complaint(code, text, retry_s=_SWAP_WINDOW_S if code == _TOO_MANY_SWAPS else None)


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        "base-symbol-error": InvalidSymbol,
        "1013": InvalidSymbol,
        "1066": InvalidSymbol,
        "2011": InvalidSymbol,
        "1014": InvalidSymbol,
        "2000": PermissionDenied,  # of sockets, as 2002 and 2011
        "2002": AuthenticationError,
        "base-operation-forbidden": PermissionDenied,
        "1010": PermissionDenied,
        "1220": PermissionDenied,
        "base-symbol-trade-disabled": TradingDisabled,
        "1056": TradingDisabled,
        "gateway-internal-error": VenueUnavailable,
        "base-system-error": VenueUnavailable,
        "timeout": VenueUnavailable,
        "system-maintenance": VenueUnavailable,
        "order-update-error": VenueUnavailable,  # nobody knows what became of the order
        "500": VenueUnavailable,
        "base-request-exceed-frequency-limit": RateLimited,
        "rate-too-many-requests": RateLimited,
        "1032": RateLimited,
    },
    # One code stands for all bad requests; the words tell them apart.
    words={
        "too many request": RateLimited,
        "request limit": RateLimited,
        "invalid symbol": InvalidSymbol,  # swaps write it with two blanks
        ".symbol ": InvalidSymbol,  # "invalid mbp.150.symbol xyz", of sockets
        "contract_code data error or empty": InvalidSymbol,
        "too many connection": RateLimited,
        "trade not open now": TradingDisabled,
        "maintain": VenueUnavailable,
    },
    retry_s=1.0,  # the limits are per second, and no Retry-After is sent
)
