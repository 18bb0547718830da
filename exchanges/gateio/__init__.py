"""Gate.io: spot, as data. Perpetuals have a venue of their own; only their quotes are known here.

Source: official pages of the spot WebSocket and REST v4 (stored copies of 2025), and the venue's
SDKs of 2026.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.gateio.messages import CANDLE_NAMES
from exchanges.gateio.public import GateioStream
from exchanges.gateio.replies import ASSETS
from exchanges.gateio.rest import LIMIT_WINDOW_S, LIMITS
from exchanges.instrument import Kind
from exchanges.limits import Rate
from exchanges.stream import Channel, Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

if TYPE_CHECKING:
    from exchanges.sandbox import SandboxVenue

# No limit of messages is documented. The venue allows 20 requests a second to any REST path.
_MESSAGES: Final = Rate.within(20, 1.0)
# The official SDK sends `spot.ping` every 5 s; the venue's own limit on silence is not documented.
_HEARTBEAT: Final = Heartbeat(idle_s=10.0, reply_s=10.0)
# No limit is documented; every loss of a connection costs one new start a book.
_MAX_TOPICS: Final = 100
# One unknown pair refuses the whole request, whose pairs are then asked for one by one.
_BATCH: Final = 50
# 300 connections an address were seen to be allowed on futures; no rate is documented.
_CONNECTS: Final = Rate.within(30, 60.0)


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`LUNC_USDT`, of spot and perpetual alike; a few old bases have an underscore themselves."""
    base, _, quote = native.rpartition("_")
    if not base or not quote.isalpha():
        return None  # a dated future ends with its date
    if kind is Kind.SPOT:
        return base, quote, ""
    return base, quote, base if quote == "USD" else quote


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.gateio.sandbox import GateioSandbox

    return GateioSandbox


VENUE: Final = Venue(
    name="gateio",
    title="Gate.io",
    source="official spot API v4 documentation (stored copies of 2025)",
    rest=GateioStream.rest,
    codec=GateioStream,
    streams=(
        Stream(
            name="stream",
            kinds=frozenset({Kind.SPOT}),
            channels=frozenset(
                {Channel.BOOK, Channel.TOP, Channel.TRADES, Channel.TICKER, Channel.KLINES}
            ),
            heartbeat=_HEARTBEAT,
            messages=_MESSAGES,
            max_topics=_MAX_TOPICS,
            batch=_BATCH,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.gateio.ws",
            "stream": "wss://api.gateio.ws/ws/v4/",
        },
        "testnet": {
            "rest": "https://api-testnet.gateapi.io",
            "stream": "wss://ws-testnet.gate.com/v4/ws/spot",
        },
    },
    buckets={path: Rate.within(limit, LIMIT_WINDOW_S) for path, limit in LIMITS.items()},
    connects=_CONNECTS,
    # List prices, as the instrument lists have them (spot: 0.2 %); those of perpetuals serve for
    # recorded quotes.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.002"), taker=Decimal("0.002")),
        Kind.PERPETUAL: Fees(maker=Decimal("-0.0001"), taker=Decimal("0.00075")),
    },
    integrity={Kind.SPOT: "id range"},
    klines=tuple(CANDLE_NAMES),
    # Recordings call the perpetuals "gateio-futures"; of these only quotes can be read.
    recorded={"gateio": Kind.SPOT, "gateio-futures": Kind.PERPETUAL},
    read_native=_read_native,
    sandbox=_load_sandbox,
    assets=ASSETS,
)
