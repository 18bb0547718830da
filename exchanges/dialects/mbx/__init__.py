"""The dialect whose headers begin with X-MBX: combined streams, and requests that have a weight.

Several venues speak it on spot, on USD-M perpetuals or on both. A venue gives its hosts, the
names of its streams, and the weights of its requests; frames, books, replies, errors and the
server's side are here.
"""

from typing import Final

from exchanges.market.topics import KlineInterval

INTERVALS: Final = (
    KlineInterval.M1,
    KlineInterval.M3,
    KlineInterval.M5,
    KlineInterval.M15,
    KlineInterval.M30,
    KlineInterval.H1,
    KlineInterval.H2,
    KlineInterval.H4,
    KlineInterval.H6,
    KlineInterval.H8,
    KlineInterval.H12,
    KlineInterval.D1,
    KlineInterval.D3,
    KlineInterval.W1,
    KlineInterval.MO1,
)
"""Candles that all markets have."""
