"""Backpack Exchange: spot and perpetuals settled in USDC, as data.

Source: official API document (copy of August 2026), wire probes of September 2026, and payloads
quoted by ccxt in 2025.
"""

from decimal import Decimal
from typing import Final

from exchanges.backpack.public import BackpackWire
from exchanges.backpack.rest import HISTORY, REQUESTS, REST, SYNC_LEVELS
from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like
from exchanges.stream.facts import UNSTATED, Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

_PUBLIC: Final = Stream(
    name="public",
    # The venue answers no ping of ours but those of the protocol, which prove nothing about the
    # feed. A connection without a frame for 15 s is made to carry a stream that speaks every
    # second.
    heartbeat=Heartbeat(idle_s=15.0, reply_s=10.0),
    limits=UNSTATED,
    # No limit of messages, nor of streams in a request, is documented.
    messages=Rate(10, 1.0, Scope.CONNECTION),
    batch=20,
    # 91 streams on one socket were seen to work; no limit is documented.
    max_topics=90,
    acknowledges=False,
)

VENUE: Final = Venue(
    title="Backpack",
    source="docs.backpack.exchange (August 2026)",
    rest=REST,
    start_limit=SYNC_LEVELS,
    wire=BackpackWire,
    streams=(_PUBLIC, _PUBLIC.of_derivatives()),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.backpack.exchange",
            "public": "wss://ws.backpack.exchange",
            "derivatives": "wss://ws.backpack.exchange",
        },
    },
    # The venue's support tells these of an account, and counts what returns spans of time apart;
    # how calls without a key are counted is not known.
    buckets={REQUESTS: Rate(2000, 60.0), HISTORY: Rate(30, 60.0)},
    # List prices of the first tier; the lists of markets have none.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.0008"), taker=Decimal("0.001")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0005")),
    },
    integrity=dict.fromkeys(Kind, "id range"),
    recorded_as={"backpack": Kind.PERPETUAL},
    read_native=names_like(spot=r"(.+)_(?!PERP$)([^_]+)", perpetual=r"(.+)_([^_]+)_PERP"),
    sandbox_at="exchanges.backpack.sandbox:BackpackSandbox",
)
