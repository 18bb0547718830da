"""KuCoin's errors, which come with HTTP 200 as well.

Source: errors and rate limits of the "Classic" REST documentation (2026).
"""

from typing import Final

import msgspec

from exchanges.errors import (
    UNREADABLE,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.kucoin.listing import ErrorBody
from exchanges.market.numbers import optional
from exchanges.replies.errors import FORBIDDEN, Complaint, ErrorTable
from exchanges.replies.response import Response

WINDOW_S: Final = 30.0
"""The budget of an address is full again after so long."""

_BODY: Final = msgspec.json.Decoder(ErrorBody)
_SUCCESS: Final = "200000"
# One code is used for all bad parameters; the words tell an unknown market.
_BAD_PARAMETER: Final = "400100"
_UNKNOWN_PAIR: Final = "Unsupported trading pair"
_TOO_MANY: Final = frozenset({"429000", "429", "1015", "200002"})
# Of the edge before the venue: an address that asks too often is shut out for some minutes.
_SHUT_OUT: Final = "1015"
_SHUT_OUT_S: Final = 300.0


def _reads(response: Response) -> Complaint | None:
    if response.status == FORBIDDEN and _SHUT_OUT.encode() in response.body:
        return Complaint(_SHUT_OUT, "too many requests", RateLimited, _SHUT_OUT_S, is_ban=True)
    if response.status == 429:
        return Complaint("429", "HTTP 429", RateLimited, _retry_after_s(response))
    if not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    if body.code == _SUCCESS:
        return None
    if body.code in _TOO_MANY:
        return Complaint(body.code, body.msg, RateLimited, _retry_after_s(response))
    is_unknown = body.code == _BAD_PARAMETER and _UNKNOWN_PAIR in body.msg
    return Complaint(body.code, body.msg, InvalidSymbol if is_unknown else None)


def _retry_after_s(response: Response) -> float | None:
    """When the budget is full again: milliseconds of a header, if there is one."""
    try:
        wait_ms = optional(response.headers.get("gw-ratelimit-reset", ""))
    except UNREADABLE:
        return None
    return None if wait_ms is None else min(wait_ms / 1000, WINDOW_S)


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        "900001": InvalidSymbol,
        "400600": TradingDisabled,
        "126004": TradingDisabled,
        "400303": PermissionDenied,
        "400500": PermissionDenied,
        "400006": PermissionDenied,
        "230005": VenueUnavailable,
        "408000": VenueUnavailable,
        "500000": VenueUnavailable,
    },
    # An overload is told so as well, and an order may have been taken.
    unknown=frozenset({"429000"}),
    retry_s=WINDOW_S,
)
