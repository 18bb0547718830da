"""Kraken: spot, as data.

Source: docs.kraken.com, REST and WebSocket v2 (2025, 2026). Derivatives are about to move to
another interface and are not covered.
"""

from decimal import Decimal
from typing import Final

from exchanges.kraken.listing import ASSETS
from exchanges.kraken.public import KrakenWire, checksum
from exchanges.kraken.rest import BUCKET, REST
from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like
from exchanges.stream.facts import UNSTATED, Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

VENUE: Final = Venue(
    title="Kraken",
    source="docs.kraken.com, REST and WebSocket v2 (2025, 2026)",
    rest=REST,
    wire=KrakenWire,
    streams=(
        Stream(
            name="public",
            kinds=frozenset({Kind.SPOT}),
            # The server speaks every second once anything is subscribed; before that it answers
            # pings only.
            heartbeat=Heartbeat(idle_s=5.0, reply_s=5.0),
            limits=UNSTATED,
            # The limit of messages moves with the venue's load and is not published.
            messages=Rate(10, 1.0, Scope.CONNECTION),
            # Symbols of a request and of a connection are not limited by the documentation.
            max_topics=200,
            batch=50,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.kraken.com",
            "public": "wss://ws.kraken.com/v2",
        },
    },
    # No number is published; one a second is said to be safe.
    buckets={BUCKET: Rate(1, 1.0)},
    # 150 in ten minutes are documented for the older streams; more are a ban of ten minutes.
    connects=Rate(150, 600.0),
    # List prices of the smallest volume; the list of pairs has them too.
    fees={Kind.SPOT: Fees(maker=Decimal("0.0025"), taker=Decimal("0.004"))},
    integrity={Kind.SPOT: "checksum"},
    read_native=names_like(spot=r"([^/]+)/([^/]+)"),  # as the streams have it
    sandbox_at="exchanges.kraken.sandbox:KrakenSandbox",
    assets=ASSETS,
    checksum=checksum,
)
