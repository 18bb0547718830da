"""Binance seen from the server: which streams each address has.

Source: as for `public.py`. The streams are those of `exchanges/dialects/mbx/sandbox_public.py`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from exchanges.dialects.mbx.sandbox_public import (
    PERPETUAL_CHANNELS,
    SPOT_CHANNELS,
    MbxSession,
    Row,
)
from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.sandbox.session import SandboxStream

_PUBLIC = (Channel.BOOK, Channel.TOP)


class BinanceSession(MbxSession):
    """One combined-stream connection; the streams of USD-M are split over two addresses."""

    channels: ClassVar = {
        "spot_stream": (Kind.SPOT, SPOT_CHANNELS),
        "um_public": (
            Kind.PERPETUAL,
            {name: one for name, one in PERPETUAL_CHANNELS.items() if one in _PUBLIC},
        ),
        "um_market": (
            Kind.PERPETUAL,
            {name: one for name, one in PERPETUAL_CHANNELS.items() if one not in _PUBLIC},
        ),
    }

    def extras(self, stream: SandboxStream) -> Mapping[str, Any]:
        """USD-M has told the pair and a kind of symbol since 2026."""
        instrument = stream.market.instrument
        if instrument.kind is Kind.SPOT:
            return {}
        return {"st": 1, **({"ps": instrument.native} if stream.channel in _PUBLIC else {})}

    def refusal(self, error: Row, request_id: int | str | None) -> Row:
        """USD-M words it differently."""
        kind, _ = self.channels[self.endpoint]
        if kind is Kind.SPOT:
            return super().refusal(error, request_id)
        return {"error": error, "id": request_id}
