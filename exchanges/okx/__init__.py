"""OKX: spot and perpetual swaps, as data.

Source: official guide (English, August 2025) and its Chinese edition with change log (July 2026).
"""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like, settled_in_base_of_dollars
from exchanges.market.topics import MARKET_DATA, Channel
from exchanges.okx.public import OkxWire, checksum
from exchanges.okx.rest import REST
from exchanges.stream.facts import Heartbeat, SocketLimits, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

_PUBLIC: Final = Stream(
    name="public",
    channels=MARKET_DATA - {Channel.KLINES},
    # The venue ends a connection that is silent for 30 s, and answers "ping" with "pong".
    heartbeat=Heartbeat(idle_s=20.0, reply_s=8.0),
    # Requests to subscribe, end and log in, a connection and hour; silence and no subscription.
    limits=SocketLimits(messages=Rate(480, 3600.0, Scope.CONNECTION), start_s=30.0, idle_s=30.0),
    # 480 requests to subscribe or unsubscribe an hour and connection. Pings do not count, but are
    # only sent when the connection is idle.
    messages=Rate(480, 3600.0, Scope.CONNECTION),
    # Fewer than 30 book channels a connection are advised.
    max_topics=29,
    # The args of one request may have 64 KB; an arg has some 60 bytes.
    batch=100,
)
# Where there are no books nothing is advised; every loss of a connection costs all its topics.
_NO_BOOKS: Final = 100
_DERIVATIVES: Final = replace(_PUBLIC.of_derivatives(), max_topics=_NO_BOOKS)
_BUSINESS: Final = replace(
    _PUBLIC, name="business", channels=frozenset({Channel.KLINES}), max_topics=_NO_BOOKS
)

VENUE: Final = Venue(
    title="OKX",
    source="www.okx.com/docs-v5 (July 2026)",
    rest=REST,
    wire=OkxWire,
    streams=(_PUBLIC, _DERIVATIVES, _BUSINESS),
    # Port 8443 takes no sockets since 31 October 2026; recordings name it.
    endpoints={
        PRODUCTION: {
            "rest": "https://openapi.okx.com",
            "public": "wss://ws.okx.com:443/ws/v5/public",
            "derivatives": "wss://ws.okx.com:443/ws/v5/public",
            "business": "wss://ws.okx.com:443/ws/v5/business",
        },
        "demo": {
            "rest": "https://openapi.okx.com",
            "public": "wss://wspap.okx.com:443/ws/v5/public",
            "derivatives": "wss://wspap.okx.com:443/ws/v5/public",
            "business": "wss://wspap.okx.com:443/ws/v5/business",
        },
    },
    # Without it the one host answers of production, public paths as well.
    headers={"demo": (("x-simulated-trading", "1"),)},
    aliases={
        "rest": ("https://www.okx.com",),
        "public": (
            "wss://ws.okx.com/ws/v5/public",
            "wss://ws.okx.com:8443/ws/v5/public",
        ),
        "business": (
            "wss://ws.okx.com/ws/v5/business",
            "wss://ws.okx.com:8443/ws/v5/business",
        ),
    },
    buckets=REST.rates,
    connects=Rate(3, 1.0),
    # What passes a limit of a path or of handshakes is refused for its window, and nothing else.
    bans_addresses=False,
    # List prices of a regular user; the venue publishes fees per account only. Special pairs cost
    # 0.10 and 0.15 %, some 0.05 % or nothing; `groupId` of a market tells its group, and no text
    # which group that is.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.0008"), taker=Decimal("0.001")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0005")),
    },
    integrity=dict.fromkeys(Kind, "previous id"),
    read_native=names_like(
        spot=r"([^-]+)-([^-]+)",
        perpetual=r"([^-]+)-([^-]+)-SWAP",
        settled_in=settled_in_base_of_dollars,
    ),
    sandbox_at="exchanges.okx.sandbox:OkxSandbox",
    checksum=checksum,
)
