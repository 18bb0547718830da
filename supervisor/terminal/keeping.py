"""Opportunities kept in a file: a row for each change, as CSV, JSON lines or Parquet."""

import csv
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from actors.detection.opportunity import OpportunityChange, Phase, Reason
from exchanges.market.numbers import plain
from supervisor.terminal.exits import UsageError

Keep = Callable[[OpportunityChange], None]
"""Writes one change."""

# Of Parquet; what is not written yet is lost if the process is killed.
_ROWS_A_GROUP: Final = 10_000


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What a change says: stamps in nanoseconds since the epoch, all else as in `Opportunity`.

    Proceeds, cost and profit are in `unit`; `rate` is what one of the sale's quote brings in it.
    """

    decided_ns: int
    phase: Phase
    reason: Reason | None
    id: int
    sell_venue: str
    sell_symbol: str
    sell_price: float
    buy_venue: str
    buy_symbol: str
    buy_price: float
    size: float
    edge_bps: float
    best_edge_bps: float
    proceeds: float
    cost: float
    profit: float
    unit: str
    rate: float
    rate_bps: float
    rate_age_s: float | None
    rate_by: str
    opened_ns: int
    lasted_s: float


def row_of(change: OpportunityChange) -> Row:
    one = change.opportunity
    sell, buy = one.sell.instrument, one.buy.instrument
    return Row(
        decided_ns=change.decided_ns,
        phase=change.phase,
        reason=change.reason,
        id=one.id,
        sell_venue=sell.venue,
        sell_symbol=sell.symbol,
        sell_price=one.sell.price,
        buy_venue=buy.venue,
        buy_symbol=buy.symbol,
        buy_price=one.buy.price,
        size=float(one.size),
        edge_bps=one.edge_bps,
        best_edge_bps=one.best_edge_bps,
        proceeds=one.proceeds,
        cost=one.cost,
        profit=one.profit,
        unit=one.unit,
        rate=one.rate.value,
        rate_bps=one.rate_bps,
        rate_age_s=one.rate_age_s,
        rate_by=", ".join(str(step.instrument) for step in one.rate.conversions),
        opened_ns=one.opened_ns,
        lasted_s=one.lasted_s,
    )


@contextmanager
def keep_opportunities(path: Path | None, *, replace: bool = False) -> Iterator[Keep]:
    """Write to a file whose name ends in .csv, .jsonl or .parquet; nowhere if there is no path.

    Raises:
        UsageError: a library is missing, or the file is there already and not to be replaced.
        OSError: the file cannot be written.
    """
    if path is None:
        yield lambda change: None
        return
    if path.exists() and not replace:
        raise UsageError(f"{path}: is there already; --force replaces it")
    with _WRITERS[path.suffix](path) as keep:
        yield keep


@contextmanager
def _keep_csv(path: Path) -> Iterator[Keep]:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(Row.__struct_fields__)

        def keep(change: OpportunityChange) -> None:
            row = msgspec.structs.astuple(row_of(change))
            rows.writerow([plain(value) if isinstance(value, float) else value for value in row])

        yield keep


@contextmanager
def _keep_jsonl(path: Path) -> Iterator[Keep]:
    with path.open("wb") as file:

        def keep(change: OpportunityChange) -> None:
            file.write(msgspec.json.encode(row_of(change)) + b"\n")

        yield keep


@contextmanager
def _keep_parquet(path: Path) -> Iterator[Keep]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{path}: parquet needs an extra: pip install 'arbitrio[parquet]'"
        ) from error
    types = {int: pyarrow.int64(), float: pyarrow.float64()}
    schema = pyarrow.schema(
        [(one.name, types.get(one.type, pyarrow.string())) for one in msgspec.structs.fields(Row)]
    )
    rows: list[dict[str, object]] = []
    with path.open("wb") as file, pyarrow.parquet.ParquetWriter(file, schema) as writer:

        def write() -> None:
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
            rows.clear()

        def keep(change: OpportunityChange) -> None:
            rows.append(msgspec.to_builtins(row_of(change)))
            if len(rows) == _ROWS_A_GROUP:
                write()

        try:
            yield keep
        finally:
            write()


_WRITERS: Final[dict[str, Callable[[Path], AbstractContextManager[Keep]]]] = {
    ".csv": _keep_csv,
    ".jsonl": _keep_jsonl,
    ".parquet": _keep_parquet,
}
