"""From a call to the parts of its request: path, query, costs, and what depends on the time."""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any
from urllib.parse import quote

from exchanges.rest.call import About, Call, Query, Surface


def symbol_of(surface: Surface, call: Call[Any, Any]) -> str:
    return surface.symbol if call.symbol is None else call.symbol


def path_of(surface: Surface, call: Call[Any, Any], about: About) -> str:
    if "{" not in call.path:
        return call.path
    native = quote(surface.spelled(about.market.native), safe=":") if about.market else ""
    interval = call.intervals[about.candle] if about.candle else ""
    return call.path.format(native=native, interval=interval, count=about.asked)


def query_of(surface: Surface, call: Call[Any, Any], about: About) -> Query:
    """The market, what is fixed, the length of candles, and how many rows."""
    query: list[tuple[str, str]] = []
    if about.market and "{native}" not in call.path and (symbol := symbol_of(surface, call)):
        query.append((symbol, surface.spelled(about.market.native)))
    query += (*call.query, *call.wants)
    if about.candle and "{interval}" not in call.path:
        query.append((call.interval, call.intervals[about.candle]))
    count = call.count
    if count and count.parameter and about.asked is not None and "{count}" not in call.path:
        query.append((count.parameter, str(count.sends(about.asked))))
    return tuple(query)


def costs_of(
    surface: Surface, call: Call[Any, Any], count: int | None
) -> tuple[tuple[str, float], ...]:
    bucket = call.bucket or surface.bucket
    weight = call.weight
    if call.weights:
        fits = (weight for rows, weight in call.weights if rows >= (count or 0))
        weight = next(fits, call.weights[-1][1])
    shared = ((bucket, weight),) if bucket else ()
    own = ((call.path, 1.0),) if call.rate else ()
    return shared + own


def dated_of(call: Call[Any, Any], about: About) -> Callable[[int], Query] | None:
    if call.span is None:
        return None
    row_s = about.candle.seconds if about.candle else call.span.row_s
    return partial(call.span.query, call.span.length_s or row_s * about.count)


@cache
def template_of(path: str) -> re.Pattern[str]:
    """Finds a path that is asked for, and the market that it names."""
    text = re.escape(path)
    for name in ("interval", "count"):
        text = text.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>[^/:]+)", 1)
    text = text.replace(re.escape("{native}"), "(?P<native>[^/]+)", 1)
    return re.compile(f"{text}$")
