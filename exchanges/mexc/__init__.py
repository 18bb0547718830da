"""MEXC: spot, as data.

Source: official documentation (2025 and April 2026), the venue's protobuf definitions (June 2026),
and clients maintained in 2026.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.mexc.listing import ASSETS
from exchanges.mexc.public import MexcWire
from exchanges.mexc.rest import REST_CANDLES, SHARED, SYNC_LEVELS, WEIGHTS, MexcRest
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue, split_by_quote

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

# A hundred messages a second end the connection, and the habit ends in a ban. A connection's
# topics fit into two requests.
_MESSAGES: Final = Rate.within(10, 1.0)
# The venue ends a connection that is silent for 60 s, and recommends a ping every 10 to 20 s.
_HEARTBEAT: Final = Heartbeat(idle_s=15.0, reply_s=10.0, every_s=20.0)
_DAY_S: Final = 24 * 3600.0
# Those above are silently invalid.
_MAX_TOPICS: Final = 30
# One client found frames cut at 1024 bytes; a name has some 55.
_BATCH: Final = 15
# No rate of new connections is documented.
_CONNECTS: Final = Rate.within(30, 60.0)

# 500 weight in ten seconds are documented for each path, but one source saw 300 for all paths
# together, and the venue's support told another to send each path 20 requests a second at most.
_WEIGHT: Final = Rate.within(300, 10.0)
_PATH: Final = Rate.within(20, 1.0)

# Quote assets of most markets, for names that no instrument list explains.
_QUOTES: Final = ("USDT", "USDC", "BTC", "ETH")


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    assets = split_by_quote(native, _QUOTES)
    if assets is None or kind is not Kind.SPOT:
        return None
    return *assets, ""


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.mexc.sandbox import MexcSandbox

    return MexcSandbox


VENUE: Final = Venue(
    name="mexc",
    title="MEXC",
    source="official spot v3 documentation (August 2025 to April 2026)",
    rest=MexcRest(),
    start_limit=SYNC_LEVELS,
    wire=MexcWire,
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
            lifetime_s=_DAY_S,
        ),
    ),
    endpoints={
        # There is no test environment.
        PRODUCTION: {
            "rest": "https://api.mexc.com",
            "stream": "wss://wbs-api.mexc.com/ws",
        },
    },
    buckets={SHARED: _WEIGHT, **dict.fromkeys(WEIGHTS, _PATH)},
    connects=_CONNECTS,
    # List prices of most markets; the instrument list has each market's.
    fees={Kind.SPOT: Fees(maker=Decimal(0), taker=Decimal("0.0005"))},
    integrity={Kind.SPOT: "id range"},
    klines=tuple(REST_CANDLES),
    recorded={"mexc": Kind.SPOT},
    read_native=_read_native,
    sandbox=_load_sandbox,
    assets=ASSETS,
)
