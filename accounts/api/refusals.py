"""What services refuse, as problems of the API with a stable code."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError as ModelValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, AuthenticationFailed, ValidationError
from rest_framework.response import Response

from accounts.api import tokens
from accounts.services import (
    guarding,
    one_time_codes,
    passkeys,
    people,
    proofs,
    second_factor,
    sign_in,
)
from segs_site.lib import problems, schema

BEARER: Final = 'Bearer realm="api"'

# What operations say of their refusals in the API's description.
LINK: Final = {
    400: schema.refusal(
        "What is sent is wrong, or the link or proof is.",
        "link_expired",
        "link_invalid",
        "link_used",
    )
}
LOCKED: Final = {429: schema.refusal("Too many attempts, or too often.", "locked")}
PASSWORD: Final = {
    403: schema.refusal("The present password is another.", "wrong_password")
} | LOCKED
FACTOR: Final = {
    401: schema.refusal("The code or passkey is not right, or was used.", "wrong_second_factor")
}
LAST: Final = {
    409: schema.refusal("It is the last second factor, and one is required.", "last_second_factor")
}


class Refusal(APIException):
    """A refusal with its own status."""

    def __init__(self, status: int, code: str, detail: Any) -> None:
        super().__init__(detail, code)
        self.status_code = status


class Locked(APIException):
    """Too many attempts; `Retry-After` says when to come again."""

    status_code = 429
    default_code = "locked"

    def __init__(self, until: datetime, now: datetime) -> None:
        super().__init__(_("Too many attempts. Try again later."))
        self.wait = max(1, round((until - now).total_seconds()))


_REFUSALS: Final[dict[type[Exception], tuple[int, str, Any]]] = {
    proofs.Invalid: (
        400,
        "link_invalid",
        gettext_lazy("This link or proof is not one of ours; was it cut short?"),
    ),
    proofs.Expired: (400, "link_expired", gettext_lazy("Its time is over: ask for a new one.")),
    proofs.Used: (
        400,
        "link_used",
        gettext_lazy("It was used already, or the password has changed since."),
    ),
    people.WrongPassword: (
        403,
        "wrong_password",
        gettext_lazy("The present password is another."),
    ),
    second_factor.WrongProof: (
        401,
        "wrong_second_factor",
        gettext_lazy("This code or passkey is not right, or was used."),
    ),
    second_factor.StillRequired: (
        409,
        "last_second_factor",
        gettext_lazy("It is your last second factor, and this site requires one."),
    ),
    one_time_codes.NotBegun: (
        409,
        "app_not_begun",
        gettext_lazy("There is no code to confirm, or it is confirmed already."),
    ),
    passkeys.TooMany: (409, "too_many_passkeys", gettext_lazy("Remove a passkey first.")),
}


@contextmanager
def answered(*, now: datetime) -> Iterator[None]:
    """Raise for a refusal of a service the problem that the API answers."""
    try:
        yield
    except guarding.Locked as problem:
        raise Locked(problem.until, now) from problem
    except sign_in.WrongCredentials as problem:
        detail = _("This address and password do not belong together.")
        raise AuthenticationFailed(detail, "wrong_credentials") from problem
    except tokens.NotValid as problem:
        detail = _("This token has ended, or was used.")
        raise AuthenticationFailed(detail, "token_not_valid") from problem
    except ModelValidationError as problem:
        raise ValidationError({"password": problem.messages}) from problem
    except tuple(_REFUSALS) as problem:
        raise Refusal(*_REFUSALS[type(problem)]) from problem


def one_more_step(*, code: str, detail: str, **members: Any) -> Response:
    """Answer that the password was right and something else is missing."""
    body = problems.document(status=401, code=code, detail=detail, **members)
    return Response(
        body,
        status=401,
        content_type=problems.CONTENT_TYPE,
        headers={"WWW-Authenticate": BEARER},
    )
