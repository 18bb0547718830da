"""Paradex: perpetuals in dollars, settled in USDC on a chain of its own, as data.

Source: official documents (August and September 2026), and captures of September and October
2026. The venue's options and its few spot markets are left out.
"""

from decimal import Decimal
from typing import Final

from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like
from exchanges.market.topics import MARKET_DATA, Channel
from exchanges.paradex.public import ParadexWire
from exchanges.paradex.rest import REQUESTS, REST
from exchanges.paradex.sbe import PARAMETERS
from exchanges.stream.facts import UNSTATED, Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

_PUBLIC: Final = Stream(
    name="public",
    kinds=frozenset({Kind.PERPETUAL}),
    channels=MARKET_DATA - {Channel.KLINES},
    # The venue pings by protocol every 55 s, which proves nothing about the feed: a connection
    # without a frame for 15 s is made to answer a request.
    heartbeat=Heartbeat(idle_s=15.0, reply_s=10.0),
    limits=UNSTATED,
    # No limit of messages is documented; ten a second subscribe to the largest connection in ten.
    messages=Rate(20, 1.0, Scope.CONNECTION),
    # No limit is documented, but a client that lets some 2000 messages queue up is cut off, and
    # each book sends ten a second.
    max_topics=100,
    # Binary data, which is all that there is since 21 September 2026. A version that the venue does
    # not serve yet is refused.
    parameters=PARAMETERS,
)


def _settled_in(_: str, quote: str) -> str:
    return "USDC" if quote == "USD" else quote


VENUE: Final = Venue(
    title="Paradex",
    source="github.com/tradeparadex/paradex-docs (August 2026)",
    rest=REST,
    wire=ParadexWire,
    streams=(_PUBLIC, _PUBLIC.of_derivatives()),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.prod.paradex.trade",
            "public": "wss://ws.api.prod.paradex.trade/v1",
            "derivatives": "wss://ws.api.prod.paradex.trade/v1",
        },
        "testnet": {
            "rest": "https://api.testnet.paradex.trade",
            "public": "wss://ws.api.testnet.paradex.trade/v1",
            "derivatives": "wss://ws.api.testnet.paradex.trade/v1",
        },
    },
    buckets={REQUESTS: Rate(1500, 60.0)},
    # 20 a second and 600 a minute; both hold.
    connects=Rate(10, 1.0),
    # Requests and handshakes are refused by buckets that refill, each by its own.
    bans_addresses=False,
    # List prices of accounts that trade by API (July 2026); lists tell those of each market.
    fees={Kind.PERPETUAL: Fees(maker=Decimal("0.00003"), taker=Decimal("0.00045"))},
    integrity={Kind.PERPETUAL: "consecutive ids"},
    # `BTC-USD-PERP`; `kBONK-USD-PERP` is a thousand BONK.
    read_native=names_like(perpetual=r"(.+)-([^-]+)-PERP", settled_in=_settled_in),
    sandbox_at="exchanges.paradex.sandbox:ParadexSandbox",
)
