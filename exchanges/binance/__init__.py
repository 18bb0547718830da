"""Binance: spot and USD-M perpetuals, as data.

Source: official spot documentation of 2026-07-21, USD-M connectors of 2026-07-24, and limits
measured on the USD-M hosts in October 2026 (marked "measured").
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from exchanges.binance.public import BinanceWire
from exchanges.binance.rest import BinanceRest
from exchanges.dialects.mbx import INTERVALS
from exchanges.dialects.mbx.rest import SYNC_LEVELS
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel, KlineInterval
from exchanges.stream.facts import Heartbeat, Stream
from exchanges.venue import PRODUCTION, Fees, Venue, split_by_quote

if TYPE_CHECKING:
    from exchanges.sandbox.venue import SandboxVenue

# Five messages a second are allowed on spot, pongs included; on USD-M the 16th back to back
# ends the connection (measured). Four leave room for the pongs.
_MESSAGES: Final = Rate.within(4, 1.0)
# The venue's own pings come every 20 s on spot but only every 3 min on USD-M, and prove nothing
# about the feed: a connection without a frame for 15 s is asked to list its subscriptions.
_HEARTBEAT: Final = Heartbeat(idle_s=15.0, reply_s=10.0)
_DAY_S: Final = 24 * 3600.0
# 1024 streams fit a connection, but the 1025th ends it with all the others (measured), and
# every loss of a connection costs one snapshot a book.
_MAX_TOPICS: Final = 200
_BATCH: Final = 100


def _stream(name: str, kind: Kind, *channels: Channel) -> Stream:
    return Stream(
        name=name,
        kinds=frozenset({kind}),
        channels=frozenset(channels),
        heartbeat=_HEARTBEAT,
        messages=_MESSAGES,
        max_topics=_MAX_TOPICS,
        batch=_BATCH,
        lifetime_s=_DAY_S,
        klines=() if kind is Kind.SPOT else INTERVALS,  # seconds on spot only
    )


def _read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    assets = split_by_quote(native, _QUOTES)
    if assets is None:
        return None
    base, quote = assets
    return base, quote, quote if kind is Kind.PERPETUAL else ""


def _load_sandbox() -> "type[SandboxVenue]":
    from exchanges.binance.sandbox import BinanceSandbox

    return BinanceSandbox


# Quote assets of the spot market in 2026, for names that no instrument list explains.
_QUOTES: Final = (
    "USDT",
    "USDC",
    "FDUSD",
    "TUSD",
    "BUSD",
    "USDP",
    "DAI",
    "BTC",
    "ETH",
    "BNB",
    "XRP",
    "TRX",
    "DOGE",
    "EUR",
    "GBP",
    "TRY",
    "BRL",
    "AUD",
    "RUB",
    "UAH",
    "JPY",
    "MXN",
    "ARS",
    "ZAR",
    "PLN",
)

VENUE: Final = Venue(
    name="binance",
    title="Binance",
    source="developers.binance.com (spot 2026-07-21, USD-M 2026-07-24)",
    rest=BinanceRest(),
    start_limit=SYNC_LEVELS,
    wire=BinanceWire,
    streams=(
        _stream(
            "spot_stream",
            Kind.SPOT,
            Channel.BOOK,
            Channel.TOP,
            Channel.TRADES,
            Channel.TICKER,
            Channel.KLINES,
        ),
        # Since 2026 the USD-M streams are split; each path is silent about the other's.
        _stream("um_public", Kind.PERPETUAL, Channel.BOOK, Channel.TOP),
        _stream(
            "um_market",
            Kind.PERPETUAL,
            Channel.TRADES,
            Channel.TICKER,
            Channel.KLINES,
            Channel.MARK_PRICE,
            Channel.FUNDING,
            Channel.LIQUIDATIONS,
        ),
    ),
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
            "um_public": "wss://fstream.binancefuture.com/stream",
            "um_market": "wss://fstream.binancefuture.com/stream",
        },
    },
    buckets={
        "spot_weight": Rate.within(6000, 60.0),
        "um_weight": Rate.within(2400, 60.0),
        "um_funding": Rate.within(500, 300.0),
    },
    connects=Rate.within(300, 300.0),
    # List prices of a regular user; exchangeInfo has none.
    fees={
        Kind.SPOT: Fees(maker=Decimal("0.001"), taker=Decimal("0.001")),
        Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0005")),
    },
    integrity={Kind.SPOT: "id range", Kind.PERPETUAL: "previous id"},
    klines=(KlineInterval.S1, *INTERVALS),  # seconds on spot only
    recorded={"binance": Kind.SPOT, "binance-futures": Kind.PERPETUAL},
    read_native=_read_native,
    sandbox=_load_sandbox,
)
