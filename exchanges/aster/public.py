"""Aster's public streams.

Source: "WebSocket Market Streams" of the futures V3 document (June 2026). They are those of
`exchanges/dialects/mbx/public.py`.
"""

from exchanges.dialects.mbx.public import MbxWire


class AsterWire(MbxWire):
    """One combined-stream connection."""

    venue = "aster"
