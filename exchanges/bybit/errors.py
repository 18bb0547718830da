"""Bybit's errors, which come with HTTP 200 as well.

Source: error codes and rate limits of the API v5 documentation (2026-07-24).
"""

from typing import Final

import msgspec

from exchanges.bybit.listing import ErrorBody
from exchanges.errors import (
    InvalidSymbol,
    PermissionDenied,
    RateLimited,
    TimestampError,
    VenueUnavailable,
)
from exchanges.replies.errors import FIREWALL_S, FORBIDDEN, Complaint, ErrorTable
from exchanges.replies.response import Response

_BODY: Final = msgspec.json.Decoder(ErrorBody)
# Too many requests of an address are answered with HTTP 403, and it must stay away for ten
# minutes; other addresses get that status for the country they are in.
_TOO_FREQUENT: Final = b"too frequent"
_STAY_AWAY_S: Final = 600.0


def _reads(response: Response) -> Complaint | None:
    if response.status == FORBIDDEN:
        if _TOO_FREQUENT in response.body.lower():
            return Complaint("403", "access too frequent", RateLimited, _STAY_AWAY_S, is_ban=True)
        return Complaint("403", "HTTP 403", PermissionDenied, FIREWALL_S, is_ban=True)
    if not response.body.startswith(b"{"):
        return None
    body = _BODY.decode(response.body)
    return Complaint(str(body.retCode), body.retMsg) if body.retCode else None


ERRORS: Final = ErrorTable(
    reads=_reads,
    codes={
        **dict.fromkeys(("10029", "170121", "110074"), InvalidSymbol),
        **dict.fromkeys(("-1", "10002"), TimestampError),
        **dict.fromkeys(("10005", "10009", "10010", "10024"), PermissionDenied),
        **dict.fromkeys(("10000", "10016", "10019"), VenueUnavailable),
        **dict.fromkeys(("170001", "170007", "170032", "170146", "170147"), VenueUnavailable),
        "170234": VenueUnavailable,  # nobody knows what became of the order
        **dict.fromkeys(("10006", "10403", "10429", "170005", "170222", "20003"), RateLimited),
    },
    # Sockets tell no code; we ask for no channel that there is not.
    starts={"Invalid topic": InvalidSymbol},
    retry_s=1.0,  # the limits of single paths are per second, and no Retry-After is sent
)
