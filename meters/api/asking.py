"""What all doors of meters do first: read the question, or say what is wrong with it."""

from datetime import datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import Serializer

from segs_site.lib.periods import Period


def asked(kind: type[Serializer[Any]], request: Request, *, now: datetime) -> dict[str, Any]:
    """Return what the address asks for; raises ValidationError."""
    return valid(kind(data=request.query_params, context={"now": now}))


def sent(kind: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return what the body says; raises ValidationError."""
    return valid(kind(data=request.data))


def valid(serializer: Serializer[Any]) -> dict[str, Any]:
    """Return the validated data; raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def over(period: Period, now: datetime) -> Period | None:
    """Return what of a period lies before now; None when all of it is to come."""
    return Period(period.start, min(period.end, now)) if period.start < now else None


def user_id(request: Request) -> int:
    """Return the id of whoever asks; the door has made sure that he is signed in."""
    return int(request.user.pk or 0)
