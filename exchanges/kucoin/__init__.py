"""KuCoin: spot, as data.

Source: "Pro API" WebSocket and "Classic" REST documentation (2026).
"""

from typing import Final

from exchanges.kucoin.listing import ASSETS, LIST_FEE
from exchanges.kucoin.public import KucoinWire
from exchanges.kucoin.rest import BUCKET, BUDGET, REST
from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like
from exchanges.stream.facts import Heartbeat, SocketLimits, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

VENUE: Final = Venue(
    title="KuCoin",
    source="official Pro WebSocket and classic REST documentation (2026)",
    rest=REST,
    wire=KucoinWire,
    streams=(
        Stream(
            name="stream",
            kinds=frozenset({Kind.SPOT}),
            # The welcome asks for a ping every 18 s; on the classic socket a pong that is 10 s late
            # is the end.
            heartbeat=Heartbeat(idle_s=10.0, reply_s=10.0, every_s=18.0),
            limits=SocketLimits(messages=Rate(100, 10.0, Scope.CONNECTION)),
            messages=Rate(100, 10.0, Scope.CONNECTION),
            # The classic socket takes 300 topics and that of futures 600 (and 300 messages in 10 s,
            # as somebody met them in September 2026); of this one no limit is documented. Each is
            # asked for by itself, and every loss of a connection costs one new start a book.
            max_topics=100,
            # Not documented of this socket; the token of the classic one is good for a day.
            lifetime_s=24 * 3600.0,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.kucoin.com",
            "stream": "wss://x-push-spot.kucoin.com",
        },
    },
    buckets={BUCKET: BUDGET},
    # Of the classic socket; 150 a minute are said of this one.
    connects=Rate(30, 60.0),
    # Of the first class of markets, for a regular user.
    fees={Kind.SPOT: Fees(maker=LIST_FEE, taker=LIST_FEE)},
    integrity={Kind.SPOT: "id range"},
    # `BTC-USDT`, made of the codes that the assets had when they were listed.
    read_native=names_like(spot=r"([^-]+)-([A-Za-z0-9]+)"),
    sandbox_at="exchanges.kucoin.sandbox:KucoinSandbox",
    assets=ASSETS,
)
