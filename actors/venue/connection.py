"""The actor of one connection: it holds a session, obeys commands, and rolls over in time."""

from collections.abc import Mapping
from contextlib import suppress
from math import inf
from typing import Final

import trio

from actors.edges.log import Log
from actors.network.websocket import Disconnected, HandshakeRefused
from actors.venue.commands import Command, Subscribe, Unsubscribe
from actors.venue.context import VenueContext
from actors.venue.session import Session
from exchanges.errors import ExchangeError
from exchanges.market.topics import Topic
from exchanges.stream.facts import Stream

# The successor is opened when 90 to 95 % of the venue's connection lifetime has passed, so
# that connections opened together are not replaced together.
ROLLOVER_AT: Final = 0.90
ROLLOVER_SPREAD: Final = 0.05
# A successor whose books are not all live by then takes over all the same: the venue may
# refuse a topic of the old connection, and the old one is about to end.
SETTLE_S: Final = 60.0
# A rollover that failed is tried again after so long, and several times before the end.
RETRY_S: Final = 30.0
RETRY_SHARE: Final = 0.2  # of the time that is left
LEAST_RETRY_S: Final = 2.0
SESSION_FAILURES: Final = (
    OSError,
    trio.TooSlowError,
    Disconnected,
    HandshakeRefused,
    ExchangeError,
)

log = Log(__name__)


class Connection:
    """One slot of a venue's connections; its topics survive restarts of the actor.

    Commands are few and none may be lost, so their inbox is unbounded.
    """

    def __init__(self, context: VenueContext, stream: Stream) -> None:
        self.stream = stream
        self.topics: set[Topic] = set()
        self._context = context
        self._send, self._commands = trio.open_memory_channel[Command](inf)
        self._sessions: list[Session] = []  # the primary first, a successor after it
        self._past_frames = 0  # of sessions that are over

    def tell(self, command: Command) -> None:
        """Give the actor a command; what it must wish for is kept even while it is down."""
        match command:
            case Subscribe(topics):
                self.topics.update(topics)
            case Unsubscribe(topics):
                self.topics.difference_update(topics)
        self._send.send_nowait(command)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold a session and replace it in time; ready once the first one is connected.

        Raises what `Session.run` raises, when no session is left.
        """
        self._sessions = []
        self._forget_commands()
        async with trio.open_nursery() as nursery:
            await self._begin(nursery)
            nursery.start_soon(self._obey, name="commands")
            task_status.started()
            while True:
                await self._until_rollover(self._sessions[0])
                await self._roll_over(nursery)

    @property
    def frames(self) -> int:
        """Frames received by all sessions so far."""
        return self._past_frames + sum(session.codec.frames for session in self._sessions)

    def inspect(self) -> Mapping[str, object]:
        """For the live tree: what the connection carries and has seen."""
        waiting = [session.waits_for for session in self._sessions if not session.is_connected]
        return {
            **({"waits_for": waiting[0]} if waiting else {}),
            "topics": len(self.topics),
            "frames": self.frames,
            "bad_frames": sum(session.bad_frames for session in self._sessions),
            "sessions": [session.source for session in self._sessions],
        }

    async def _begin(self, nursery: trio.Nursery) -> Session:
        """Connect a session; the first one is the primary."""
        is_primary = not self._sessions
        session = Session(self._context, self.stream, self.topics, is_primary=is_primary)
        self._sessions.append(session)
        await nursery.start(self._hold, session, name=f"session {session.source}")
        return session

    async def _hold(
        self, session: Session, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run a session; its end is a failure only if nobody else carries the topics."""
        try:
            await session.run(task_status=task_status)
        except* SESSION_FAILURES as group:
            self._forget(session)
            if not session.is_connected or not self._sessions:
                raise
            self._tell_failures("session_ended", group)
        else:
            self._forget(session)  # it was retired
        finally:
            session.ended.set()

    def _tell_failures(self, event: str, group: BaseExceptionGroup[Exception]) -> None:
        reasons = "; ".join(repr(error) for error in group.exceptions)
        log.warning(event, venue=self._context.venue.name, reason=reasons)

    def _forget(self, session: Session) -> None:
        self._sessions.remove(session)
        self._past_frames += session.codec.frames

    def _forget_commands(self) -> None:
        """What was told while nobody listened is in the topics and the instruments already."""
        with suppress(trio.WouldBlock):
            while True:
                self._commands.receive_nowait()

    async def _obey(self) -> None:
        async for command in self._commands:
            for session in self._sessions:
                session.obey(command)

    async def _until_rollover(self, session: Session) -> None:
        """Wait until the session's lifetime is nearly over, or the venue announces its end."""
        share = ROLLOVER_AT + ROLLOVER_SPREAD * self._context.chance.random()
        with trio.move_on_at(session.connected_s + self._lifetime_s * share):
            await session.notice.wait()

    async def _roll_over(self, nursery: trio.Nursery) -> None:
        """Open a successor, wait until its books are live, then let the old session go.

        Raises what a successor fails by, if the old session has ended while it tried.
        """
        old = self._sessions[0]
        failure: BaseExceptionGroup[Exception] | None = None
        try:
            successor = await self._begin(nursery)
        except* SESSION_FAILURES as group:
            failure = group
            self._tell_failures("rollover_failed", group)
        else:
            await first_of(successor.settled, successor.ended, old.ended, within_s=SETTLE_S)
            if not successor.ended.is_set():
                successor.is_primary = True
                old.retire()
                await old.ended.wait()
                log.info("rolled_over", venue=self._context.venue.name, stream=self.stream.name)
                return
        if failure and not self._sessions:  # the old one has ended meanwhile
            raise failure
        left_s = old.connected_s + self._lifetime_s - trio.current_time()
        await trio.sleep(max(min(RETRY_S, left_s * RETRY_SHARE), LEAST_RETRY_S))

    @property
    def _lifetime_s(self) -> float:
        return self.stream.lifetime_s or inf


async def first_of(*events: trio.Event, within_s: float) -> None:
    """Wait until one of the events is set, or the time is over."""
    with trio.move_on_after(within_s):
        async with trio.open_nursery() as nursery:
            for event in events:
                nursery.start_soon(_cancel_after, event, nursery.cancel_scope)


async def _cancel_after(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel(reason="one of the events has come")
