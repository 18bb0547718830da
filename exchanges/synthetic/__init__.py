"""Synthetic markets for the venues' sandboxes, which follow the prices of one world."""

from exchanges.synthetic.market import SyntheticMarket
from exchanges.synthetic.perpetual import PerpetualState
from exchanges.synthetic.profile import SYNTHETIC, MarketProfile
from exchanges.synthetic.statistics import Candle, Statistics

__all__ = [
    "SYNTHETIC",
    "Candle",
    "MarketProfile",
    "PerpetualState",
    "Statistics",
    "SyntheticMarket",
]
