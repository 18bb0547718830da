"""Coinbase Advanced Trade: spot and perpetual-style futures, as data.

Source: Advanced Trade API documentation (November 2026), and payloads captured in 2024 and 2026.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.coinbase.market_data import ASSETS, STREAMED_CANDLES
from exchanges.coinbase.public import CoinbaseWire
from exchanges.coinbase.rest import CANDLE_NAMES, REQUESTS, CoinbaseRest
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

# Every connection subscribes the channel that speaks each second; without it for more than 5 s
# the connection is dead.
_HEARTBEAT: Final = Heartbeat(idle_s=5.0)
# 8 messages a second and IP without a login.
_MESSAGES: Final = Rate.within(8, 1.0)
# At most 50 books a connection are advised; a lost frame costs all books of its connection, so
# that fewer are better.
_MAX_TOPICS: Final = 20
# Whole books of liquid markets are one frame of several MB; 10 MB were not enough for all.
_MAX_FRAME_BYTES: Final = 64 << 20
# The entry tier; accounts have their own. No other figure of derivatives is published.
_FEES: Final = Fees(maker=Decimal("0.006"), taker=Decimal("0.012"))


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`BTC-USD`, `BTC-PERP-INTX`; the code of a US future (`BIP-20DEC30-CDE`) tells no asset."""
    base, _, rest = native.partition("-")
    if not base or not rest:
        return None
    if kind is Kind.PERPETUAL:
        return (base, "USDC", "USDC") if rest == "PERP-INTX" else None
    return None if "-" in rest else (base, rest, "")


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.coinbase.sandbox import CoinbaseSandbox

    return CoinbaseSandbox


VENUE: Final = Venue(
    name="coinbase",
    title="Coinbase",
    source="docs.cdp.coinbase.com/advanced-trade (November 2026)",
    rest=CoinbaseRest(),
    wire=CoinbaseWire,
    streams=(
        Stream(
            name="public",
            kinds=frozenset({Kind.SPOT, Kind.PERPETUAL}),
            # No best bid and ask: the ticker's are those of the last trade, however old.
            channels=frozenset({Channel.BOOK, Channel.TRADES, Channel.TICKER, Channel.KLINES}),
            klines=(STREAMED_CANDLES,),
            heartbeat=_HEARTBEAT,
            messages=_MESSAGES,
            max_topics=_MAX_TOPICS,
            batch=_MAX_TOPICS,
            max_frame_bytes=_MAX_FRAME_BYTES,
            shared_sequence=True,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.coinbase.com",
            "public": "wss://advanced-trade-ws.coinbase.com",
        },
    },
    buckets={REQUESTS: Rate.within(10, 1.0)},
    connects=Rate.within(8, 1.0),
    fees={Kind.SPOT: _FEES, Kind.PERPETUAL: _FEES},
    integrity={Kind.SPOT: "connection sequence", Kind.PERPETUAL: "connection sequence"},
    klines=tuple(CANDLE_NAMES),
    recorded={"coinbase": Kind.SPOT},
    read_native=_read_native,
    sandbox=_load_sandbox,
    assets=ASSETS,
)
