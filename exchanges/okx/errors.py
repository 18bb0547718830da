"""OKX's errors, which come with HTTP 200 as well.

Source: "Error Code" of the official guide (July 2026).
"""

from typing import Final

import msgspec

from exchanges.errors import (
    AuthenticationError,
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    VenueUnavailable,
)
from exchanges.okx.listing import ErrorBody
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

LIMIT_WINDOW_S: Final = 2.0
"""Requests are limited within windows of so long."""

_BODY: Final = msgspec.json.Decoder(ErrorBody)


def _reads(response: Response) -> Complaint | None:
    if not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    return None if body.code == "0" else Complaint(body.code, body.msg)


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        "51001": InvalidSymbol,
        "51015": InvalidSymbol,
        "50001": VenueUnavailable,
        "50004": VenueUnavailable,  # a time-out, which leaves open what became of the request
        "51054": VenueUnavailable,  # these two as well
        "51149": VenueUnavailable,
        "50013": VenueUnavailable,
        "50026": VenueUnavailable,
        "50011": RateLimited,
        "50061": RateLimited,
        "50040": RateLimited,
        # Of sockets.
        "60018": InvalidSymbol,
        **dict.fromkeys(("60014", "60023"), RateLimited),
        **dict.fromkeys(("63999", "64007"), VenueUnavailable),
        **dict.fromkeys(("60004", "60006"), TimestampError),
        **dict.fromkeys(("60005", "60007", "60009", "60024", "60032"), AuthenticationError),
        "64003": PermissionDenied,  # the channel is for accounts of a higher tier of fees
    },
    retry_s=LIMIT_WINDOW_S,
)
