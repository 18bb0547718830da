"""Aster seen from the server: market data REST. The sockets are in `sandbox_streams.py`.

Source: as for `rest.py`. The answers are those of `exchanges/mbx/sandbox.py`.
"""

from exchanges.aster.rest import OPEN_INTEREST_PATH, AsterRest
from exchanges.aster.sandbox_streams import AsterSession
from exchanges.instrument import Kind
from exchanges.mbx.sandbox import MbxSandbox


class AsterSandbox(MbxSandbox):
    """The exchange."""

    name = "aster"
    kinds = (Kind.PERPETUAL,)
    surfaces = AsterRest.surfaces
    session = AsterSession
    open_interest_path = OPEN_INTEREST_PATH
