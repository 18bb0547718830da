"""API v4 of Gate: what its spot market and its perpetuals share, client and server side.

The two differ in the prefix of their channels (`spot.trades`, `futures.trades`), the root of
their paths, and the shape of most rows. A venue of this dialect gives these; the frames around
the rows, books, requests and errors are here, and so are the facts of its connections.
"""

from typing import Final

from exchanges.limits import Rate, Scope
from exchanges.market.native import names_like, settled_in_base_of_dollars
from exchanges.stream.facts import UNSTATED, Heartbeat

LIMITS: Final = UNSTATED
# No limit of messages is documented. The venue allows 20 requests a second to any REST path.
MESSAGES: Final = Rate(20, 1.0, Scope.CONNECTION)
# The official SDK pings every 5 s; the venue's own limit on silence is not documented.
HEARTBEAT: Final = Heartbeat(idle_s=10.0, reply_s=10.0)
# No limit is documented; every loss of a connection costs one new start a book.
MAX_TOPICS: Final = 100
# One unknown market refuses the whole request, whose markets are then asked for one by one.
BATCH: Final = 50

# `LUNC_USDT`, of spot and perpetual alike; a few old bases have an underscore themselves, and a
# dated future ends with its date.
_NAME: Final = r"(.+)_([A-Za-z]+)"
read_native: Final = names_like(spot=_NAME, perpetual=_NAME, settled_in=settled_in_base_of_dollars)
