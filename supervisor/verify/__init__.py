"""The conformance suite: numbered cases that every venue must pass against its own sandbox.

No case uses a socket; time is virtual, and each run is the same.
"""

from typing import Final

from supervisor.verify import book_cases as book
from supervisor.verify import connection_cases as connection
from supervisor.verify import decoder_cases as decoder
from supervisor.verify import event_cases as event
from supervisor.verify import request_cases as request
from supervisor.verify import unit_cases as unit
from supervisor.verify.case import Case, Outcome, Result, run_case

__all__ = ["CASES", "Case", "Outcome", "Result", "run_case"]

_CHECKS: Final = (
    ("symbol round trip", event.symbols),
    ("snapshot", book.snapshot),
    ("delta", book.delta),
    ("delete", book.delete),
    ("gap", book.gap),
    ("duplicate", book.duplicate),
    ("swap", book.swap),
    ("garbage", book.garbage),
    ("reconnect, smaller snapshot", book.reconnect),
    ("crossed book", book.crossed),
    ("busy venue", book.busy),
    ("unknown symbol", connection.unknown_symbol),
    ("refused subscription", connection.refused_subscription),
    ("late ack", connection.late_ack),
    ("unsubscribe", connection.unsubscribe),
    ("heartbeat", connection.heartbeat),
    ("silence", connection.silence),
    ("rollover", connection.rollover),
    ("limits", connection.limits),
    ("events and units", event.events),
    ("trades one by one", event.trades),
    ("empty side", event.empty_side),
    ("requests and units", request.requests),
    ("many of an asset as one", unit.scaled),
    ("mutated frames", decoder.mutated_frames),
    ("memory per frame", decoder.memory),
)

CASES: Final = tuple(
    Case(number, name, check) for number, (name, check) in enumerate(_CHECKS, start=1)
)
