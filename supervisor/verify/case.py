"""What a case of the conformance suite is, and how it says that it failed."""

from collections.abc import Callable
from enum import StrEnum
from textwrap import shorten
from typing import Final

import msgspec

from exchanges.market.topics import Channel
from exchanges.stream.facts import Stream
from exchanges.venue import Venue

DETAIL_CHARS: Final = 400


class CaseFailed(Exception):
    """The venue's code does not do what the case asks for."""


class NotApplicable(Exception):
    """The venue has nothing that the case is about; says what it lacks."""


class Result(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NONE = "none"  # not applicable


class Case(msgspec.Struct, frozen=True):
    """One thing that every venue must do; `check` raises if it does not."""

    number: int
    name: str
    check: Callable[[Venue], None]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one case at one venue; `detail` says why it failed or does not apply."""

    number: int
    case: str
    venue: str
    result: Result
    detail: str = ""


def expect(is_met: object, otherwise: str) -> None:
    """Fail the case, saying why, unless something holds."""
    if not is_met:
        raise CaseFailed(otherwise)


def run_case(case: Case, venue: Venue) -> Outcome:
    """Try one case; whatever its code raises is a failure of the venue's."""
    result, detail = Result.PASSED, ""
    try:
        case.check(venue)
    except NotApplicable as reason:
        result, detail = Result.NONE, str(reason)
    except CaseFailed as failure:
        result, detail = Result.FAILED, str(failure)
    except (Exception, SystemExit) as error:  # noqa: BLE001  a venue that crashes has failed
        result, detail = Result.FAILED, f"{type(error).__name__}: {error}"
    detail = shorten(detail, DETAIL_CHARS, placeholder=" ...")
    return Outcome(
        number=case.number, case=case.name, venue=venue.name, result=result, detail=detail
    )


def book_streams(venue: Venue) -> list[Stream]:
    """The streams that carry books."""
    found = [stream for stream in venue.streams if Channel.BOOK in stream.channels]
    expect(found, "no stream carries books")
    return found
