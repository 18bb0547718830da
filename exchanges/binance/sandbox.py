"""Binance seen from the server: market data REST. The sockets are in `sandbox_streams.py`.

Source: as for `rest.py`. The answers are those of `exchanges/mbx/sandbox.py`.
"""

from exchanges.binance.rest import BinanceRest
from exchanges.binance.sandbox_streams import BinanceSession
from exchanges.instrument import Kind
from exchanges.mbx.sandbox import MbxSandbox
from exchanges.sandbox import SandboxMarket


class BinanceSandbox(MbxSandbox):
    """The exchange."""

    name = "binance"
    kinds = (Kind.SPOT, Kind.PERPETUAL)
    surfaces = BinanceRest.surfaces
    session = BinanceSession
    open_interest_path = "/fapi/v1/openInterest"

    def digits(self, kind: Kind) -> int:
        return 8 if kind is Kind.SPOT else 0

    def lists_funding(self, market: SandboxMarket) -> bool:
        """Only symbols whose interval is not 8 h are listed."""
        return market.instrument.funding_interval_s is not None
