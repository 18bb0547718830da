"""Reading the rows of a reply, each by itself: an odd row costs nothing but itself."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec

from exchanges.errors import (
    SAMPLE_BYTES,
    UNREADABLE,
    CodecUsageError,
    InvalidSymbol,
    VenueUnavailable,
)
from exchanges.market.events import Event
from exchanges.market.instrument import Instrument
from exchanges.market.scaled import unscaled
from exchanges.rest.call import About, Call
from exchanges.rest.request import Odd, Rows
from exchanges.rest.rows import Page, Row

T = TypeVar("T")
W = TypeVar("W")


def _decoded(call: Call[W, Any], row: Row) -> W:
    wire: Any = call.reads
    told: W = _decoder(wire, call.strict).decode(row.raw)
    return told


@cache
def _decoder(wire: Any, strict: bool) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(wire, strict=strict)


def _meaning(call: Call[W, T], row: Row, about: About) -> T | None:
    if call.means is None:
        raise CodecUsageError(f"{about.venue}: rows of {call.path} mean nothing by themselves")
    told = call.means(_decoded(call, row), about)
    return _unscaled(told) if told is not None else None


def _unscaled(told: T) -> T:
    """Per base unit, where it is an event of a market whose unit is the venue's."""
    return unscaled(told) if isinstance(told, Event) else told


def single(call: Call[W, T], what: str, page: Page, about: About) -> T:
    """What the row about the market means.

    Raises:
        InvalidSymbol: of many rows none is about the market.
        VenueUnavailable: the venue tells nothing now.
        ValueError: there is no row.
    """
    rows = [row for row in page.rows if _is_about(call, row, about)]
    for row in rows:
        if (told := _meaning(call, row, about)) is not None:
            return told
    if rows:
        raise VenueUnavailable(f"no {what} is told now", venue=about.venue)
    if call.names and all(_name(call, row) for row in page.rows):
        raise InvalidSymbol("no such market", venue=about.venue)
    raise ValueError("no row that tells its market" if page.rows else "a list without rows")


def _is_about(call: Call[W, T], row: Row, about: About) -> bool:
    """Whether a row is about the market; an odd one costs no market but its own."""
    try:
        return not call.names or about.instrument.native in call.names(row)
    except UNREADABLE:
        return False


def each(
    call: Call[W, T], page: Page, about: About, told_as: Callable[[T], T] | None = None
) -> Rows[T]:
    """What every row means, each read by itself and told as `told_as` says.

    Raises:
        ValueError: there are rows, and none of them can be read.
    """
    newest = 0 if call.newest_first else len(page.rows) - 1
    latest = msgspec.structs.replace(about, is_newest=True)
    found: list[T] = []
    odd: list[Odd] = []
    for number, row in enumerate(page.rows):
        try:
            told = _meaning(call, row, latest if number == newest else about)
            if told is not None and told_as:
                told = told_as(told)
        except UNREADABLE as error:
            odd.append(Odd(_name(call, row), _reason(row, error)))
        else:
            found += [] if told is None else [told]
    if odd and len(odd) == len(page.rows):
        raise ValueError(odd[0].reason)
    return Rows(reversed(found) if call.newest_first else found, odd)


def of_many(
    call: Call[W, T], page: Page, about: About, find: Callable[[str], Instrument | None]
) -> Rows[T]:
    """What the rows of known markets mean."""
    found: list[T] = []
    odd: list[Odd] = []
    for row in page.rows:
        market: Instrument | None = None
        try:
            names = call.names(row) if call.names else ()
            market = next((one for name in names if (one := find(name))), None)
            if market:
                told = _meaning(call, row, msgspec.structs.replace(about, market=market))
                found += [] if told is None else [told]
        except UNREADABLE as error:
            odd.append(Odd(market.native if market else "", _reason(row, error)))
    if odd and len(odd) == len(page.rows):
        raise ValueError(odd[0].reason)
    return Rows(found, odd)


def oldest_first(
    call: Call[W, T], key: Callable[[T], Any] | None, page: Page, about: About
) -> Rows[T]:
    """What the rows mean, in order, and no more of the latest than were wanted."""
    if not call.gathers:
        return _ordered(each(call, page, about), key, about)
    wires, odd = decoded(call, page)
    gathered = latest(call, key, wires, about)
    odd += gathered.odd
    if odd and not gathered:
        raise ValueError(odd[0].reason)
    return Rows(gathered, odd)


def latest(
    call: Call[W, T], key: Callable[[T], Any] | None, wires: list[W], about: About
) -> Rows[T]:
    """What decoded rows mean together, in order, and no more of the latest than were wanted."""
    if call.gathers is None:
        raise CodecUsageError(f"{about.venue}: rows of {call.path} mean nothing together")
    gathered = call.gathers(wires, about)
    return _ordered(Rows(map(_unscaled, gathered), gathered.odd), key, about)


def _ordered(rows: Rows[T], key: Callable[[T], Any] | None, about: About) -> Rows[T]:
    ordered = sorted(rows, key=key) if key else list(rows)
    return Rows(ordered[-about.count :] if about.count > 0 else ordered, rows.odd)


def decoded(call: Call[W, Any], page: Page) -> tuple[list[W], list[Odd]]:
    """The rows that can be read, and those that cannot."""
    wires: list[W] = []
    odd: list[Odd] = []
    for row in page.rows:
        try:
            wires.append(_decoded(call, row))
        except UNREADABLE as error:
            odd.append(Odd(_name(call, row), _reason(row, error)))
    return wires, odd


def names_of(call: Call[Any, Any], page: Page) -> frozenset[str]:
    """The markets that the rows are about, as far as they tell."""
    return frozenset(_name(call, row) for row in page.rows)


def _name(call: Call[Any, Any], row: Row) -> str:
    """The market that an odd row is about, if it tells that at least."""
    try:
        return call.names(row)[0] if call.names else ""
    except UNREADABLE:
        return ""


def _reason(row: Row, error: Exception) -> str:
    return f"{error}: {bytes(row.raw)[:SAMPLE_BYTES]!r}"
