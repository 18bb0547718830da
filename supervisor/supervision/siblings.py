"""The children of one supervisor, and what is to become of each: who must go, who is due.

Nothing here waits. Whatever happens (a child exits or is ready, somebody asks for something, a
pause is over) is noted on the children, and the supervisor's loop then looks at all of them:
exits are judged, the next of those that must go is cancelled, those whose pause and turn have
come are started. So the outcome of events that come together depends on the state they leave,
and not on their order:

- Of children that exit at the same instant, the first in start order is judged first. An exit of
  a child that a decision has already doomed counts neither against a limit nor for a pause; but
  what would have been its last exit (of a transient child that finished, say) still is.
- A child is started only when its previous task is gone. Where order matters (in the first start,
  and always with `ONE_FOR_ALL` and `REST_FOR_ONE`) it also waits until no sibling is on its way
  out and all earlier ones are up or given up.
- Of all that must go, the last goes first; the one before it is cancelled when that one is gone
  or overdue.
- Restarts that overlap are merged: a child waits for the later of their instants.
"""

import logging
from collections.abc import Callable, Iterator
from math import inf
from typing import Final

from supervisor.supervision.child import Child, ChildSpec, State
from supervisor.supervision.policy import (
    Decision,
    Escalate,
    Forget,
    Jitter,
    Park,
    Restart,
    RestartChildren,
    RestartLimit,
    RestartLimitReached,
    RestartPolicy,
    Strategy,
    describe,
)

# Silent until somebody listens; a record's message is the event, `facts` is what goes with it.
_LOG: Final = logging.getLogger("arbitrio.supervisor.supervision")
_LOG.addHandler(logging.NullHandler())


class Siblings:
    """The children of one run of a supervisor, in start order; times are monotonic seconds.

    `on_ready` is called when a child has become ready. `escalation` is set when a child failed
    too often: then all must go.
    """

    def __init__(
        self,
        supervisor: str,
        strategy: Strategy,
        limit: RestartLimit,
        jitter: Jitter,
        on_ready: Callable[[], None],
    ) -> None:
        self.escalation: RestartLimitReached | None = None
        self._supervisor = supervisor
        self._limit = limit
        self._on_ready = on_ready
        self._policy = RestartPolicy(strategy, limit, jitter)
        self._is_ordered = strategy is not Strategy.ONE_FOR_ONE  # not in the first start only
        self._children: dict[str, Child] = {}

    def __iter__(self) -> Iterator[Child]:
        return iter(self._children.values())

    def __contains__(self, child: Child) -> bool:
        return self._children.get(child.name) is child

    def get(self, name: str) -> Child:
        """The child of this name.

        Raises:
            LookupError: there is none.
        """
        if name not in self._children:
            raise LookupError(f"{self._supervisor} has no child {name}")
        return self._children[name]

    def add(self, spec: ChildSpec, now_s: float, *, first: bool = False) -> Child:
        """One more child, due at once; `first` if it is part of the supervisor's first start.

        Raises:
            ValueError: there is a child of this name, perhaps one on its way out.
        """
        if spec.name in self._children:
            raise ValueError(f"{self._supervisor} has a child {spec.name} already")
        child = Child(spec, now_s, in_turn=first or self._is_ordered, on_ready=self._note_ready)
        self._children[spec.name] = child
        self._policy.add(spec.name, spec)
        return child

    def restart(self, child: Child, now_s: float) -> None:
        """Somebody wants the child restarted at once, whatever it does now."""
        child.due_s = None
        self._restart(self._policy.on_request(child.name), child, "requested", now_s)

    def end(self, now_s: float) -> None:
        """All must go, and none is started any more."""
        for child in self:
            child.end(now_s)

    def end_at_once(self, now_s: float) -> None:
        """Cancel all that still run, in no order."""
        for child in self:
            if child.is_alive:
                child.stop(now_s)

    def judge_exits(self, now_s: float) -> None:
        """Decide about the children whose tasks have ended."""
        for child in [child for child in self if child.exited]:
            asked = child.state is State.STOPPING
            covered = child.doomed and (asked or not child.spec.is_final(child.failure))
            failure = child.take_exit(now_s)
            level = logging.DEBUG if failure is None else logging.WARNING
            reason = "stopped" if asked and failure is None else describe(failure)
            self._log(level, "child_exited", child, reason=reason)
            if not covered:
                self._obey(self._policy.on_exit(child.name, failure, now_s), child, failure, now_s)
        for child in [child for child in self if child.is_forgotten]:
            del self._children[child.name]
            self._policy.remove(child.name)

    def stop_in_turn(self, now_s: float) -> None:
        """Cancel the next of those that must go, if the one before has gone or is overdue."""
        for child in reversed(self._children.values()):
            if not child.doomed:
                continue
            if child.state is not State.STOPPING:
                child.stop(now_s)
            if now_s < child.stop_by_s:
                return
            if not child.overdue:
                child.overdue = True
                self._log(logging.WARNING, "stop_overdue", child, after_s=child.spec.shutdown_s)

    def start_in_turn(self, now_s: float, spawn: Callable[[Child], None]) -> None:
        """Start those whose pause and turn have come; `spawn` gives each its task."""
        held_up = any(child.is_leaving for child in self)
        for child in self:
            if child.is_due(now_s) and not (child.in_turn and held_up):
                child.start(now_s)
                child.in_turn = self._is_ordered
                self._policy.on_start(child.name)
                spawn(child)
                if not child.spec.wait_ready and not child.spec.tells_ready:
                    child.started()
            held_up = held_up or child.holds_up

    def wake_s(self, now_s: float) -> float:
        """When to look again, if nothing happens before; what was due by now has been done."""
        timers_s = (at_s for child in self for at_s in child.timers_s)
        return min((at_s for at_s in timers_s if at_s > now_s), default=inf)

    def _obey(
        self, decision: Decision, child: Child, failure: BaseException | None, now_s: float
    ) -> None:
        """Note what was decided about this child's exit."""
        reason = describe(failure)
        match decision:
            case RestartChildren():
                self._restart(decision, child, reason, now_s)
            case Forget():
                child.end(now_s, drop=child.spec.restart is Restart.TEMPORARY)
            case Park(after_s=after_s, history=history, is_news=is_news):
                child.park(now_s + after_s, now_s)
                facts = {"after_s": after_s, "failures": len(history), "reason": reason}
                # One alarm; of the probes that fail, less and less often, their exits tell.
                level = logging.ERROR if is_news else logging.DEBUG
                self._log(level, "child_parked", child, **facts)
            case Escalate(history=history):
                self._log(logging.ERROR, "escalating", child, reason=reason)
                error = RestartLimitReached(self._supervisor, child.name, self._limit, history)
                error.__cause__ = failure
                self.escalation = error
                self.end(now_s)

    def _restart(self, decision: RestartChildren, child: Child, reason: str, now_s: float) -> None:
        after_s = decision.after_s
        self._log(logging.DEBUG, "child_restarting", child, after_s=after_s, reason=reason)
        for name in decision.ends:
            self._children[name].end(now_s, drop=True)
        for name in decision.names:
            self._children[name].restart(now_s + after_s, now_s)

    def _note_ready(self, child: Child) -> None:
        self._policy.on_ready(child.name, child.since_s)
        self._log(logging.DEBUG, "child_started", child)
        self._on_ready()

    def _log(self, level: int, event: str, child: Child, **facts: object) -> None:
        named = {"supervisor": self._supervisor, "child": child.name, "restarts": child.restarts}
        _LOG.log(level, event, extra={"facts": named | facts})
