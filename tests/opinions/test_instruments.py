"""Our instruments and ccxt's markets, read from the same recorded lists.

Its steps are in contracts where there are contracts. Samples of requests that our venues do not
make are left out.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from actors.recording.format import RecordedFrame, read_recording
from exchanges import VENUES
from exchanges.market.instrument import Instrument, Kind, unified_symbol
from exchanges.market.numbers import tick_of
from tests.opinions import market_lists as lists
from tests.opinions.market_lists import Market, MarketList

pytestmark = pytest.mark.recorded


class Case(msgspec.Struct, frozen=True):
    """A recorded list and how many instruments are in it for us.

    `file` is a sample, or a recording of which `url` tells the reply. `listed` makes a list of a
    sample of one row. `theirs` is what ccxt makes of the rules of a market, by our native name,
    where it differs.
    """

    list: MarketList
    file: str
    instruments: int
    url: str = ""
    listed: Callable[[Any], object] = lambda sample: sample
    theirs: Mapping[str, Mapping[str, object]] = {}

    def body(self, shared: Path) -> bytes:
        sample = shared / "samples" / f"{self.file}.json"
        recording = shared / "captures" / f"{self.file}.jsonl.gz"
        path = recording if self.url else sample
        if not path.exists():
            pytest.skip(f"no recordings: {path} is missing")
        if not self.url:
            return msgspec.json.encode(self.listed(msgspec.json.decode(path.read_bytes())))
        for record in read_recording(path):
            if isinstance(record, RecordedFrame) and record.url.endswith(self.url):
                return (record.data or "").encode()
        raise AssertionError("the recording has no such list")


def _rows(sample: Any) -> object:
    return [sample]


def _symbols(sample: Any) -> object:
    return {"symbols": [sample]}


def _data(sample: Any) -> object:
    return {**sample, "data": [sample["data"]]}


CASES: Final = (
    Case(lists.ASTER, "aster/rest_exchange_info", 1),
    Case(lists.BACKPACK, "backpack/rest_markets", 2),
    Case(lists.BINANCE_SPOT, "binance/rest_exchange_info_with_filters", 2),
    Case(lists.BINANCE_SPOT, "binance", 1695, url="exchangeInfo"),
    Case(lists.BINANCE_UM, "binance/um_rest_exchange_info", 1),
    Case(lists.BINANCE_UM, "binance/um_rest_exchange_info_live", 2),
    Case(lists.BINANCE_UM, "binance-futures", 119, url="exchangeInfo"),
    Case(lists.BITFINEX_SPOT, "bitfinex/rest_conf_info_pair", 12),
    Case(lists.BITFINEX_FUTURES, "bitfinex/rest_conf_info_pair_futures", 6),
    Case(lists.BYBIT_SPOT, "bybit/rest_instruments_spot", 1),
    Case(lists.BYBIT_LINEAR, "bybit/rest_instruments_linear", 1),
    Case(lists.COINBASE_SPOT, "coinbase/rest_products", 2),
    Case(lists.COINBASE_FUTURES, "coinbase/rest_products_future", 1),
    Case(lists.GATE_SPOT, "gateio/rest_instruments", 1),
    Case(lists.GATE_SPOT, "gateio/rest_instrument_recent", 1, listed=_rows),
    Case(lists.GATE_SPOT, "gateio/rest_instruments_capture_2021", 6),
    Case(lists.GATE_SPOT, "gateio", 1458, url="currency_pairs"),
    Case(lists.GATE_FUTURES, "gateio_futures/rest_contract", 1, listed=_rows),
    Case(lists.GATE_FUTURES, "gateio_futures/rest_contract_recent", 1, listed=_rows),
    Case(lists.GATE_FUTURES, "gateio_futures/rest_instruments_capture_2023", 5),
    # The contract may be traded in fractions. ccxt takes the smallest order, a tenth, for the step;
    # nobody documents that, and whole contracts are valid in any case.
    Case(
        lists.GATE_FUTURES,
        "gateio_futures/rest_instruments_decimal",
        1,
        theirs={"LAB_USDT": {"step": Decimal(10)}},
    ),
    Case(lists.GATE_FUTURES, "gateio-futures", 302, url="contracts"),
    Case(lists.HTX_SPOT, "htx", 912, url="symbols"),
    Case(lists.HTX_SWAP, "htx/swap_rest_contract_info", 1),
    Case(lists.HTX_SWAP, "htx-swap", 121, url="linear-swap-api/v1/swap_contract_info"),
    Case(lists.KRAKEN, "kraken/rest_instruments_asset_pairs", 1),
    Case(lists.KRAKEN, "kraken-v1", 293, url="AssetPairs"),
    Case(lists.KUCOIN, "kucoin/rest_instruments", 1),
    Case(lists.KUCOIN, "kucoin/rest_instrument", 1, listed=_data),
    Case(lists.KUCOIN, "kucoin", 634, url="symbols"),
    Case(lists.LIGHTER, "lighter/rest_order_book_details", 1),
    # An example of ccxt's own, with a multiplier of quote amounts that recorded rows have at 1. It
    # takes that for the size of a contract, but sizes are in base units.
    Case(
        lists.LIGHTER,
        "lighter/rest_order_book_details_ccxt",
        2,
        theirs={"0": {"contract_size": Decimal(10_000), "step": Decimal(1)}},
    ),
    Case(lists.MEXC, "mexc/rest_instruments", 1),
    Case(lists.MEXC, "mexc/rest_instrument_2025_docs", 1, listed=_symbols),
    Case(lists.OKX_SPOT, "okx/rest_instruments_spot", 1),
    Case(lists.OKX_SPOT, "okx/rest_instruments_spot_live", 4),
    Case(lists.OKX_SPOT, "okx", 513, url="instType=SPOT"),
    Case(lists.OKX_SWAP, "okx/rest_instruments_swap", 3),
    Case(lists.OKX_SWAP, "okx", 166, url="instType=SWAP"),
    Case(lists.PARADEX, "paradex/rest_markets", 1),
)

# What ccxt calls an asset of ours.
THEIR_NAMES: Final[Mapping[tuple[str, Kind], Mapping[str, str]]] = {
    # The code that Bitcoin SV had at first, in pairs that ended in 2019; and an asset's full name.
    ("binance", Kind.SPOT): {"BCHSV": "BSV", "YOYO": "YOYOW"},
    # Algorand, whose code ccxt translates in pairs and not in contracts.
    ("bitfinex", Kind.PERPETUAL): {"ALGO": "ALG"},
    # Augur before and after it moved to a new contract: ccxt calls both REP, and so has two
    # markets of one symbol.
    ("kraken", Kind.SPOT): {"REPV1": "REP"},
    # Renamed assets: the list has the new code, and the pair keeps the old one, which ccxt takes.
    ("kucoin", Kind.SPOT): {"LYXe": "LYXE", "OXEN": "LOKI", "REV": "R"},
    # Aeternity, which ccxt holds for another asset at this venue alone.
    ("okx", Kind.SPOT): {"AE": "AET"},
}
# Markets of ccxt's that are none of ours; dated futures are left out everywhere.
LEFT_OUT: Final[Mapping[str, Callable[[Any], bool]]] = {
    # Announced, and not yet said to be a perpetual.
    "binance": lambda row: row["status"] == "PENDING_TRADING" and not row["contractType"],
    # Leveraged tokens, which are funds and no assets of their own.
    "htx": lambda row: "etp" in row.get("tags", "").split(","),
    # Pairs of the dark pool, which no stream tells.
    "kraken": lambda row: "wsname" not in row,
}


def theirs_of(case: Case, market: Market, instrument: Instrument) -> dict[str, object]:
    """ccxt's market in the terms of ours, as far as both know them."""
    price, amount = (_decimal(market["precision"][name]) for name in ("price", "amount"))
    contract_size = _decimal(market["contractSize"]) or Decimal(1)
    step = (tick_of(int(amount)) if case.list.digits else amount) * contract_size
    if instrument.inverse:
        step = Decimal(0)  # counted in dollars; in base units it depends on the price
    return {
        "symbol": market["symbol"],
        "base": market["base"],
        "quote": market["quote"],
        "settle": market["settle"] or "",
        "tick": instrument.tick if case.list.digits else price,
        "price_digits": price if case.list.digits else 0,
        "step": step,
        "contract_size": contract_size,
        "inverse": market["inverse"] is True,
    }


def expected_of(case: Case, instrument: Instrument) -> dict[str, object]:
    """Our instrument, with what is known to differ as ccxt has it."""
    names = THEIR_NAMES.get((instrument.venue, instrument.kind), {})
    base, quote, settle = (
        names.get(asset, asset) for asset in (instrument.base, instrument.quote, instrument.settle)
    )
    return {
        "symbol": unified_symbol(base, quote, settle),
        "base": base,
        "quote": quote,
        "settle": settle,
        "tick": instrument.tick,
        "price_digits": instrument.price_digits,
        "step": instrument.step,
        "contract_size": instrument.contract_size,
        "inverse": instrument.inverse,
        **case.theirs.get(instrument.native, {}),
    }


def _decimal(number: object) -> Decimal:
    """A rule as it is printed; 0 where there is none."""
    return Decimal(0) if number is None else Decimal(str(number))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.list.venue}-{case.file}")
def test_ccxt_reads_the_same_rules_from_a_list(case: Case, shared: Path) -> None:
    body = case.body(shared)
    instruments, markets = case.list.ours(body), case.list.theirs(body)
    assert len(instruments) == case.instruments
    for instrument in instruments:
        own = instrument.as_traded()  # ccxt knows no units of many
        market = markets.pop(own.native)
        assert theirs_of(case, market, own) == expected_of(case, own)
    is_left_out = LEFT_OUT.get(case.list.venue, lambda row: False)
    assert all(market["future"] or is_left_out(market["info"]) for market in markets.values())


def test_every_venue_has_a_list() -> None:
    assert {case.list.venue for case in CASES} == set(VENUES)
