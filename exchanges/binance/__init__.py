"""Binance: spot and USD-M perpetuals, as data.

Source: official spot documentation of 2026-07-21, USD-M connectors of 2026-07-24, and limits
measured on the USD-M hosts in October 2026 (marked "measured").
"""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from exchanges.binance.public import BinanceWire
from exchanges.binance.rest import REST
from exchanges.dialects.mbx import INTERVALS
from exchanges.dialects.mbx.rest import SYNC_LEVELS
from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like
from exchanges.market.topics import Channel
from exchanges.stream.facts import Heartbeat, SocketLimits, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

_SPOT: Final = Stream(
    name="spot_stream",
    kinds=frozenset({Kind.SPOT}),
    # The venue's own pings come every 20 s on spot but only every 3 min on USD-M, and prove
    # nothing about the feed: a connection without a frame for 15 s is asked to list its
    # subscriptions.
    heartbeat=Heartbeat(idle_s=15.0, reply_s=10.0),
    limits=SocketLimits(messages=Rate(5, 1.0, Scope.CONNECTION), topics=1024),
    # Four leave room for the pongs, which count as well.
    messages=Rate(4, 1.0, Scope.CONNECTION),
    # 1024 streams fit a connection, but the 1025th ends it with all the others (measured), and
    # every loss of a connection costs one snapshot a book.
    max_topics=200,
    batch=100,
    lifetime_s=24 * 3600.0,
)
# Since 2026 the USD-M streams are split; each path is silent about the other's.
_UM_PUBLIC: Final = replace(
    _SPOT,
    name="um_public",
    kinds=frozenset({Kind.PERPETUAL}),
    # The 16th message back to back ends the connection, and so does the 1025th stream (measured).
    limits=SocketLimits(messages=Rate(15, 1.0, Scope.CONNECTION), topics=1024),
    channels=frozenset({Channel.BOOK, Channel.TOP}),
)
_UM_MARKET: Final = replace(
    _UM_PUBLIC,
    name="um_market",
    channels=frozenset(Channel) - _UM_PUBLIC.channels - {Channel.OPEN_INTEREST},
    klines=INTERVALS,  # seconds on spot only
)

# Quote assets of the spot market in 2026, for names that no instrument list explains.
_QUOTES: Final = (
    "USDT|USDC|FDUSD|TUSD|BUSD|USDP|DAI|BTC|ETH|BNB|XRP|TRX|"
    "DOGE|EUR|GBP|TRY|BRL|AUD|RUB|UAH|JPY|MXN|ARS|ZAR|PLN"
)

VENUE: Final = Venue(
    title="Binance",
    source="developers.binance.com (spot 2026-07-21, USD-M 2026-07-24)",
    rest=REST,
    start_limit=SYNC_LEVELS,
    wire=BinanceWire,
    streams=(_SPOT, _UM_PUBLIC, _UM_MARKET),
    endpoints={
        PRODUCTION: {
            # The hosts for market data only need no key and leave the trading hosts alone.
            "spot_rest": "https://data-api.binance.vision",
            "spot_stream": "wss://data-stream.binance.vision/stream",
            "um_rest": "https://fapi.binance.com",
            "um_public": "wss://fstream.binance.com/public/stream",
            "um_market": "wss://fstream.binance.com/market/stream",
        },
        "testnet": {
            "spot_rest": "https://testnet.binance.vision",
            "spot_stream": "wss://stream.testnet.binance.vision/stream",
            "um_rest": "https://demo-fapi.binance.com",
            # Split as in production; these paths are what go-binance tests (April 2026).
            "um_public": "wss://fstream.binancefuture.com/public/stream",
            "um_market": "wss://fstream.binancefuture.com/market/stream",
        },
    },
    aliases={
        "spot_rest": ("https://api.binance.com",),
        "spot_stream": (
            "wss://stream.binance.com:9443/stream",
            "wss://stream.binance.com/stream",
        ),
    },
    buckets={
        "spot_weight": Rate(6000, 60.0),
        "um_weight": Rate(2400, 60.0),
        "um_funding": Rate(500, 300.0),
    },
    connects=Rate(300, 300.0),
    # List prices of a regular user; exchangeInfo has none.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.001"), taker=Decimal("0.001")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0005")),
    },
    integrity={Kind.SPOT: "id range", Kind.PERPETUAL: "previous id"},
    recorded_as={"binance-futures": Kind.PERPETUAL},
    read_native=names_like(spot=f"(.+?)({_QUOTES})", perpetual=f"(.+?)({_QUOTES})"),
    sandbox_at="exchanges.binance.sandbox:BinanceSandbox",
)
