"""KuCoin: spot, as data.

Source: "Pro API" WebSocket and "Classic" REST documentation (2026).
"""

from typing import TYPE_CHECKING, Final

from exchanges.kucoin.listing import ASSETS, LIST_FEE
from exchanges.kucoin.market_data import CANDLE_NAMES
from exchanges.kucoin.public import KucoinWire
from exchanges.kucoin.rest import BUCKET, BUDGET, KucoinRest
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

_MESSAGES: Final = Rate.within(100, 10.0)
# The welcome asks for a ping every 18 s; on the classic socket a pong that is 10 s late is the end.
_HEARTBEAT: Final = Heartbeat(idle_s=10.0, reply_s=10.0, every_s=18.0)
# The classic socket takes 300 topics, of this one no limit is documented. Each is asked for by
# itself, and every loss of a connection costs one new start a book.
_MAX_TOPICS: Final = 100
# Not documented of this socket; the token of the classic one is good for a day.
_LIFETIME_S: Final = 24 * 3600.0
# Of the classic socket; 150 a minute are said of this one.
_CONNECTS: Final = Rate.within(30, 60.0)


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`BTC-USDT`, made of the codes that the assets had when they were listed."""
    base, _, quote = native.partition("-")
    if kind is not Kind.SPOT or not base or not quote.isalnum():
        return None
    return base, quote, ""


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.kucoin.sandbox import KucoinSandbox

    return KucoinSandbox


VENUE: Final = Venue(
    name="kucoin",
    title="KuCoin",
    source="official Pro WebSocket and classic REST documentation (2026)",
    rest=KucoinRest(),
    wire=KucoinWire,
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
            lifetime_s=_LIFETIME_S,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.kucoin.com",
            "stream": "wss://x-push-spot.kucoin.com",
        },
    },
    buckets={BUCKET: Rate.within(*BUDGET)},
    connects=_CONNECTS,
    # Of the first class of markets, for a regular user.
    fees={Kind.SPOT: Fees(maker=LIST_FEE, taker=LIST_FEE)},
    integrity={Kind.SPOT: "id range"},
    klines=tuple(CANDLE_NAMES),
    recorded={"kucoin": Kind.SPOT},
    read_native=_read_native,
    sandbox=_load_sandbox,
    assets=ASSETS,
)
