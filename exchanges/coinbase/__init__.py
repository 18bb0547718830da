"""Coinbase Advanced Trade: spot and US perpetual-style futures, as data.

Source: Advanced Trade API documentation (November 2026), and payloads captured in 2024 and 2026.
The international perpetuals (`BTC-PERP-INTX`) left this API on 1 October 2026 for a gateway of
another protocol, which is not covered.
"""

from decimal import Decimal
from typing import Final

from exchanges.coinbase.market_data import ASSETS, STREAMED_CANDLES
from exchanges.coinbase.public import CoinbaseWire
from exchanges.coinbase.rest import REQUESTS, REST
from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like
from exchanges.market.topics import MARKET_DATA, Channel
from exchanges.stream.facts import Heartbeat, SocketLimits, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

# The entry tier; accounts have their own. No other figure of derivatives is published.
_FEES: Final = Fees(maker=Decimal("0.006"), taker=Decimal("0.012"))

VENUE: Final = Venue(
    title="Coinbase",
    source="docs.cdp.coinbase.com/advanced-trade (November 2026)",
    rest=REST,
    wire=CoinbaseWire,
    streams=(
        Stream(
            name="public",
            # No best bid and ask: the ticker's are those of the last trade, however old.
            channels=MARKET_DATA - {Channel.TOP},
            klines=(STREAMED_CANDLES,),
            # Every connection subscribes the channel that speaks each second; without it for more
            # than 5 s the connection is dead.
            heartbeat=Heartbeat(idle_s=5.0),
            limits=SocketLimits(messages=Rate(8, 1.0), start_s=5.0),
            # 8 messages a second and address without a login, over all its connections.
            messages=Rate(8, 1.0),
            # At most 50 books a connection are advised; a lost frame costs all books of its
            # connection, so that fewer are better.
            max_topics=20,
            batch=20,
            # Whole books of liquid markets are one frame of several MB; 10 MB were not enough for
            # all.
            max_frame_bytes=64 << 20,
            shared_sequence=True,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://api.coinbase.com",
            "public": "wss://advanced-trade-ws.coinbase.com",
        },
    },
    buckets={REQUESTS: Rate(10, 1.0)},
    connects=Rate(8, 1.0),
    fees=dict.fromkeys(Kind, _FEES),
    integrity=dict.fromkeys(Kind, "connection sequence"),
    # The code of a US future (`BIP-20DEC30-CDE`) tells no asset.
    read_native=names_like(spot=r"([^-]+)-([^-]+)"),
    sandbox_at="exchanges.coinbase.sandbox:CoinbaseSandbox",
    assets=ASSETS,
)
