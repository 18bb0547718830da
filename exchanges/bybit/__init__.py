"""Bybit: spot and linear perpetuals, as data.

Source: API v5 documentation of 2026-07-24.
"""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from exchanges.bybit.public import BybitWire
from exchanges.bybit.rest import BUCKET, REST
from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like
from exchanges.market.topics import Channel
from exchanges.stream.facts import UNSTATED, Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

_SPOT: Final = Stream(
    name="spot",
    kinds=frozenset({Kind.SPOT}),
    # The venue wants a ping every 20 s, and answers each.
    heartbeat=Heartbeat(idle_s=10.0, reply_s=10.0, every_s=20.0),
    # But for the args of a connection, 21000 characters in all.
    limits=UNSTATED,
    # No limit of messages is documented; ten a second subscribe to the largest connection in two.
    messages=Rate(20, 1.0, Scope.CONNECTION),
    # The args of a connection may have 21,000 characters, and an arg has some 30; but every loss
    # of a connection costs one new start a book.
    max_topics=200,
    # Spot takes ten args a request.
    batch=10,
)
_LINEAR: Final = replace(
    _SPOT,
    name="linear",
    kinds=frozenset({Kind.PERPETUAL}),
    channels=frozenset(Channel),
    # Linear states no limit, but one bad arg refuses all of them.
    batch=50,
)
# Quote assets of the spot market in lists and recordings, for names that no list explains.
_QUOTES: Final = "USDT|USDC|BTC|ETH|EUR|DAI|BRZ"

VENUE: Final = Venue(
    title="Bybit",
    source="official API v5 documentation (2026-07-24)",
    rest=REST,
    wire=BybitWire,
    streams=(_SPOT, _LINEAR),
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
    buckets={BUCKET: Rate(600, 5.0)},
    connects=Rate(500, 300.0),
    # List prices of a regular user; the venue publishes fees per account only.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.001"), taker=Decimal("0.001")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.00055")),
    },
    integrity=dict.fromkeys(Kind, "consecutive ids"),
    recorded_as={"bybit": Kind.PERPETUAL},
    # `BTCUSDT`, of spot and linear alike; contracts settled in USDC are called `BTCPERP`.
    read_native=names_like(
        spot=rf"([^\W_]+?)({_QUOTES})", perpetual=r"([^\W_]+?)(?:(USDT)|PERP)", quote="USDC"
    ),
    sandbox_at="exchanges.bybit.sandbox:BybitSandbox",
)
