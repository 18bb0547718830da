"""Aster seen from the server: all streams at one address.

Source: as for `public.py`. The streams are those of `exchanges/dialects/mbx/sandbox_public.py`.
"""

from typing import ClassVar

from exchanges.dialects.mbx.sandbox_public import PERPETUAL_CHANNELS, MbxSession
from exchanges.market.instrument import Kind


class AsterSession(MbxSession):
    """One combined-stream connection."""

    channels: ClassVar = {"stream": (Kind.PERPETUAL, PERPETUAL_CHANNELS)}
