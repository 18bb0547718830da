"""Which assets a venue's own name of a market tells.

Lists of instruments say it properly; recordings without one have nothing but the names.
"""

import re
from collections.abc import Callable

from exchanges.market.instrument import Kind

ReadNative = Callable[[Kind, str], tuple[str, str, str] | None]
"""Base, quote and settle asset of a native name, as far as the name alone tells."""


def names_like(
    *,
    spot: str = "",
    perpetual: str = "",
    quote: str = "",
    settled_in: Callable[[str, str], str] = lambda base, quote: quote,
) -> ReadNative:
    """Reads native names by one pattern a kind of market, whose groups are base and quote.

    A kind without a pattern has no names. `quote` is meant where a name has none, and `settled_in`
    tells the settle asset of a perpetual. A base that is matched lazily (`(.+?)(USD|FUSD)`) leaves
    the longest quote asset that fits.
    """
    patterns = {Kind.SPOT: spot, Kind.PERPETUAL: perpetual}

    def read(kind: Kind, native: str) -> tuple[str, str, str] | None:
        match = re.fullmatch(patterns[kind], native) if patterns[kind] else None
        if match is None:
            return None
        base, *named = match.groups()
        in_quote = next(filter(None, named), quote)
        return base, in_quote, settled_in(base, in_quote) if kind is Kind.PERPETUAL else ""

    return read


def settled_in_base_of_dollars(base: str, quote: str) -> str:
    """Contracts in plain dollars are inverse ones, which settle in their base asset."""
    return base if quote == "USD" else quote
