"""Binance public streams, spot and USD-M.

Source: "WebSocket Streams" of the spot API documentation (2026-07-21) and of the USD-M one
(2026-07-24). They are those of `exchanges/dialects/mbx/public.py`.
"""

from exchanges.dialects.mbx.public import MbxWire


class BinanceWire(MbxWire):
    """One combined-stream connection."""

    venue = "binance"
