"""Gate.io: spot, as data. Perpetuals are a venue of their own.

Source: official pages of the spot WebSocket and REST v4 (stored copies of 2025), and the venue's
SDKs of 2026.
"""

from decimal import Decimal
from typing import Final

from exchanges.dialects import gate_v4
from exchanges.dialects.gate_v4.listing import ASSETS
from exchanges.gateio.public import GateioWire
from exchanges.gateio.rest import REST
from exchanges.market.instrument import Kind
from exchanges.stream.facts import Stream
from exchanges.venue import PRODUCTION, Fees, Venue

VENUE: Final = Venue(
    title="Gate.io",
    source="official spot API v4 documentation (stored copies of 2025)",
    rest=REST,
    wire=GateioWire,
    streams=(
        Stream(
            name="stream",
            kinds=frozenset({Kind.SPOT}),
            heartbeat=gate_v4.HEARTBEAT,
            limits=gate_v4.LIMITS,
            messages=gate_v4.MESSAGES,
            max_topics=gate_v4.MAX_TOPICS,
            batch=gate_v4.BATCH,
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
    buckets=REST.rates,
    # What passes the limit of a path is refused until its window ends, and nothing else.
    bans_addresses=False,
    # Of an account without rank or the venue's token (announcement of 2026-03-25); the fees of the
    # instrument lists are nobody's.
    fees={Kind.SPOT: Fees(maker=Decimal("0.001"), taker=Decimal("0.001"))},
    integrity={Kind.SPOT: "id range"},
    read_native=gate_v4.read_native,
    sandbox_at="exchanges.gateio.sandbox:GateioSandbox",
    assets=ASSETS,
)
