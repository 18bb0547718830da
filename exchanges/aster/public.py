"""Aster's public streams.

Source: "WebSocket Market Streams" of the futures V3 document (June 2026). They are those of
`exchanges/dialects/mbx/public.py`.
"""

from exchanges.aster.rest import AsterRest
from exchanges.dialects.mbx.public import MbxStream


class AsterStream(MbxStream):
    """One combined-stream connection."""

    venue = "aster"
    rest = AsterRest()
