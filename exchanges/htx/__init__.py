"""HTX (Huobi until 2023): spot and linear swaps, as data.

Source: API documentation of spot and of linear swaps (June 2021, the last one in text), and hosts
that the venue's own tools of May 2026 use.
"""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from exchanges.htx.listing import ASSETS
from exchanges.htx.public import HtxWire
from exchanges.htx.rest import BUCKET, MARKET_BUCKET, OTHER_BUCKET, REST
from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like, settled_in_base_of_dollars
from exchanges.market.topics import MARKET_DATA, Channel
from exchanges.stream.facts import UNSTATED, Heartbeat, SocketLimits, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

_MARKET: Final = Stream(
    name="market",
    kinds=frozenset({Kind.SPOT}),
    channels=MARKET_DATA - {Channel.BOOK},
    # The venue pings about every 5 s and ends the connection if two stay unanswered; it wants none
    # of ours.
    heartbeat=Heartbeat(idle_s=16.0),
    limits=UNSTATED,
    # Some 40 subscriptions a second are taken on swaps, and 50 on spot.
    messages=Rate(40, 1.0),  # of whom is not said: of the address
    # No limit of topics is documented; each is asked for by itself, and every loss of a connection
    # costs one new start a book.
    max_topics=100,
)
_FEED: Final = replace(
    _MARKET,
    name="feed",
    channels=frozenset({Channel.BOOK}),
    # Whole books may be asked for every 100 ms, one at a time; all else goes at that pace as well.
    messages=Rate(1, 0.1, Scope.CONNECTION),
    max_topics=50,
)
_SWAP: Final = replace(
    _MARKET,
    name="swap",
    kinds=frozenset({Kind.PERPETUAL}),
    channels=MARKET_DATA,
    limits=SocketLimits(messages=Rate(40, 1.0)),
)
# Quote assets of the spot market in recorded lists, for names that no list explains.
_QUOTES: Final = "usdt|husd|btc|eth|trx|ht"
_NAMES: Final = names_like(
    spot=f"(.+?)({_QUOTES})",
    perpetual=r"([^-]+)-([^-]+)",
    settled_in=settled_in_base_of_dollars,
)


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`btcusdt` on spot; `BTC-USDT`, or `BTC-USD` of an inverse swap."""
    base, quote, settle = _NAMES(kind, native) or ("", "", "")
    return (base.upper(), quote.upper(), settle) if base else None


VENUE: Final = Venue(
    title="HTX",
    source="official API documentation (June 2021) and tools (May 2026)",
    rest=REST,
    wire=HtxWire,
    streams=(
        _FEED,
        _MARKET,
        _SWAP,
        replace(_SWAP, name="swap_index", channels=frozenset({Channel.MARK_PRICE})),
        replace(
            _SWAP,
            name="swap_news",
            channels=frozenset({Channel.FUNDING, Channel.LIQUIDATIONS}),
        ),
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
    aliases={
        "swap_rest": ("https://api.hbdm.com",),
        "swap": ("wss://api.hbdm.com/linear-swap-ws",),
        "swap_index": ("wss://api.hbdm.com/ws_index",),
        "swap_news": ("wss://api.hbdm.com/linear-swap-notification",),
    },
    buckets={
        BUCKET: Rate(10, 1.0),
        MARKET_BUCKET: Rate(800, 1.0),
        # As the header of its replies said in September 2026; 120 by the documentation of 2021.
        OTHER_BUCKET: Rate(240, 3.0),
    },
    # What passes a limit is refused for its window, and nothing else.
    bans_addresses=False,
    # Of spot as replies about an account had them; of swaps those of the first level, "Prime 0" of
    # the venue's article on fees (900000089923), "for illustration" (read 2026-11).
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.002"), taker=Decimal("0.002")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0006")),
    },
    integrity={Kind.SPOT: "previous id", Kind.PERPETUAL: "consecutive ids"},
    recorded_as={"htx-swap": Kind.PERPETUAL},
    read_native=_read_native,
    assets=ASSETS,
    sandbox_at="exchanges.htx.sandbox:HtxSandbox",
)
