"""Aster seen from the server: all streams at one address.

Source: as for `public.py`. The streams are those of `exchanges/mbx/sandbox_streams.py`.
"""

from typing import ClassVar

from exchanges.instrument import Kind
from exchanges.mbx.sandbox_streams import PERPETUAL_CHANNELS, MbxSession


class AsterSession(MbxSession):
    """One combined-stream connection."""

    channels: ClassVar = {"stream": (Kind.PERPETUAL, PERPETUAL_CHANNELS)}
