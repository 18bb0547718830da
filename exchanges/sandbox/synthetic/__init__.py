"""Synthetic markets for the venues' sandboxes, which follow the prices of one world."""

from exchanges.sandbox.synthetic.market import NotPerpetual, SyntheticMarket
from exchanges.sandbox.synthetic.perpetual import PerpetualState
from exchanges.sandbox.synthetic.profile import SYNTHETIC, MarketProfile
from exchanges.sandbox.synthetic.statistics import Candle, Statistics

__all__ = [
    "SYNTHETIC",
    "Candle",
    "MarketProfile",
    "NotPerpetual",
    "PerpetualState",
    "Statistics",
    "SyntheticMarket",
]
