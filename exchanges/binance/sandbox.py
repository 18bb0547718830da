"""Binance seen from the server: market data REST. The sockets are in `sandbox_public.py`.

Source: as for `rest.py`. The answers are those of `exchanges/dialects/mbx/sandbox.py`.
"""

from exchanges.binance import VENUE
from exchanges.binance.rest import REST
from exchanges.binance.sandbox_public import BinanceSession
from exchanges.dialects.mbx.sandbox import MbxSandbox
from exchanges.market.instrument import Kind
from exchanges.sandbox.market import SandboxMarket


class BinanceSandbox(MbxSandbox):
    """The exchange."""

    rest = REST
    streams = VENUE.streams
    session = BinanceSession

    def digits(self, kind: Kind) -> int:
        return 8 if kind is Kind.SPOT else 0

    def lists_funding(self, market: SandboxMarket) -> bool:
        """Only symbols whose interval is not 8 h are listed."""
        return market.instrument.funding_interval_s is not None
