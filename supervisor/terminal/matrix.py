"""What each venue can do, as plain data and as tables: venues by capability."""

from collections.abc import Iterable
from typing import Any, Final

from exchanges.market.instrument import Kind
from exchanges.market.topics import Channel
from exchanges.rest.question import Question
from exchanges.stream.facts import Stream
from exchanges.venue import Venue

_COLUMNS: Final = (
    ("bk", Channel.BOOK),
    ("top", Channel.TOP),
    ("trd", Channel.TRADES),
    ("tik", Channel.TICKER),
    ("all", Question.TICKERS),
    ("kln", Channel.KLINES),
    ("fnd", Channel.FUNDING),
    ("pst", Question.FUNDING_HISTORY),
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
    offered = venue.rest.offers(kind)
    return {
        "kind": str(kind),
        "streams": [
            str(channel) for channel in Channel if venue.stream_for(kind, channel) is not None
        ],
        "requests": [str(question) for question in Question if question in offered],
        "integrity": venue.integrity[kind],
        "maker_bps": float(venue.fees[kind].maker) * 1e4,
        "taker_bps": float(venue.fees[kind].taker) * 1e4,
    }


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
