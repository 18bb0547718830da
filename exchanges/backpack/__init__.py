"""Backpack Exchange: spot and perpetuals settled in USDC, as data.

Source: official API document (copy of August 2026), wire probes of September 2026, and payloads
quoted by ccxt in 2025.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.backpack.market_data import CANDLE_NAMES
from exchanges.backpack.public import BackpackWire
from exchanges.backpack.rest import HISTORY, REQUESTS, SYNC_LEVELS, BackpackRest
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

# The venue answers no ping of ours but those of the protocol, which prove nothing about the feed.
# A connection without a frame for 15 s is made to carry a stream that speaks every second.
_HEARTBEAT: Final = Heartbeat(idle_s=15.0, reply_s=10.0)
# No limit of messages, nor of streams in a request, is documented.
_MESSAGES: Final = Rate.within(10, 1.0)
_BATCH: Final = 20
# 91 streams on one socket were seen to work; no limit is documented.
_MAX_TOPICS: Final = 90
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
        acknowledges=False,
    )


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`SOL_USDC`, `SOL_USDC_PERP`; a perpetual settles in its quote asset."""
    pair = native.removesuffix("_PERP")
    base, _, quote = pair.rpartition("_")
    if not base or not quote or (pair != native) != (kind is Kind.PERPETUAL):
        return None
    return base, quote, quote if kind is Kind.PERPETUAL else ""


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.backpack.sandbox import BackpackSandbox

    return BackpackSandbox


VENUE: Final = Venue(
    name="backpack",
    title="Backpack",
    source="docs.backpack.exchange (August 2026)",
    rest=BackpackRest(),
    start_limit=SYNC_LEVELS,
    wire=BackpackWire,
    streams=(
        _stream(
            "public",
            _BOTH,
            Channel.BOOK,
            Channel.TOP,
            Channel.TRADES,
            Channel.TICKER,
            Channel.KLINES,
        ),
        _stream(
            "derivatives",
            frozenset({Kind.PERPETUAL}),
            Channel.MARK_PRICE,
            Channel.FUNDING,
            Channel.OPEN_INTEREST,
            Channel.LIQUIDATIONS,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.backpack.exchange",
            "public": "wss://ws.backpack.exchange",
            "derivatives": "wss://ws.backpack.exchange",
        },
    },
    # The venue's support tells these of an account, and counts what returns spans of time apart;
    # how calls without a key are counted is not known.
    buckets={REQUESTS: Rate.within(2000, 60.0), HISTORY: Rate.within(30, 60.0)},
    # No rate of connections is documented.
    connects=Rate.within(30, 60.0),
    # List prices of the first tier; the lists of markets have none.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.0008"), taker=Decimal("0.001")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0005")),
    },
    integrity={Kind.SPOT: "id range", Kind.PERPETUAL: "id range"},
    klines=tuple(CANDLE_NAMES),
    recorded={"backpack": Kind.PERPETUAL},
    read_native=_read_native,
    sandbox=_load_sandbox,
)
