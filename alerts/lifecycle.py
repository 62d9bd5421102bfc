"""The life of an alert, after ISA-18.2: which step leads from which state to which.

    active ── acknowledge ──► acknowledged ── clear ──► resolved
      │ clear                    ▲ return (the condition comes back, unacknowledged: active)
      ▼                          │
    cleared ── acknowledge ──► resolved

A person may resolve from any open state; the next occurrence is then another alert. Shelving and
suppression hide an alert without changing its state: it is evaluated all the while. What another
alert or planned work explains is over when it clears: nobody was told, nobody has to acknowledge.
"""

from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where an alert stands. All but the last are open."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"
    RESOLVED = "resolved"


class Step(StrEnum):
    """What can happen to an alert; the journal holds each as a row."""

    RAISED = "raised"
    RETURNED = "returned"
    WORSENED = "worsened"
    CLEARED = "cleared"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    ASSIGNED = "assigned"
    NOTED = "noted"
    LINKED = "linked"
    UNLINKED = "unlinked"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    ESCALATED = "escalated"


OPEN = (State.ACTIVE, State.ACKNOWLEDGED, State.CLEARED)
UNACKNOWLEDGED = (State.ACTIVE, State.CLEARED)
STANDING = (State.ACTIVE, State.ACKNOWLEDGED)  # the condition holds

QUIET_FOR = timedelta(minutes=5)  # a repeat this soon after a resolve is told to nobody again
SHELVES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=8))
LONGEST_SHELF = timedelta(days=7)

_AFTER: dict[Step, dict[State, State]] = {
    Step.ACKNOWLEDGED: {
        State.ACTIVE: State.ACKNOWLEDGED,
        State.CLEARED: State.RESOLVED,
    },
    Step.CLEARED: {
        State.ACTIVE: State.CLEARED,
        State.ACKNOWLEDGED: State.RESOLVED,
    },
    Step.RETURNED: {State.CLEARED: State.ACTIVE},
    Step.RESOLVED: dict.fromkeys(OPEN, State.RESOLVED),
}


class NotPossible(Exception):
    """The step does not lead anywhere from the state."""


def after(state: State, step: Step) -> State:
    """Return the state after a step; steps that change none return it. Raises NotPossible."""
    if step not in _AFTER:
        if state is State.RESOLVED:
            raise NotPossible
        return state
    if state not in _AFTER[step]:
        raise NotPossible
    return _AFTER[step][state]


def ways(step: Step, *, is_suppressed: bool = False) -> dict[State, State]:
    """Return which state a step leads from, and to which."""
    if step is Step.CLEARED and is_suppressed:
        return dict.fromkeys(STANDING, State.RESOLVED)
    return dict(_AFTER[step])


def is_quiet(*, resolved_at: datetime | None, raised_at: datetime) -> bool:
    """Tell whether a new alert repeats one that was resolved so lately that nobody is told."""
    return resolved_at is not None and raised_at - resolved_at < QUIET_FOR
