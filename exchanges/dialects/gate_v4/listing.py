"""Gate API v4 replies that all markets share, and the assets that the venue calls differently.

Source: "Spot" and the error labels of the API v4 documentation (stored copies of 2025).
"""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct

from exchanges.market.numbers import Millis

# Assets that this venue calls differently from most others, by its own name. They were collected
# from the spot list; futures are taken to name their assets alike, as in most of the ecosystem.
ASSETS: Final[Mapping[str, str]] = {
    "88MPH": "MPH",
    "ASS": "ASSF",
    "AXIS": "AXISDEFI",
    "BIFI": "BITCOINFILE",
    "BOX": "DEFIBOX",
    "BYN": "BEYONDFI",
    "EGG": "GOOSEFINANCE",
    "GTC": "GAMECOM",
    "HIT": "HITCHAIN",
    "MM": "MILLION",
    "MPH": "MORPHER",
    "ORT": "XREATORS",
    "POINT": "GATEPOINT",
    "RAI": "RAIREFLEXINDEX",
    "SBTC": "SUPERBITCOIN",
    "TNC": "TRINITYNETWORKCREDIT",
    "TRAC": "TRACO",
    "VAI": "VAIOT",
}


class ServerTime(Struct):
    server_time: Millis


class ErrorBody(Struct):
    """Any refused request; some have `detail` in place of `message`."""

    label: Annotated[str, Meta(max_length=50)] = ""
    message: str = ""
    detail: str = ""
