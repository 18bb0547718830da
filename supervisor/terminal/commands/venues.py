"""`arbitrio venues`: what each venue can do."""

from argparse import Namespace

import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table

from supervisor.terminal.matrix import (
    LEGEND,
    Rows,
    abilities,
    as_markdown,
    capability_table,
    integrity_table,
)
from supervisor.terminal.naming import venues_named
from supervisor.terminal.tables import table_console


def main(args: Namespace) -> int:
    venues = venues_named(args.venues)
    if args.json:
        rows = [abilities(venue) for venue in venues]
        print(msgspec.json.format(msgspec.json.encode(rows)).decode())
    elif args.markdown:
        print(as_markdown(venues))
    else:
        console = table_console()
        console.print(_table(*capability_table(venues)))
        console.print(f"{LEGEND}\n", style="dim")
        console.print(_table(*integrity_table(venues)))
    return 0


def _table(header: list[str], rows: Rows) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for name in header:
        table.add_column(name, no_wrap=name in ("venue", "market"), overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
