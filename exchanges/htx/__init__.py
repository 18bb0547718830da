"""HTX (Huobi until 2023): spot and linear swaps, as data.

Source: API documentation of spot and of linear swaps (June 2021, the last one in text), and hosts
that the venue's own tools of May 2026 use.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.htx.listing import ASSETS
from exchanges.htx.market_data import CANDLE_NAMES
from exchanges.htx.public import HtxWire
from exchanges.htx.rest import HtxRest
from exchanges.htx.spot_rest import BUCKET
from exchanges.htx.swap_rest import MARKET_BUCKET, OTHER_BUCKET
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue, split_by_quote

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

# Some 40 subscriptions a second are taken on swaps, and 50 on spot.
_MESSAGES: Final = Rate.within(40, 1.0)
# Whole books may be asked for every 100 ms, one at a time; all else goes at that pace as well.
_PULLS: Final = Rate(1, 9.0)
# The venue pings about every 5 s and ends the connection if two stay unanswered; it wants none of
# ours.
_HEARTBEAT: Final = Heartbeat(idle_s=16.0)
# No limit of topics is documented; each is asked for by itself, and every loss of a connection
# costs one new start a book.
_MAX_TOPICS: Final = 100
_MAX_PULLED: Final = 50
# Nothing is documented; other venues allow 30 a minute.
_CONNECTS: Final = Rate.within(30, 60.0)


def _stream(
    name: str,
    kind: Kind,
    *channels: Channel,
    messages: Rate = _MESSAGES,
    max_topics: int = _MAX_TOPICS,
) -> Stream:
    return Stream(
        name=name,
        kinds=frozenset({kind}),
        channels=frozenset(channels),
        heartbeat=_HEARTBEAT,
        messages=messages,
        max_topics=max_topics,
    )


# Quote assets of the spot market in recorded lists, for names that no list explains.
_QUOTES: Final = ("usdt", "husd", "btc", "eth", "trx", "ht")


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`btcusdt` on spot; `BTC-USDT`, or `BTC-USD` of an inverse swap."""
    if kind is Kind.SPOT:
        assets = split_by_quote(native, _QUOTES)
        return (assets[0].upper(), assets[1].upper(), "") if assets else None
    base, _, quote = native.partition("-")
    if not base or not quote or "-" in quote:
        return None
    return base, quote, base if quote == "USD" else quote


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.htx.sandbox import HtxSandbox

    return HtxSandbox


VENUE: Final = Venue(
    name="htx",
    title="HTX",
    source="official API documentation (June 2021) and tools (May 2026)",
    rest=HtxRest(),
    wire=HtxWire,
    streams=(
        _stream("feed", Kind.SPOT, Channel.BOOK, messages=_PULLS, max_topics=_MAX_PULLED),
        _stream(
            "market",
            Kind.SPOT,
            Channel.TOP,
            Channel.TRADES,
            Channel.TICKER,
            Channel.KLINES,
        ),
        _stream(
            "swap",
            Kind.PERPETUAL,
            Channel.BOOK,
            Channel.TOP,
            Channel.TRADES,
            Channel.TICKER,
            Channel.KLINES,
        ),
        _stream("swap_index", Kind.PERPETUAL, Channel.MARK_PRICE),
        _stream("swap_news", Kind.PERPETUAL, Channel.FUNDING, Channel.LIQUIDATIONS),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.huobi.pro",
            "feed": "wss://api.huobi.pro/feed",
            "market": "wss://api.huobi.pro/ws",
            "swap_rest": "https://api.hbdm.vn",
            "swap": "wss://api.hbdm.vn/linear-swap-ws",
            "swap_index": "wss://api.hbdm.vn/ws_index",
            "swap_news": "wss://api.hbdm.vn/linear-swap-notification",
        },
    },
    buckets={
        BUCKET: Rate.within(10, 1.0),
        MARKET_BUCKET: Rate.within(800, 1.0),
        OTHER_BUCKET: Rate.within(120, 3.0),
    },
    connects=_CONNECTS,
    # List prices, as replies about an account had them; the venue publishes none.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.002"), taker=Decimal("0.002")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0004")),
    },
    integrity={Kind.SPOT: "previous id", Kind.PERPETUAL: "consecutive ids"},
    klines=tuple(CANDLE_NAMES),
    recorded={"htx": Kind.SPOT, "htx-swap": Kind.PERPETUAL},
    read_native=_read_native,
    assets=ASSETS,
    sandbox=_load_sandbox,
)
