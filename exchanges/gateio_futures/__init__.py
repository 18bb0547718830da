"""Gate.io's perpetuals that settle in USDT, as data. Spot is a venue of its own.

Source: official pages of the futures WebSocket and REST v4 (stored copies of 2025, changes of
August 2026), the venue's SDKs of 2026, and a public note on probes of August 2026. Contracts in
BTC and USD1 have other addresses.
"""

from decimal import Decimal
from typing import Final

from exchanges.dialects import gate_v4
from exchanges.dialects.gate_v4.listing import ASSETS
from exchanges.gateio_futures.public import GateioFuturesWire
from exchanges.gateio_futures.rest import DECIMAL_SIZES, REST
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.stream.facts import Stream
from exchanges.venue import PRODUCTION, Fees, Venue

VENUE: Final = Venue(
    title="Gate.io futures",
    source="official futures API v4 documentation (stored copies of 2025, changes of 2026)",
    rest=REST,
    wire=GateioFuturesWire,
    streams=(
        Stream(
            name="stream",
            kinds=frozenset({Kind.PERPETUAL}),
            channels=frozenset(Channel),
            heartbeat=gate_v4.HEARTBEAT,
            limits=gate_v4.LIMITS,
            messages=gate_v4.MESSAGES,
            max_topics=gate_v4.MAX_TOPICS,
            batch=gate_v4.BATCH,
            headers=DECIMAL_SIZES,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.gateio.ws",
            "stream": "wss://fx-ws.gateio.ws/v4/ws/usdt",
        },
        "testnet": {
            "rest": "https://api-testnet.gateapi.io",
            "stream": "wss://ws-testnet.gate.com/v4/ws/futures/usdt",
        },
    },
    aliases={
        "rest": ("https://fx-api.gateio.ws",),
    },
    buckets=REST.rates,
    # What passes the limit of a path is refused until its window ends, and nothing else.
    bans_addresses=False,
    # Of an account without rank (announcement of 2026-03-25, and a reply of `/futures/usdt/fee`);
    # the fees of the contracts are nobody's.
    fees={Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0005"))},
    integrity={Kind.PERPETUAL: "id range"},
    recorded_as={"gateio-futures": Kind.PERPETUAL},  # by others
    read_native=gate_v4.read_native,
    sandbox_at="exchanges.gateio_futures.sandbox:GateioFuturesSandbox",
    assets=ASSETS,
)
