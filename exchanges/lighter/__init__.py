"""Lighter: perpetuals and spot markets in USDC on a rollup, as data.

Source: official documents and clients (July to October 2026), and captures of July 2026.
"""

from decimal import Decimal
from typing import Final

from exchanges.lighter.public import LighterWire
from exchanges.lighter.rest import REQUESTS, REST
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.stream.facts import Heartbeat, SocketLimits, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

_PUBLIC: Final = Stream(
    name="public",
    # The client must say something every two minutes, and is advised to ping twice as often. That a
    # ping is answered is what the venue's own does in the other direction; no document says so.
    heartbeat=Heartbeat(idle_s=30.0, reply_s=15.0, every_s=60.0),
    limits=SocketLimits(messages=Rate(200, 60.0), topics=500, mute_s=120.0),
    # 200 messages a minute and address, over all its connections.
    messages=Rate(200, 60.0),
    # 50 of an address may be unanswered; 35 are advised.
    unanswered=35,
    # 500 are allowed; asking for so many would take three minutes.
    max_topics=100,
    lifetime_s=24 * 3600.0,
)
# The standard tier trades for nothing, with added latency; others pay up to 2.8 bp.
_FREE: Final = Fees(maker=Decimal(0), taker=Decimal(0))

# A market's name is a number, of which only lists tell the assets. Recordings without a list are
# read by the numbers of the two oldest markets, which all captures have.
_OLDEST: Final = {"0": "ETH", "1": "BTC"}


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    base = _OLDEST.get(native)
    return (base, "USDC", "USDC") if base and kind is Kind.PERPETUAL else None


# For market data: it is how a reader in a restricted country gets in, and changes nothing
# elsewhere (WebSocket reference, November 2026; a client sets it always).
_READER: Final = "?readonly=true"

VENUE: Final = Venue(
    title="Lighter",
    source="apidocs.lighter.xyz (July 2026)",
    rest=REST,
    wire=LighterWire,
    streams=(_PUBLIC, _PUBLIC.of_derivatives()),
    endpoints={
        PRODUCTION: {
            "rest": "https://mainnet.zklighter.elliot.ai",
            "public": f"wss://mainnet.zklighter.elliot.ai/stream{_READER}",
            "derivatives": f"wss://mainnet.zklighter.elliot.ai/stream{_READER}",
        },
        "testnet": {
            "rest": "https://testnet.zklighter.elliot.ai",
            "public": f"wss://testnet.zklighter.elliot.ai/stream{_READER}",
            "derivatives": f"wss://testnet.zklighter.elliot.ai/stream{_READER}",
        },
    },
    aliases={"public": ("wss://mainnet.zklighter.elliot.ai/stream",)},
    # 60 calls a minute without a better tier, whatever their weight.
    buckets={REQUESTS: Rate(60, 60.0)},
    # From 80 to 255 a minute are stated.
    connects=Rate(80, 60.0),
    fees=dict.fromkeys(Kind, _FREE),
    integrity=dict.fromkeys(Kind, "previous id"),
    recorded_as={"lighter": Kind.PERPETUAL},
    read_native=_read_native,
    sandbox_at="exchanges.lighter.sandbox:LighterSandbox",
)
