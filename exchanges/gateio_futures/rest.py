"""Gate.io perpetuals, public REST: where requests go, and what reads the replies.

Source: "Futures" of the API v4 documentation (stored copies of 2025), and limits seen in August
2026. The requests that spot has as well are those of the `rest.py` of `dialects/gate_v4`.
"""

from functools import partial
from typing import ClassVar, Final

from msgspec import Raw
from msgspec.json import Decoder
from msgspec.structs import replace

from exchanges.dialects.gate_v4.rest import RAW_ROWS, GateRest, Rows
from exchanges.gateio_futures import listing, market_data
from exchanges.market.events import Funding, FundingCharge, MarkPrice, OpenInterest
from exchanges.market.instrument import Instrument, Kind
from exchanges.rest.request import Listing, Request

# Without it sizes are cut to whole contracts, with it they are strings with all their digits.
DECIMAL_SIZES: Final = (("X-Gate-Size-Decimal", "1"),)

_FUNDING: Final = Decoder(listing.ContractFunding, strict=False)
_PAST_FUNDING: Final = Decoder(list[listing.PastFunding], strict=False)
_PAGE: Final = 100  # contracts, where no limit is asked for
_MOST_CHARGES: Final = 1000  # 1001 are refused


class GateioFuturesRest(GateRest):
    """Public requests of the contracts that settle in USDT."""

    venue = "gateio_futures"
    symbol_parameter = "contract"
    kind = Kind.PERPETUAL
    root = "/futures/usdt"
    list_name = "contracts"
    headers = DECIMAL_SIZES
    more_paths = ("funding_rate",)
    most_candles = 2000
    rows: ClassVar = Rows(
        instrument=Decoder(listing.ContractInfo),
        depth=Decoder(listing.Depth, strict=False),
        trades=Decoder(list[market_data.TradeRow], strict=False),
        ticker=Decoder(market_data.TickerRow, strict=False),
        klines=Decoder(list[market_data.CandleRow], strict=False),
    )

    def instruments(self) -> tuple[Request[Listing], ...]:
        return (self._page(0),)

    def _page(self, offset: int) -> Request[Listing]:
        """The list from `offset` on. It came whole in 2026, though the documentation has pages."""

        def read(rows: list[Raw], received_ns: int) -> Listing:
            more = self._page(offset + _PAGE) if len(rows) == _PAGE else None
            return replace(self._markets(rows, received_ns), more=more)

        ask = partial(self._ask, "instruments", None, self.list_name, RAW_ROWS, read)
        return ask(limit=_PAGE, offset=offset) if offset else ask()

    def funding(self, instrument: Instrument) -> Request[Funding]:
        """From the contract: the tickers tell neither the interval nor the time of the charge."""
        request = self._ask(
            "funding",
            None,
            self.list_name,
            _FUNDING,
            lambda reply, received_ns: reply.funding(instrument, received_ns),
            item=instrument.native,
        )
        return replace(request, instrument=instrument)

    def funding_history(
        self, instrument: Instrument, limit: int = 100
    ) -> Request[list[FundingCharge]]:
        def read(rows: list[listing.PastFunding], received_ns: int) -> list[FundingCharge]:
            charges = (row.charge(instrument, received_ns) for row in rows)
            return sorted(charges, key=lambda charge: charge.charged_ns)

        return self._ask(
            "funding history",
            instrument,
            "funding_rate",
            _PAST_FUNDING,
            read,
            limit=min(limit, _MOST_CHARGES),
        )

    def mark_price(self, instrument: Instrument) -> Request[MarkPrice]:
        return self._of_ticker(
            "mark price",
            instrument,
            lambda row, received_ns: row.mark(instrument, None, received_ns),
        )

    def open_interest(self, instrument: Instrument) -> Request[OpenInterest]:
        return self._of_ticker(
            "open interest",
            instrument,
            lambda row, received_ns: row.open_interest(instrument, None, received_ns),
        )
