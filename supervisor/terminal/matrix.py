"""What each venue can do, as plain data and as tables: venues by capability."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from exchanges.errors import CodecUsageError
from exchanges.market.instrument import Instrument, Kind
from exchanges.market.topics import Channel, KlineInterval
from exchanges.rest.public import PublicRest
from exchanges.stream.facts import Stream
from exchanges.venue import Venue

_ONE: Final = Decimal(1)

Ask = Callable[[PublicRest, Instrument], object]

_ASKS: Final[Mapping[str, Ask]] = {
    Channel.BOOK: lambda rest, one: rest.book(one),
    Channel.TRADES: lambda rest, one: rest.trades(one),
    Channel.TICKER: lambda rest, one: rest.ticker(one),
    "all tickers": lambda rest, one: rest.tickers(one.kind, lambda kind, name: None),
    Channel.KLINES: lambda rest, one: rest.klines(one, KlineInterval.M1),
    Channel.FUNDING: lambda rest, one: rest.funding(one),
    "past funding": lambda rest, one: rest.funding_history(one),
    Channel.MARK_PRICE: lambda rest, one: rest.mark_price(one),
    Channel.OPEN_INTEREST: lambda rest, one: rest.open_interest(one),
}
"""Requests about one market that not every venue answers."""

_DERIVATIVE: Final = frozenset(
    {Channel.FUNDING, "past funding", Channel.MARK_PRICE, Channel.OPEN_INTEREST}
)
_COLUMNS: Final = (
    ("bk", Channel.BOOK),
    ("top", Channel.TOP),
    ("trd", Channel.TRADES),
    ("tik", Channel.TICKER),
    ("all", "all tickers"),
    ("kln", Channel.KLINES),
    ("fnd", Channel.FUNDING),
    ("pst", "past funding"),
    ("mrk", Channel.MARK_PRICE),
    ("oi", Channel.OPEN_INTEREST),
    ("liq", Channel.LIQUIDATIONS),
)

LEGEND: Final = (
    "s: streamed, r: answered on request. bk: book, trd: trades, tik: ticker, all: all tickers at "
    "once, kln: candles, fnd: funding, pst: past funding, mrk: mark price, oi: open interest, "
    "liq: liquidations"
)

Rows = list[list[str]]


def abilities(venue: Venue) -> dict[str, Any]:
    """What a venue can do, as plain data."""
    return {
        "name": venue.name,
        "title": venue.title,
        "source": venue.source,
        "markets": [_market(venue, kind) for kind in venue.kinds],
        "klines": [interval.value for interval in venue.klines],
        "streams": [_stream(stream) for stream in venue.streams],
        "requests_per_s": {name: rate.per_s for name, rate in venue.buckets.items()},
        "endpoints": venue.endpoints,
    }


def capability_table(venues: Iterable[Venue]) -> tuple[list[str], Rows]:
    """Header and rows: what is streamed (s), what can be asked for (r), and both (sr)."""
    rows = []
    for venue in venues:
        for market in abilities(venue)["markets"]:
            signs = [
                "s" * (name in market["streams"]) + "r" * (name in market["requests"]) or "-"
                for _, name in _COLUMNS
            ]
            rows.append([venue.name, market["kind"], *signs])
    return ["venue", "market", *(title for title, _ in _COLUMNS)], rows


def integrity_table(venues: Iterable[Venue]) -> tuple[list[str], Rows]:
    """Header and rows: what proves a book, and the limits of the connection that carries it."""
    header = ["venue", "market", "book proven by", "topics", "life h", "ping s", "taker bp"]
    rows = []
    for venue in venues:
        for kind in venue.kinds:
            stream = venue.stream_for(kind, Channel.BOOK)
            assert stream is not None  # else it would be none of its kinds
            lifetime = f"{stream.lifetime_s / 3600:g}" if stream.lifetime_s else "-"
            limits = [str(stream.max_topics), lifetime, f"{stream.heartbeat.idle_s:g}"]
            fee = f"{float(venue.fees[kind].taker) * 1e4:g}"
            rows.append([venue.name, str(kind), venue.integrity[kind], *limits, fee])
    return header, rows


def as_markdown(venues: Iterable[Venue]) -> str:
    """Both tables, as they stand in the README."""
    known = list(venues)
    capabilities, integrity = capability_table(known), integrity_table(known)
    return "\n\n".join((markdown(*capabilities), LEGEND, markdown(*integrity)))


def _market(venue: Venue, kind: Kind) -> dict[str, Any]:
    return {
        "kind": str(kind),
        "streams": [
            str(channel) for channel in Channel if venue.stream_for(kind, channel) is not None
        ],
        "requests": [
            str(name)
            for name, ask in _ASKS.items()
            if (kind is Kind.PERPETUAL or name not in _DERIVATIVE) and _can(venue, kind, ask)
        ],
        "integrity": venue.integrity[kind],
        "maker_bps": float(venue.fees[kind].maker) * 1e4,
        "taker_bps": float(venue.fees[kind].taker) * 1e4,
    }


def _can(venue: Venue, kind: Kind, ask: Ask) -> bool:
    settle = "USDT" if kind is Kind.PERPETUAL else ""
    some = Instrument(
        venue=venue.name,
        symbol="BTC/USDT" + (f":{settle}" if settle else ""),
        native="BTCUSDT",
        kind=kind,
        base="BTC",
        quote="USDT",
        settle=settle,
        tick=_ONE,
        step=_ONE,
    )
    try:
        ask(venue.rest, some)
    except CodecUsageError:
        return False
    return True


def _stream(stream: Stream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "channels": sorted(stream.channels),
        "topics_per_connection": stream.max_topics,
        "topics_per_request": stream.batch,
        "messages_per_s": stream.messages.per_s,
        "lifetime_s": stream.lifetime_s,
        "idle_s": stream.heartbeat.idle_s,
        "acknowledges": stream.acknowledges,
    }


def markdown(header: list[str], rows: Rows) -> str:
    """A table as GitHub reads it."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
