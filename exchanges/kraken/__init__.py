"""Kraken: spot, as data.

Source: docs.kraken.com, REST and WebSocket v2 (2025, 2026). Derivatives are about to move to
another interface and are not covered.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.kraken.listing import ASSETS
from exchanges.kraken.market_data import CANDLE_MINUTES
from exchanges.kraken.public import KrakenWire, checksum
from exchanges.kraken.rest import BUCKET, KrakenRest
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

# The server speaks every second once anything is subscribed; before that it answers pings only.
_HEARTBEAT: Final = Heartbeat(idle_s=5.0, reply_s=5.0)
# The limit of messages moves with the venue's load and is not published.
_MESSAGES: Final = Rate.within(10, 1.0)
# Symbols of a request and of a connection are not limited by the documentation.
_BATCH: Final = 50
_MAX_TOPICS: Final = 200


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`BTC/USD`, as the streams have it."""
    base, _, quote = native.partition("/")
    if kind is not Kind.SPOT or not base or not quote or "/" in quote:
        return None
    return base, quote, ""


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.kraken.sandbox import KrakenSandbox

    return KrakenSandbox


VENUE: Final = Venue(
    name="kraken",
    title="Kraken",
    source="docs.kraken.com, REST and WebSocket v2 (2025, 2026)",
    rest=KrakenRest(),
    wire=KrakenWire,
    streams=(
        Stream(
            name="public",
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
            "rest": "https://api.kraken.com",
            "public": "wss://ws.kraken.com/v2",
        },
    },
    # No number is published; one a second is said to be safe.
    buckets={BUCKET: Rate(burst=1, per_s=1.0)},
    # 150 in ten minutes are documented for the older streams; more are a ban of ten minutes.
    connects=Rate.within(150, 600.0),
    # List prices of the smallest volume; the list of pairs has them too.
    fees={Kind.SPOT: Fees(maker=Decimal("0.0025"), taker=Decimal("0.004"))},
    integrity={Kind.SPOT: "checksum"},
    klines=tuple(CANDLE_MINUTES),
    recorded={"kraken": Kind.SPOT},
    read_native=_read_native,
    sandbox=_load_sandbox,
    assets=ASSETS,
    checksum=checksum,
)
