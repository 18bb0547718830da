"""Aster seen from the server: market data REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. The answers are those of `exchanges/dialects/mbx/sandbox.py`.
"""

from exchanges.aster import VENUE
from exchanges.aster.rest import REST
from exchanges.aster.sandbox_public import AsterSession
from exchanges.dialects.mbx.sandbox import MbxSandbox


class AsterSandbox(MbxSandbox):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    session = AsterSession
