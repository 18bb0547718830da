"""Paradex's binary frames, written as JSON with the names of the venue's schema.

`pack` makes them binary by a table of its own, so that a mistake of our reader is not repeated.
"""

import json
import struct
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from exchanges.stream.wire import Frame

AT_MS = 1795176000130
AT_US = AT_MS * 1000
NONE = -(2**63)

# Fields of each template: q, B and h are integers; n are numbers of 1e-8, p of 1e-12, where null
# is none; options' fields are left out by their number.
LAYOUTS = {
    "TradeEvent": (
        1,
        "ts:q seq:q tradeId:q side:B price:n size:n createdAt:q tradeType:B",
    ),
    "BboEvent": (2, "ts:q seq:q bidPrice:n bidSize:n askPrice:n askSize:n"),
    "BookEvent": (
        3,
        "ts:q seq:q pkgType:B bestBidPrice:n bestBidSize:n bestAskPrice:n bestAskSize:n "
        "relativeSpread:n bestBidApiPrice:n bestBidApiSize:n bestAskApiPrice:n bestAskApiSize:n",
    ),
    "MarketSummaryEvent": (
        4,
        "ts:q seq:q markPrice:n indexPrice:n lastPrice:n volumeUsd24h:n openInterest:n "
        "fundingRate:n bid:n ask:n totalVolume:n priceChangeRate24h:n markIv:n bidIv:n askIv:n "
        "lastIv:n delta:n gamma:n vega:n theta:n rho:n volga:n vanna:n futureFundingRate:n "
        "externalFairPrice:n bidSize:n askSize:n forwardRate:n riskFreeRate:n "
        "fundingRatePrecise:p",
    ),
    "FundingDataEvent": (
        5,
        "ts:q seq:q fundingRate:n fundingIndex:n createdAt:q fundingPremium:n fundingRate8h:n "
        "fundingPeriodHours:h impactPremiumRate:n",
    ),
    "HeartbeatEvent": (40, "ts:q"),
}
EXPONENTS = {"n": 8, "p": 12}


def pack(frame: Frame) -> Frame:
    """The binary frame; what is no such frame is sent as it is."""
    try:
        return _packed(json.loads(frame))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame
    except struct.error:
        return b"\x00"


def _packed(told: dict[str, Any]) -> bytes:
    number, fields = LAYOUTS[told["event"]]
    named = [field.split(":") for field in fields.split()]
    values = [_integer(told.get(name), code) for name, code in named]
    codes = "".join("q" if code in EXPONENTS else code for _, code in named)
    block = struct.pack(f"<{codes}", *values)[: told.get("blockLength", 4096)]
    parts = [struct.pack("<HHHH", len(block), number, told["schemaId"], told["version"]), block]
    for side in ("bids", "asks"):
        if side in told:
            levels = [[_integer(value, "n") for value in level] for level in told[side]]
            parts.append(struct.pack("<HH", 16, len(levels)))
            parts += [struct.pack("<qq", *level) for level in levels]
    for text in told["texts"]:
        raw = text.encode()
        parts += [struct.pack("<B", len(raw)), raw]
    return b"".join(parts)


def _integer(value: Any, code: str) -> int:
    if code not in EXPONENTS:
        return int(value)
    return NONE if value is None else int(Decimal(str(value)).scaleb(EXPONENTS[code]))


def event(name: str, *texts: str, **fields: object) -> str:
    head = {"event": name, "schemaId": 1, "version": 2, "ts": AT_US, "seq": 0}
    return json.dumps(head | fields | {"texts": texts or ("BTC-USD-PERP",)})


Levels = Sequence[tuple[str, str]]


def book(number: int, kind: str, bids: Levels = (), asks: Levels = (), **changes: object) -> str:
    """A whole book (`s`) or what has changed (`d`)."""
    package = {"s": 0, "d": 1}.get(kind, 7)
    fields = {"seq": number, "pkgType": package, "bids": bids, "asks": asks}
    return event("BookEvent", **(fields | changes))


def top(**changes: object) -> str:
    fields = {
        "seq": 7000000001,
        "bidPrice": "90000.5",
        "bidSize": "1.5",
        "askPrice": "90001",
        "askSize": "0.25",
    }
    return event("BboEvent", **(fields | changes))


def trade(trade_id: str = "1795176000130201700000000001", **changes: object) -> str:
    """What `tradeId` tells are the lowest 64 bits of the id, which may be negative."""
    fields = {
        "tradeId": -7,
        "side": 2,
        "price": "90000.5",
        "size": "0.025",
        "createdAt": AT_US,
        "tradeType": 1,
    }
    return event("TradeEvent", "BTC-USD-PERP", trade_id, **(fields | changes))


def summary(**changes: object) -> str:
    fields = {
        "markPrice": "90000",
        "indexPrice": "90010.25",
        "lastPrice": "90002.5",
        "volumeUsd24h": "125000000.75",
        "openInterest": "1500.5",
        "fundingRate": "0.00007172",
        "bid": "90000.5",
        "totalVolume": "92233720368.54775807",
        "priceChangeRate24h": "-0.0125",
        "fundingRatePrecise": "0.000071729184",
    }
    return event("MarketSummaryEvent", **(fields | changes))


def funding(**changes: object) -> str:
    fields = {
        "fundingRate": "-0.00005",
        "fundingIndex": "20000.5",
        "createdAt": AT_US,
        "fundingPremium": "-4.5",
        "fundingRate8h": "-0.0001",
        "fundingPeriodHours": 4,
    }
    return event("FundingDataEvent", **(fields | changes))
