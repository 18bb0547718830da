"""Aster: USDT-margined perpetuals, as data. Its spot market has an API of its own.

Source: official api-docs repository (30 June 2026), and payloads quoted by ccxt in 2025 and 2026.
"""

from decimal import Decimal
from typing import Final

from exchanges.aster.public import AsterWire
from exchanges.aster.rest import REST
from exchanges.dialects.mbx import INTERVALS
from exchanges.dialects.mbx.rest import SYNC_LEVELS
from exchanges.limits import Rate, Scope
from exchanges.market.instrument import Kind
from exchanges.market.native import names_like
from exchanges.market.topics import Channel
from exchanges.stream.facts import Heartbeat, SocketLimits, Stream
from exchanges.venue import PRODUCTION, Fees, Venue

# Quote assets of the listed contracts, for names that no instrument list explains.
_QUOTES: Final = "USDT|USD1|USDF"

VENUE: Final = Venue(
    title="Aster",
    source="official api-docs repository, futures V3 (June 2026)",
    rest=REST,
    start_limit=SYNC_LEVELS,
    wire=AsterWire,
    streams=(
        Stream(
            name="stream",
            klines=INTERVALS,
            kinds=frozenset({Kind.PERPETUAL}),
            channels=frozenset(Channel) - {Channel.OPEN_INTEREST},
            # The venue's own pings come every 5 min and prove nothing about the feed: a
            # connection without a frame for 15 s is asked to list its subscriptions.
            heartbeat=Heartbeat(idle_s=15.0, reply_s=10.0),
            limits=SocketLimits(messages=Rate(10, 1.0, Scope.CONNECTION), topics=200),
            # The eleventh message within a second ends the connection, and repeated offenders
            # are banned. Eight leave room for pongs.
            messages=Rate(8, 1.0, Scope.CONNECTION),
            # 200 streams fit a connection, and every loss of one costs a snapshot a book.
            max_topics=200,
            batch=100,
            lifetime_s=24 * 3600.0,
        ),
    ),
    endpoints={
        PRODUCTION: {
            "rest": "https://fapi.asterdex.com",
            "stream": "wss://fstream.asterdex.com/stream",
        },
        "testnet": {
            "rest": "https://fapi.asterdex-testnet.com",
            "stream": "wss://fstream5.asterdex-testnet.com/stream",
        },
    },
    buckets={"weight": Rate(2400, 60.0)},
    # Neither a list price nor a list of symbols tells fees; these are those of the documentation's
    # example of an account, which it may have from elsewhere. Others say less: 1 and 3.5 bp (ccxt,
    # 2026), 0.5 and 4 bp (the venue's page about spot). The highest of them costs opportunities,
    # a lower one that is wrong would cost money.
    fees={Kind.PERPETUAL: Fees(maker=Decimal("0.0002"), taker=Decimal("0.0004"))},
    integrity={Kind.PERPETUAL: "previous id"},
    read_native=names_like(perpetual=f"(.+?)({_QUOTES})"),
    sandbox_at="exchanges.aster.sandbox:AsterSandbox",
)
