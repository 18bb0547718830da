"""OKX: spot and perpetual swaps, as data.

Source: official guide (English, August 2025) and its Chinese edition with change log (July 2026).
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.okx.market_data import CANDLE_NAMES
from exchanges.okx.public import OkxWire, checksum
from exchanges.okx.rest import LIMIT_WINDOW_S, LIMITS, OkxRest
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

# 480 requests to subscribe or unsubscribe an hour and connection. Pings do not count, but are
# only sent when the connection is idle.
_MESSAGES: Final = Rate.within(480, 3600.0)
# The venue ends a connection that is silent for 30 s, and answers "ping" with "pong".
_HEARTBEAT: Final = Heartbeat(idle_s=20.0, reply_s=8.0)
# Fewer than 30 book channels a connection are advised.
_MAX_TOPICS: Final = 29
# The args of one request may have 64 KB; an arg has some 60 bytes.
_BATCH: Final = 100
_BOTH: Final = frozenset({Kind.SPOT, Kind.PERPETUAL})


def _stream(name: str, kinds: frozenset[Kind], *channels: Channel) -> Stream:
    return Stream(
        name=name,
        kinds=kinds,
        channels=frozenset(channels),
        heartbeat=_HEARTBEAT,
        messages=_MESSAGES,
        max_topics=_MAX_TOPICS,
        batch=_BATCH,
    )


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`BTC-USDT`, `BTC-USDT-SWAP`; a swap in USD settles in its base asset."""
    base, _, rest = native.partition("-")
    quote, _, suffix = rest.partition("-")
    if not base or not quote or suffix != ("SWAP" if kind is Kind.PERPETUAL else ""):
        return None
    if kind is Kind.SPOT:
        return base, quote, ""
    return base, quote, base if quote == "USD" else quote


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.okx.sandbox import OkxSandbox

    return OkxSandbox


VENUE: Final = Venue(
    name="okx",
    title="OKX",
    source="www.okx.com/docs-v5 (July 2026)",
    rest=OkxRest(),
    wire=OkxWire,
    streams=(
        _stream(
            "public",
            _BOTH,
            Channel.BOOK,
            Channel.TOP,
            Channel.TRADES,
            Channel.TICKER,
        ),
        _stream(
            "derivatives",
            frozenset({Kind.PERPETUAL}),
            Channel.FUNDING,
            Channel.MARK_PRICE,
            Channel.OPEN_INTEREST,
            Channel.LIQUIDATIONS,
        ),
        _stream("business", _BOTH, Channel.KLINES),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://openapi.okx.com",
            "public": "wss://ws.okx.com:8443/ws/v5/public",
            "derivatives": "wss://ws.okx.com:8443/ws/v5/public",
            "business": "wss://ws.okx.com:8443/ws/v5/business",
        },
        "demo": {
            "rest": "https://openapi.okx.com",
            "public": "wss://wspap.okx.com:8443/ws/v5/public",
            "derivatives": "wss://wspap.okx.com:8443/ws/v5/public",
            "business": "wss://wspap.okx.com:8443/ws/v5/business",
        },
    },
    buckets={path: Rate.within(limit, LIMIT_WINDOW_S) for path, limit in LIMITS.items()},
    connects=Rate.within(3, 1.0),
    # List prices of a regular user; the venue publishes fees per account only.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.0008"), taker=Decimal("0.001")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0005")),
    },
    integrity={Kind.SPOT: "previous id", Kind.PERPETUAL: "previous id"},
    klines=tuple(CANDLE_NAMES),
    recorded={"okx": Kind.SPOT},
    read_native=_read_native,
    sandbox=_load_sandbox,
    checksum=checksum,
)
