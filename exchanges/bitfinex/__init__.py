"""Bitfinex: spot and perpetuals, as data.

Source: docs.bitfinex.com, v2 REST and WebSocket (2026).
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.bitfinex.listing import ASSETS, assets_of
from exchanges.bitfinex.market_data import CANDLE_NAMES
from exchanges.bitfinex.public import BitfinexWire, checksum
from exchanges.bitfinex.rest import LIMITS, BitfinexRest
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

# Every channel speaks within 15 s, and is taken for dead after 30 s of silence.
_HEARTBEAT: Final = Heartbeat(idle_s=20.0, reply_s=10.0)
# No limit of messages is documented beside that of channels.
_MESSAGES: Final = Rate.within(20, 1.0)
_MAX_TOPICS: Final = 25
_SOCKET: Final = "wss://api-pub.bitfinex.com/ws/2"
# Press reports of December 2025 have all fees at zero; until the venue's list says so, the usual.
_FEES: Final = {
    Kind.SPOT: Fees(maker=Decimal("0.001"), taker=Decimal("0.002")),
    Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.00065")),
}


def _stream(name: str, kinds: frozenset[Kind], *channels: Channel) -> Stream:
    return Stream(
        name=name,
        kinds=kinds,
        channels=frozenset(channels),
        heartbeat=_HEARTBEAT,
        messages=_MESSAGES,
        max_topics=_MAX_TOPICS,
        shared_sequence=True,
    )


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.bitfinex.sandbox import BitfinexSandbox

    return BitfinexSandbox


VENUE: Final = Venue(
    name="bitfinex",
    title="Bitfinex",
    source="docs.bitfinex.com, v2 REST and WebSocket (2026)",
    rest=BitfinexRest(),
    wire=BitfinexWire,
    streams=(
        _stream(
            "public",
            frozenset({Kind.SPOT, Kind.PERPETUAL}),
            Channel.BOOK,
            Channel.TRADES,
            Channel.TICKER,
            Channel.KLINES,
        ),
        _stream(
            "derivatives",
            frozenset({Kind.PERPETUAL}),
            Channel.FUNDING,
            Channel.MARK_PRICE,
            Channel.OPEN_INTEREST,
            Channel.LIQUIDATIONS,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api-pub.bitfinex.com",
            "public": _SOCKET,
            "derivatives": _SOCKET,
        },
    },
    buckets={name: Rate.within(limit, 60.0) for name, limit in LIMITS.items()},
    connects=Rate.within(20, 60.0),
    fees=_FEES,
    integrity={
        Kind.SPOT: "connection sequence, checksum",
        Kind.PERPETUAL: "connection sequence, checksum",
    },
    klines=tuple(CANDLE_NAMES),
    recorded={"bitfinex": Kind.SPOT},
    read_native=assets_of,
    sandbox=_load_sandbox,
    assets=ASSETS,
    checksum=checksum,
)
