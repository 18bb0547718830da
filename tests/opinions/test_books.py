"""Our books and those that ccxt makes of the very same frames: the ten best levels of each side.

They are compared after every frame, from the moment that ccxt has shown its user a book. Where it
counts contracts they are converted; everything else that is done for it is in `readers.py`.
"""

from collections import Counter
from pathlib import Path
from typing import Final

import msgspec
import pytest

from exchanges import VENUES
from exchanges.market.topics import Channel
from tests.opinions import readers
from tests.opinions.opinion import Opinion, Reader, Sides
from tests.opinions.scripts import Reply, Script, recorded_script, sandbox_script


class Sandbox(msgspec.Struct, frozen=True):
    """The books of a stream of a venue's sandbox."""

    venue: str
    stream: str
    reader: Reader


class Recorded(msgspec.Struct, frozen=True):
    """The first frames and replies of a recording, and how many states of books they bring.

    `mark` is in frames of books; the others are left out.
    """

    name: str
    mark: str
    reader: Reader
    frames: int
    states: int


class Unlike(Exception):
    """ccxt has another book, or none."""


SANDBOXES: Final = (
    # ccxt's own class for this venue does not take updates; Binance's speaks the same dialect.
    Sandbox("aster", "stream", readers.BINANCE),
    Sandbox("backpack", "public", readers.BACKPACK),
    Sandbox("binance", "spot_stream", readers.BINANCE),
    Sandbox("binance", "um_public", readers.BINANCE),
    Sandbox("bitfinex", "public", readers.BITFINEX),
    Sandbox("bybit", "spot", readers.BYBIT),
    Sandbox("bybit", "linear", readers.BYBIT),
    Sandbox("coinbase", "public", readers.COINBASE),
    Sandbox("gateio", "stream", readers.GATE),
    Sandbox("gateio_futures", "stream", readers.GATE_FUTURES_AS_SPOT),
    Sandbox("htx", "feed", readers.HTX),
    Sandbox("htx", "swap", readers.HTX),
    Sandbox("kraken", "public", readers.KRAKEN),
    Sandbox("kucoin", "stream", readers.KUCOIN),
    Sandbox("lighter", "public", readers.LIGHTER),
    Sandbox("mexc", "stream", readers.MEXC),
    Sandbox("okx", "public", readers.OKX),
)
RECORDINGS: Final = (
    Recorded("binance", "@depth", readers.BINANCE, 166, 120),
    Recorded("binance-btceth-20240808", "@depth", readers.BINANCE, 5_000, 4_500),
    Recorded("binance-futures", "@depth", readers.BINANCE, 583, 480),
    Recorded("binance-futures-btceth-20240718", "@depth", readers.BINANCE, 2_000, 1_200),
    Recorded("binance-futures-btceth-20240808", "@depth", readers.BINANCE, 2_000, 1_800),
    Recorded("bitfinex", "", readers.BITFINEX_RECORDED, 1_696, 1_300),
    Recorded("bybit-v5", "orderbook", readers.BYBIT, 50, 50),
    Recorded("gateio", "order_book_update", readers.GATE_JOINED, 193, 150),
    Recorded("gateio-futures", "order_book_update", readers.GATE_FUTURES, 373, 250),
    Recorded("htx", "", readers.HTX_WHOLE, 262, 190),
    Recorded("htx-swap", "", readers.HTX_SWAP_WHOLE, 800, 450),
    Recorded("kucoin", "/market/level2", readers.KUCOIN_CLASSIC, 1_500, 600),
    Recorded("lighter", "order_book", readers.LIGHTER, 1_501, 1_000),
    Recorded("okx", '"books"', readers.OKX, 219, 180),
)

# What ccxt does not read as the venue means it. Each entry must fail, so that one that ccxt has
# mended since shows.
UNFIT_SANDBOXES: Final = {
    # It subscribes to the twenty best levels and takes any frame for all of a book.
    "aster": Sandbox("aster", "stream", Reader("aster")),
    # It knows `obu` of spot only, and subscribes to `order_book_update`, as recorded.
    "gateio_futures": Sandbox("gateio_futures", "stream", readers.GATE_FUTURES),
    # It keeps the snapshot and passes over the changes, whose `b` and `a` it calls otherwise.
    "kucoin": Sandbox("kucoin", "stream", readers.KUCOIN_AS_IT_IS),
    # It subscribes to the fifteen best levels, and takes what is inserted for all of a book.
    "paradex": Sandbox("paradex", "public", readers.PARADEX),
}
UNFIT_RECORDINGS: Final = (
    # It subscribes to books that are told by their changes, and keeps no whole ones as they are.
    Recorded("htx", "", readers.HTX, 300, 0),
    Recorded("htx-swap", "", readers.HTX, 300, 0),
)


def same(ours: Sides, theirs: Sides) -> bool:
    """Whether the levels are the same; sizes that were contracts may differ in their last bit."""
    return all(
        len(our) == len(their)
        and all(
            price == other and size == pytest.approx(their_size, rel=1e-12)
            for (price, size), (other, their_size) in zip(our, their, strict=True)
        )
        for our, their in zip(ours, theirs, strict=True)
    )


def compared(script: Script, reader: Reader) -> Counter[str]:
    """How many states of each of our books ccxt has agreed to.

    Raises:
        Unlike: it has another book, or shows none of a market; or our book was lost.
    """
    states: Counter[str] = Counter()
    newest: dict[str, Sides] = {}
    with Opinion(reader, script.instruments) as opinion:
        for number, step in enumerate(script.steps):
            if isinstance(step.heard, Reply):
                opinion.answer(step.heard.url, step.heard.body)
            else:
                opinion.hear(step.heard)
            if lost := newest.keys() - step.best.keys():
                raise Unlike(f"step {number}: no books of {lost} here")
            for symbol, ours in step.best.items():
                theirs = opinion.best(symbol)
                if theirs is None:
                    continue
                if ours != theirs and not same(ours, theirs):
                    raise Unlike(f"step {number}, {symbol}: {ours} here, {theirs} there")
                states[symbol] += newest.get(symbol) != ours
                newest[symbol] = ours
    if silent := [one.symbol for one in script.instruments if not states[one.symbol]]:
        raise Unlike(f"no books of {silent}")
    return states


@pytest.mark.parametrize("case", SANDBOXES, ids=lambda case: f"{case.venue}-{case.stream}")
def test_ccxt_makes_the_same_books_of_a_sandbox(case: Sandbox) -> None:
    states = compared(sandbox_script(case.venue, case.stream), case.reader)
    assert min(states.values()) > 100


@pytest.mark.recorded
@pytest.mark.parametrize("case", RECORDINGS, ids=lambda case: case.name)
def test_ccxt_makes_the_same_books_of_a_recording(case: Recorded, shared: Path) -> None:
    script = recorded_script(shared, case.name, case.mark, case.frames)
    assert compared(script, case.reader).total() >= case.states


def test_a_frame_that_only_we_have_heard_shows() -> None:
    script = sandbox_script("bybit", "spot")
    del script.steps[len(script.steps) // 2]
    with pytest.raises(Unlike, match=r"here, .* there"):
        compared(script, readers.BYBIT)


@pytest.mark.parametrize("case", UNFIT_SANDBOXES.values(), ids=lambda case: case.venue)
def test_ccxt_does_not_read_these_streams(case: Sandbox) -> None:
    with pytest.raises(Unlike):
        compared(sandbox_script(case.venue, case.stream), case.reader)


@pytest.mark.recorded
@pytest.mark.parametrize("case", UNFIT_RECORDINGS, ids=lambda case: case.name)
def test_ccxt_does_not_read_these_recordings(case: Recorded, shared: Path) -> None:
    script = recorded_script(shared, case.name, case.mark, case.frames)
    with pytest.raises(Unlike):
        compared(script, case.reader)


@pytest.mark.parametrize("name", VENUES)
def test_every_stream_of_books_has_an_opinion_or_says_why_not(name: str) -> None:
    told = {case.stream for case in (*SANDBOXES, *UNFIT_SANDBOXES.values()) if case.venue == name}
    assert told == {one.name for one in VENUES[name].streams if Channel.BOOK in one.channels}
