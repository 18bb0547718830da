"""Bitfinex v2 REST replies that have no twin in the streams: markets, named rows, errors.

Source: docs.bitfinex.com, v2 REST (2026), and names of assets as the venue's own map and ccxt
have them.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from exchanges.bitfinex.market_data import FUNDING_S, StatusRow
from exchanges.market.events import FundingCharge
from exchanges.market.instrument import Instrument, Kind, unified_symbol
from exchanges.market.numbers import NS_PER_MS, exact
from exchanges.rest.call import About
from exchanges.rest.request import Rows

# Codes of the venue that differ from the usual names. UST is Tether here, not Terra. It lists more
# of them itself (`pub:map:currency:sym`), which come with its markets; these rule over its own, and
# are all that recordings without it have.
ASSETS: Final = {
    "ALG": "ALGO",
    "AMP": "AMPL",
    "ATO": "ATOM",
    "BCHABC": "XEC",
    "BCHN": "BCH",
    "DAD": "EDGE",
    "DAT": "DATA",
    "DOG": "MDOGE",
    "DSH": "DASH",
    "EDO": "PNT",
    "EUS": "EURS",
    "EUT": "EURT",
    "GSD": "GUSD",
    "HTX": "HT",
    "IDX": "ID",
    "IOS": "IOST",
    "IOT": "IOTA",
    "IQX": "IQ",
    "LBT": "LBTC",
    "LUNA": "LUNC",
    "LUNA2": "LUNA",
    "MIT": "MITH",
    "MNA": "MANA",
    "OMN": "OMNI",
    "PAS": "PASS",
    "POY": "POLY",
    "QSH": "QASH",
    "QTM": "QTUM",
    "RBT": "RBTC",
    "SNG": "SNGLS",
    "STJ": "STORJ",
    "TERRAUST": "USTC",
    "TSD": "TUSD",
    "UDC": "USDC",
    "UST": "USDT",
    "VSY": "VSYS",
    "WAX": "WAXP",
    "WBT": "WBTC",
    "XCH": "XCHF",
    "YGG": "YEED",
    "YYW": "YOYOW",
    "ZBT": "ZB",
}
_CODE_CHARS: Final = 3
_PERPETUAL: Final = "F0"

# Prices have five significant digits and no tick; a coin is seldom worth less than 1e-8 of
# another, so that nothing finer than this is ever written. An introduction of the venue's also says
# "up to 8 decimals", which its own rows fit and do not prove; orders may have to go by it.
TICK: Final = Decimal("1e-12")
PRICE_DIGITS: Final = 5
STEP: Final = Decimal("1e-8")


def assets_of(kind: Kind, native: str) -> tuple[str, str, str] | None:
    """`BTCUSD`, `AVAX:UST`, `BTCF0:USTF0`: base, quote and settle asset by the venue's codes."""
    base, colon, quote = native.partition(":")
    if not colon and len(native) == 2 * _CODE_CHARS:
        base, quote = native[:_CODE_CHARS], native[_CODE_CHARS:]
    if not base or not quote or ":" in quote:
        return None
    are_futures = base.endswith(_PERPETUAL), quote.endswith(_PERPETUAL)
    if kind is Kind.SPOT:
        return None if all(are_futures) else (base, quote, "")
    base, quote = base.removesuffix(_PERPETUAL), quote.removesuffix(_PERPETUAL)
    return (base, quote, quote) if all(are_futures) and base and quote else None


def native_of(base: str, quote: str, settle: str) -> str:
    """The market of two codes of the venue."""
    if settle:
        return f"{base}{_PERPETUAL}:{quote}{_PERPETUAL}"
    is_short = len(base) == len(quote) == _CODE_CHARS
    return f"{base}{'' if is_short else ':'}{quote}"


class PairFacts(Struct, array_like=True):
    """What is known of a pair; sizes are base units."""

    _0: object
    _1: object
    _2: object
    min_size: str | None
    max_size: str | None


class PairInfo(Struct, array_like=True):
    """A row of `pub:info:pair` or `pub:info:pair:futures`. All that is listed is traded."""

    pair: str
    facts: PairFacts

    def instrument(self, venue: str, kind: Kind, names: Mapping[str, str]) -> Instrument | None:
        """Left out are names that are of another kind; `names` is the venue's own map."""
        assets = assets_of(kind, self.pair)
        if assets is None:
            return None
        base, quote, settle = (usual_name(code, names) for code in assets)
        return Instrument(
            venue=venue,
            symbol=unified_symbol(base, quote, settle),
            native=self.pair,
            kind=kind,
            base=base,
            quote=quote,
            settle=settle,
            tick=TICK,
            price_digits=PRICE_DIGITS,
            step=STEP,
            min_size=exact(self.facts.min_size),
            max_size=exact(self.facts.max_size) or None,
            funding_interval_s=FUNDING_S if settle else None,
        )


def usual_name(code: str, names: Mapping[str, str]) -> str:
    """What others call an asset, in capitals: the venue's map writes `EURt`."""
    return ASSETS.get(code) or names.get(code, code).upper()


class Named(Struct, array_like=True):
    """Any row that begins with its symbol."""

    symbol: str


def charges(rows: list[StatusRow], about: About) -> Rows[FundingCharge]:
    """What was charged, oldest first, from the states in between, newest first.

    The last state before a charge tells its rate.
    """
    rates: dict[int, float] = {}
    for row in rows:
        if row.next_funding_mts is not None and row.current_funding is not None:
            rates.setdefault(row.next_funding_mts * NS_PER_MS, row.current_funding)
    return Rows(
        FundingCharge(
            instrument=about.instrument,
            rate=rate,
            charged_ns=charged_ns,
            received_ns=about.received_ns,
        )
        for charged_ns, rate in sorted(rates.items())
        if charged_ns <= about.received_ns
    )


class ErrorRow(Struct, array_like=True):
    """`["error", code, text]`."""

    kind: str
    code: int | None
    text: str


class ErrorBody(Struct):
    """How the parts before the venue's engine word an error."""

    error: str
    error_description: str = ""
