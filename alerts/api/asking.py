"""What a request to the desk says, and what the desk refuses, as problems with a stable code."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from alerts.services import acting, planning, shelving
from segs_site.lib import schema
from segs_site.lib.access import Action, Needs


class DeskView(APIView):
    """Opened to those who watch the grid; those who operate it may act."""

    permission_classes = [Needs(Action.WATCH_GRID, to_change=Action.OPERATE_GRID)]


class Conflict(APIException):
    """What was asked does not go with how things stand."""

    status_code = 409


CONFLICTS: dict[type[Exception], tuple[str, str]] = {
    acting.NotPossible: ("not_possible", "That cannot be done to an alert in this state."),
    shelving.AlreadyShelved: ("already_shelved", "The alert is on the shelf."),
    shelving.NotShelved: ("not_shelved", "The alert is not on the shelf."),
    planning.NotOpen: ("not_open", "The work is over, or was called off."),
}
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
        yield
    except tuple(CONFLICTS) as problem:
        code, words = CONFLICTS[type(problem)]
        raise Conflict(words, code) from problem
    except tuple(WRONG_FIELDS) as problem:
        field, words = WRONG_FIELDS[type(problem)]
        raise ValidationError({field: [words]}) from problem


def conflict(*kinds: type[Exception]) -> OpenApiResponse:
    """Return what the API's description says of these refusals."""
    return schema.refusal(
        "It does not go with how things stand.", *(CONFLICTS[kind][0] for kind in kinds)
    )


def asked(kind: type[Serializer[Any]], request: Request, *, now: datetime) -> dict[str, Any]:
    """Return what the address asks for; raises ValidationError."""
    return _valid(kind(data=request.query_params, context={"now": now}))


def sent(kind: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return what the body says; raises ValidationError."""
    return _valid(kind(data=request.data))


def _valid(serializer: Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def me(request: Request) -> int:
    """Return the id of whoever asks; the door has made sure that he is signed in."""
    return int(request.user.pk or 0)


def by(request: Request) -> str:
    """Return the address of whoever acts."""
    return str(request.user.get_username())
