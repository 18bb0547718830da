"""Bybit: spot and linear perpetuals, as data.

Source: API v5 documentation of 2026-07-24.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.bybit.market_data import CANDLE_NAMES
from exchanges.bybit.public import BybitWire
from exchanges.bybit.rest import BUCKET, BybitRest
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue, split_by_quote

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

# No limit of messages is documented; ten a second subscribe to the largest connection in two.
_MESSAGES: Final = Rate.within(20, 1.0)
# The venue wants a ping every 20 s, and answers each.
_HEARTBEAT: Final = Heartbeat(idle_s=10.0, reply_s=10.0, every_s=20.0)
# The args of a connection may have 21,000 characters, and an arg has some 30; but every loss of a
# connection costs one new start a book.
_MAX_TOPICS: Final = 200
# Spot takes ten args a request. Linear states no limit, but one bad arg refuses all of them.
_SPOT_BATCH: Final = 10
_LINEAR_BATCH: Final = 50


def _stream(kind: Kind, name: str, batch: int, *channels: Channel) -> Stream:
    return Stream(
        name=name,
        kinds=frozenset({kind}),
        channels=frozenset(
            {
                Channel.BOOK,
                Channel.TOP,
                Channel.TRADES,
                Channel.TICKER,
                Channel.KLINES,
                *channels,
            }
        ),
        heartbeat=_HEARTBEAT,
        messages=_MESSAGES,
        max_topics=_MAX_TOPICS,
        batch=batch,
    )


# Quote assets of the spot market in lists and recordings, for names that no list explains.
_QUOTES: Final = ("USDT", "USDC", "BTC", "ETH", "EUR", "DAI", "BRZ")
_USDC_PERPETUAL: Final = "PERP"


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`BTCUSDT`, of spot and linear alike; contracts settled in USDC are called `BTCPERP`."""
    if kind is Kind.PERPETUAL and native.endswith(_USDC_PERPETUAL):
        base = native.removesuffix(_USDC_PERPETUAL)
        return (base, "USDC", "USDC") if base else None
    assets = split_by_quote(native, ("USDT",) if kind is Kind.PERPETUAL else _QUOTES)
    if assets is None or not native.isalnum():
        return None
    base, quote = assets
    return base, quote, quote if kind is Kind.PERPETUAL else ""


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.bybit.sandbox import BybitSandbox

    return BybitSandbox


VENUE: Final = Venue(
    name="bybit",
    title="Bybit",
    source="official API v5 documentation (2026-07-24)",
    rest=BybitRest(),
    wire=BybitWire,
    streams=(
        _stream(Kind.SPOT, "spot", _SPOT_BATCH),
        _stream(
            Kind.PERPETUAL,
            "linear",
            _LINEAR_BATCH,
            Channel.FUNDING,
            Channel.MARK_PRICE,
            Channel.OPEN_INTEREST,
            Channel.LIQUIDATIONS,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.bybit.com",
            "spot": "wss://stream.bybit.com/v5/public/spot",
            "linear": "wss://stream.bybit.com/v5/public/linear",
        },
        "testnet": {
            "rest": "https://api-testnet.bybit.com",
            "spot": "wss://stream-testnet.bybit.com/v5/public/spot",
            "linear": "wss://stream-testnet.bybit.com/v5/public/linear",
        },
    },
    buckets={BUCKET: Rate.within(600, 5.0)},
    connects=Rate.within(500, 300.0),
    # List prices of a regular user; the venue publishes fees per account only.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.001"), taker=Decimal("0.001")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.00055")),
    },
    integrity={Kind.SPOT: "consecutive ids", Kind.PERPETUAL: "consecutive ids"},
    klines=tuple(CANDLE_NAMES),
    recorded={"bybit": Kind.PERPETUAL},
    read_native=_read_native,
    sandbox=_load_sandbox,
)
