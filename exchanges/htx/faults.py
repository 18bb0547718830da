"""HTX's errors, by code or by words.

Source: error tables of the spot and linear swap API documentation (June 2021). One kind of error
has names of its own on each surface: text with hyphens on spot, numbers on swaps.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from exchanges.errors import (
    SAMPLE_BYTES,
    ExchangeError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.htx.listing import ErrorBody
from exchanges.rest.request import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody)

_ERRORS: Final[Mapping[str, type[ExchangeError]]] = {
    "base-symbol-error": InvalidSymbol,
    "1013": InvalidSymbol,
    "1066": InvalidSymbol,
    "2011": InvalidSymbol,
    "base-operation-forbidden": PermissionDenied,
    "1010": PermissionDenied,
    "1220": PermissionDenied,
    "base-symbol-trade-disabled": TradingDisabled,
    "1056": TradingDisabled,
    "gateway-internal-error": VenueUnavailable,
    "base-system-error": VenueUnavailable,
    "timeout": VenueUnavailable,
    "system-maintenance": VenueUnavailable,
    "500": VenueUnavailable,
    "base-request-exceed-frequency-limit": RateLimited,
    "rate-too-many-requests": RateLimited,
}
# One code stands for all bad requests; the words tell them apart.
_WORDS: Final[Mapping[str, type[ExchangeError]]] = {
    "too many request": RateLimited,
    "request limit": RateLimited,
    "invalid symbol": InvalidSymbol,
    "trade not open now": TradingDisabled,
    "maintain": VenueUnavailable,
}
_SUCCESS: Final = frozenset({None, 200, "200"})


def error_of(
    response: Response, venue: str, asked: str, retry_after_s: float
) -> ExchangeError | None:
    """What the response says went wrong, or None; errors come with HTTP 200 as well."""
    if not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    if body.status != "error" and body.code in _SUCCESS:
        return None
    own = body.err_code or body.number or body.code
    code = str("" if own is None else own)[:SAMPLE_BYTES]
    message = (body.err_msg or body.words or body.message)[:SAMPLE_BYTES]
    by_words = (error for words, error in _WORDS.items() if words in message.lower())
    error = _ERRORS.get(code) or next(by_words, ExchangeError)
    if error is RateLimited:
        return RateLimited(
            message, venue=venue, code=code, asked=asked, retry_after_s=retry_after_s
        )
    return error(message, venue=venue, code=code, asked=asked)
