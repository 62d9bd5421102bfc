"""POSTs that may be sent again without being done again: `Idempotency-Key`.

The answer is kept with the change, in its transaction: whoever repeats a request whose answer
was lost gets that answer. One that failed leaves nothing, so it can be tried again.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from segs_site.lib.models import KeptAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
MAX_KEY = 200
KEPT = timedelta(days=2)  # longer than any client goes on trying


class KeyReused(APIException):
    """The key came before with another request."""

    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was sent before with another request."


def once(request: Request, *, now: datetime, act: Callable[[], Response]) -> Response:
    """Return what `act` answers, or what it answered when the same request came before.

    Without the header it acts each time. Two at a time: the second waits for the first. Answers
    must be plain JSON documents. Raises KeyReused, and ValidationError for a key too long.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return act()
    if len(key) > MAX_KEY:
        raise ValidationError({HEADER: [f"At most {MAX_KEY} characters."]})
    owner, said = str(request.user.pk), _digest(request)
    try:
        with transaction.atomic():
            kept = KeptAnswer.objects.create(owner=owner, key=key, sha256=said, created_at=now)
            response = act()
            kept.status = response.status_code
            kept.body = json.loads(JSONRenderer().render(response.data))
            kept.save(update_fields=["status", "body"])
            return response
    except IntegrityError:
        earlier = KeptAnswer.objects.filter(owner=owner, key=key).first()
        if earlier is None:
            raise  # another constraint than ours
    if earlier.sha256 != said:
        raise KeyReused
    return Response(earlier.body, status=earlier.status, headers={REPLAYED: "true"})


def forget_before(moment: datetime) -> None:
    """Delete answers older than `moment`."""
    KeptAnswer.objects.filter(created_at__lt=moment).delete()


def _digest(request: Request) -> str:
    said = json.dumps(request.data, sort_keys=True, default=str)
    content = f"{request.method} {request._request.get_full_path()}\n{said}"
    return hashlib.sha256(content.encode(errors="replace")).hexdigest()
