"""MEXC's errors.

Source: the error codes of the spot v3 documentation (2025 and April 2026).
"""

from typing import Final

import msgspec

from exchanges.errors import (
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TradingDisabled,
    VenueUnavailable,
)
from exchanges.mexc.listing import ErrorBody
from exchanges.replies.errors import Complaint, ErrorTable
from exchanges.replies.response import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody)


def _reads(response: Response) -> Complaint | None:
    if response.status < 400 or not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    return None if body.code is None else Complaint(str(body.code), body.msg or body.message)


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        **dict.fromkeys(("10007", "30014", "30021", "-1121", "730001"), InvalidSymbol),
        **dict.fromkeys(("26", "403", "406", "511", "30020", "70011"), PermissionDenied),
        **dict.fromkeys(("701", "702", "703", "704"), PermissionDenied),
        **dict.fromkeys(("700006", "700007"), PermissionDenied),
        **dict.fromkeys(("30000", "30016", "30018", "30027", "30028"), TradingDisabled),
        **dict.fromkeys(("500", "501", "503", "504", "604", "801"), VenueUnavailable),
        **dict.fromkeys(("11444", "20002"), VenueUnavailable),
        **dict.fromkeys(("429", "510"), RateLimited),
    },
    # A socket's one refusal: of markets that there are not, and of channels that we do not ask for.
    words={"blocked!": InvalidSymbol},
    # Where the venue does not say how long to stay away (one source); its firewall wants as much.
    retry_s=60.0,
)
