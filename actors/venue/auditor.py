"""The actor that audits a venue's books, one after the other, against fetched snapshots."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import trio

from actors.books.keeper import Commands, resync
from actors.books.order_book import OrderBook
from actors.books.witness import Finding, confirmed
from actors.edges.log import Log
from actors.venue.context import VenueContext
from exchanges.errors import ExchangeError
from exchanges.market.events import Fault

LEVELS: Final = 20
"""Of each side. Deeper ones are seldom traded, and some venues charge for them."""
SETTLE_S: Final = 2.0
"""How far stream and snapshot may be apart."""

log = Log(__name__)


class AuditCount(msgspec.Struct):
    """What audits of one venue have found; `lost` books were wrong twice in the same level."""

    audits: int = 0
    levels: int = 0
    mismatches: int = 0
    lost: int = 0

    @property
    def mismatch_rate(self) -> float:
        """Share of the compared levels."""
        return self.mismatches / self.levels if self.levels else 0.0

    def inspect(self) -> dict[str, object]:
        """For the live tree."""
        return {**msgspec.structs.asdict(self), "mismatch_rate": self.mismatch_rate}


class Auditor:
    """Audits one book every `every_s` seconds, in turn.

    `books` gives those that are watched, each with where its connection hears of it.
    """

    def __init__(
        self,
        context: VenueContext,
        books: Callable[[], Iterable[tuple[OrderBook, Commands]]],
        every_s: float,
    ) -> None:
        self.count = AuditCount()
        self._context = context
        self._books = books
        self._every_s = every_s
        self._audited: dict[str, float] = {}  # when, by symbol

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Audit until cancelled."""
        task_status.started()
        while True:
            await trio.sleep(max(self._every_s, self._context.budget.banned_s))
            live = [one for one in self._books() if one[0].is_live]
            if live:
                book, commands = min(live, key=lambda one: self._last_s(one[0]))
                self._audited[book.instrument.symbol] = trio.current_time()
                await self._audit(book, commands)

    def _last_s(self, book: OrderBook) -> float:
        return self._audited.get(book.instrument.symbol, -1.0)

    async def _audit(self, book: OrderBook, commands: Commands) -> None:
        first = await self._compare(book)
        if first is None or not first.mismatches:
            return
        second = await self._compare(book)
        wrong = confirmed(first, second) if second else []
        if wrong:
            self.count.lost += 1
            detail = f"{len(wrong)} levels differ, such as {wrong[0]}"
            resync(book, Fault.AUDIT, detail, commands)

    async def _compare(self, book: OrderBook) -> Finding | None:
        """One comparison; None if there was no snapshot, or the book started anew meanwhile."""
        if not book.is_live:
            return None
        snapshots = book.snapshots
        request = self._context.venue.rest.book(book.instrument, LEVELS)
        with book.witnessed() as witness:
            await trio.sleep(SETTLE_S)
            try:
                snapshot = await self._context.gateway.call(request)
            except ExchangeError as error:
                log.warning(
                    "audit_failed", venue=error.venue, asked=str(request), reason=str(error)
                )
                return None
            await trio.sleep(SETTLE_S)
        if not book.is_live or book.snapshots != snapshots:
            return None
        finding = witness.judge(snapshot)
        self.count.audits += 1
        self.count.levels += finding.levels
        self.count.mismatches += len(finding.mismatches)
        for mismatch in finding.mismatches:
            instrument = book.instrument
            log.warning(
                "audit_mismatch",
                venue=instrument.venue,
                symbol=instrument.symbol,
                level=str(mismatch),
            )
        return finding
