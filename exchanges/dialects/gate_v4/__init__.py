"""API v4 of Gate: what its spot market and its perpetuals share, client and server side.

The two differ in the prefix of their channels (`spot.trades`, `futures.trades`), the root of
their paths, and the shape of most rows. A venue of this dialect gives these; the frames around
the rows, books, requests and errors are here, and so are the facts of its connections.
"""

from typing import Final

from exchanges.limits import Rate
from exchanges.market.instrument import Kind
from exchanges.stream.facts import Heartbeat

# No limit of messages is documented. The venue allows 20 requests a second to any REST path.
MESSAGES: Final = Rate.within(20, 1.0)
# The official SDK pings every 5 s; the venue's own limit on silence is not documented.
HEARTBEAT: Final = Heartbeat(idle_s=10.0, reply_s=10.0)
# No limit is documented; every loss of a connection costs one new start a book.
MAX_TOPICS: Final = 100
# One unknown market refuses the whole request, whose markets are then asked for one by one.
BATCH: Final = 50
# 300 connections an address were seen to be allowed on futures; no rate is documented.
CONNECTS: Final = Rate.within(30, 60.0)


def read_native(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`LUNC_USDT`, of spot and perpetual alike; a few old bases have an underscore themselves."""
    base, _, quote = native.rpartition("_")
    if not base or not quote.isalpha():
        return None  # a dated future ends with its date
    if kind is Kind.SPOT:
        return base, quote, ""
    return base, quote, base if quote == "USD" else quote
