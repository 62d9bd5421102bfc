"""What a request to the desk says, and what the desk refuses, as problems with a stable code."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from alerts.services import acting, planning, shelving
from segs_site.lib.access import Action, Needs
from segs_site.lib.conflicts import Refusals


class DeskView(APIView):
    """Opened to those who watch the grid; those who operate it may act."""

    permission_classes = [Needs(Action.WATCH_GRID, to_change=Action.OPERATE_GRID)]


CONFLICTS = Refusals(
    {
        acting.NotPossible: ("not_possible", "That cannot be done to an alert in this state."),
        shelving.AlreadyShelved: ("already_shelved", "The alert is on the shelf."),
        shelving.NotShelved: ("not_shelved", "The alert is not on the shelf."),
        planning.NotOpen: ("not_open", "The work is over, or was called off."),
    }
)
WRONG_FIELDS: dict[type[Exception], tuple[str, str]] = {
    acting.NoText: ("note", "A note says something."),
    acting.NotAnOperator: ("assigned_to", "Alerts are given to those who may work on them."),
    shelving.NoReason: ("reason", "Say why."),
    shelving.NotAtAll: ("until", "The end must be to come."),
    shelving.TooLong: ("until", "At most seven days."),
    planning.NoReason: ("reason", "Say why."),
    planning.NothingLeft: ("end", "It would be over already."),
}


@contextmanager
def refusals() -> Iterator[None]:
    """Raise for a refusal of a service the problem that the API answers."""
    try:
        with CONFLICTS.told():
            yield
    except tuple(WRONG_FIELDS) as problem:
        field, words = WRONG_FIELDS[type(problem)]
        raise ValidationError({field: [words]}) from problem


def by(request: Request) -> str:
    """Return the address of whoever acts."""
    return str(request.user.get_username())
