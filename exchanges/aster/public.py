"""Aster's public streams.

Source: "WebSocket Market Streams" of the futures V3 document (June 2026). They are those of
`exchanges/mbx/stream.py`.
"""

from exchanges.aster.rest import AsterRest
from exchanges.mbx.stream import MbxStream


class AsterStream(MbxStream):
    """One combined-stream connection."""

    venue = "aster"
    rest = AsterRest()
