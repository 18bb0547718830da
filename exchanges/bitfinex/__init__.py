"""Bitfinex: spot and perpetuals, as data.

Source: docs.bitfinex.com, v2 REST and WebSocket (2026).
"""

from decimal import Decimal
from typing import Final

from exchanges.bitfinex.listing import ASSETS, assets_of
from exchanges.bitfinex.public import BitfinexWire, checksum
from exchanges.bitfinex.rest import LIMITS, REST
from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.topics import MARKET_DATA, Channel
from exchanges.stream.facts import Heartbeat, SocketLimits, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

_SOCKET: Final = "wss://api-pub.bitfinex.com/ws/2"
_PUBLIC: Final = Stream(
    name="public",
    channels=MARKET_DATA - {Channel.TOP},
    # Every channel speaks within 15 s, and is taken for dead after 30 s of silence.
    heartbeat=Heartbeat(idle_s=20.0, reply_s=10.0),
    limits=SocketLimits(topics=25),
    # No limit of messages is documented beside that of channels.
    messages=Rate(20, 1.0, Scope.CONNECTION),
    max_topics=25,
    shared_sequence=True,
)

VENUE: Final = Venue(
    title="Bitfinex",
    source="docs.bitfinex.com, v2 REST and WebSocket (2026)",
    rest=REST,
    wire=BitfinexWire,
    streams=(_PUBLIC, _PUBLIC.of_derivatives()),
    endpoints={
        PRODUCTION: {
            "rest": "https://api-pub.bitfinex.com",
            "public": _SOCKET,
            "derivatives": _SOCKET,
        },
    },
    aliases={
        "rest": ("https://api.bitfinex.com",),
        "public": ("wss://api.bitfinex.com/ws/2",),
    },
    buckets={name: Rate(limit, 60.0) for name, limit in LIMITS.items()},
    connects=Rate(20, 60.0),
    # Press reports of December 2025 have all fees at zero; until the venue's list says so, the
    # usual.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.001"), taker=Decimal("0.002")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.00065")),
    },
    # Below 1e-6 the venue writes exponents, of which nothing tells how its checksum spells them.
    integrity=dict.fromkeys(Kind, "connection sequence, checksum (numbers from 1e-6 up)"),
    read_native=assets_of,
    sandbox_at="exchanges.bitfinex.sandbox:BitfinexSandbox",
    assets=ASSETS,
    checksum=checksum,
)
