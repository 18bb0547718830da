"""MEXC: spot, as data.

Source: official documentation (2025 and April 2026), the venue's protobuf definitions (June 2026),
and clients maintained in 2026.
"""

from decimal import Decimal
from typing import Final

from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like
from exchanges.mexc.listing import ASSETS
from exchanges.mexc.public import MexcWire
from exchanges.mexc.rest import REST, SHARED, SYNC_LEVELS, WEIGHT
from exchanges.stream.facts import Heartbeat, SocketLimits, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

# Quote assets of most markets, for names that no instrument list explains.
_QUOTES: Final = "USDT|USDC|BTC|ETH"

VENUE: Final = Venue(
    title="MEXC",
    source="official spot v3 documentation (August 2025 to April 2026)",
    rest=REST,
    start_limit=SYNC_LEVELS,
    wire=MexcWire,
    streams=(
        Stream(
            name="stream",
            kinds=frozenset({Kind.SPOT}),
            # The venue ends a connection that is silent for 60 s, and recommends a ping every 10 to
            # 20 s.
            heartbeat=Heartbeat(idle_s=15.0, reply_s=10.0, every_s=20.0),
            limits=SocketLimits(
                messages=Rate(100, 1.0, Scope.CONNECTION), topics=30, start_s=30.0, idle_s=60.0
            ),
            # A hundred messages a second end the connection, and the habit ends in a ban. A
            # connection's topics fit into two requests.
            messages=Rate(10, 1.0, Scope.CONNECTION),
            # Those above are silently invalid.
            max_topics=30,
            # One client found frames cut at 1024 bytes; a name has some 55.
            batch=15,
            lifetime_s=24 * 3600.0,
        ),
    ),
    endpoints={
        # There is no test environment.
        PRODUCTION: {
            "rest": "https://api.mexc.com",
            "stream": "wss://wbs-api.mexc.com/ws",
        },
    },
    buckets={SHARED: WEIGHT, **REST.rates},
    # List prices of most markets; the instrument list has each market's.
    fees={Kind.SPOT: Fees(maker=Decimal(0), taker=Decimal("0.0005"))},
    integrity={Kind.SPOT: "id range"},
    read_native=names_like(spot=f"(.+?)({_QUOTES})"),
    sandbox_at="exchanges.mexc.sandbox:MexcSandbox",
    assets=ASSETS,
)
