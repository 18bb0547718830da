"""Where the rows of a reply stand, and how they name their markets.

A row is read by itself, so that an odd one costs nothing but itself.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Raw

from exchanges.errors import UNREADABLE

E = TypeVar("E")


class Row(NamedTuple):
    """One row as it came; `key` is its name where that stands beside it."""

    raw: Raw
    key: str = ""


class Page(NamedTuple):
    """The rows of one reply, the venue's stamp of all of them, and where the next page begins.

    `asset_names` are the usual names of the venue's codes, where they come beside the rows.
    """

    rows: list[Row]
    venue_ns: int | None = None
    cursor: str = ""
    asset_names: Mapping[str, str] = {}


Pager = Callable[[bytes], Page]
"""Finds the rows of a body; raises what decoding can raise (`UNREADABLE`)."""

Names = Callable[[Row], tuple[str, ...]]
"""The native names that a row may be about: mostly one."""

_LIST = msgspec.json.Decoder(list[Raw])


def one(body: bytes) -> Page:
    """The body is the row."""
    return Page([Row(Raw(body))])


def many(body: bytes) -> Page:
    """The body is a list of rows."""
    return Page([Row(raw) for raw in _LIST.decode(body)])


def within(
    envelope: type[E],
    rows: Callable[[E], Iterable[Raw]],
    venue_ns: Callable[[E], int | None] = lambda envelope: None,
    cursor: Callable[[E], str] = lambda envelope: "",
) -> Pager:
    """The rows stand in an envelope."""
    decode = msgspec.json.Decoder(envelope, strict=False).decode

    def page(body: bytes) -> Page:
        told = decode(body)
        return Page([Row(raw) for raw in rows(told)], venue_ns(told), cursor(told))

    return page


def ordered(pager: Pager, field: str, *, newest_first: bool = False) -> Pager:
    """The same rows in the order of a number that each has, where their own is not promised."""
    names = named(field)

    def number(row: Row) -> int:
        try:
            return int(names(row)[0])
        except UNREADABLE:
            return -1  # an odd row, which will be told as one

    def page(body: bytes) -> Page:
        found = pager(body)
        return found._replace(rows=sorted(found.rows, key=number, reverse=newest_first))

    return page


def named(field: str) -> Names:
    """A row has the name of its market in a field."""
    decode = msgspec.json.Decoder(msgspec.defstruct("Named", [(field, str | int)])).decode

    def names(row: Row) -> tuple[str, ...]:
        return (str(getattr(decode(row.raw), field)),)

    return names


def by_key(row: Row) -> tuple[str, ...]:
    """A row's name stands beside it."""
    return (row.key,)
