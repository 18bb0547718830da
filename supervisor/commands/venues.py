"""`arbitrio venues`: what each venue can do."""

from argparse import Namespace
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from exchanges import VENUES, Venue
from exchanges.stream import Channel


def main(args: Namespace) -> int:
    rows = [describe(venue) for venue in VENUES.values()]
    if args.json:
        print(msgspec.json.format(msgspec.json.encode(rows)).decode())
    else:
        Console().print(_table(rows))
    return 0


def describe(venue: Venue) -> dict[str, Any]:
    """What a venue can do, as plain data."""
    channels = {
        str(kind): [
            str(channel) for channel in Channel if venue.stream_for(kind, channel) is not None
        ]
        for kind in venue.kinds
    }
    return {
        "name": venue.name,
        "title": venue.title,
        "source": venue.source,
        "kinds": [str(kind) for kind in venue.kinds],
        "channels": channels,
        "klines": [str(interval) for interval in venue.klines],
        "integrity": {str(kind): text for kind, text in venue.integrity.items()},
        "topics_per_connection": {stream.name: stream.max_topics for stream in venue.streams},
        "lifetime_s": {stream.name: stream.lifetime_s for stream in venue.streams},
        "taker_bps": {str(kind): float(fees.taker) * 1e4 for kind, fees in venue.fees.items()},
        "endpoints": venue.endpoints,
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("venue", "market", "streams beside the book", "book proven by"):
        table.add_column(name, overflow="fold")
    table.add_column("taker bp", justify="right")
    for row in rows:
        for kind in row["kinds"]:
            streams = [name for name in row["channels"][kind] if name != Channel.BOOK]
            fee = f"{row['taker_bps'][kind]:g}"
            table.add_row(row["name"], kind, ", ".join(streams), row["integrity"][kind], fee)
    return table
