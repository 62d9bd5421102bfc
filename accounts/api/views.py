"""Signing in and out by REST."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import refusals, serializers, tokens
from accounts.api.base import OpenView, caller, sent
from accounts.models import User
from accounts.services import factors, passkeys, people, proofs, second_factor, sign_in
from accounts.services.sign_in import Next
from segs_site.lib import problems, schema


class LoginView(OpenView):
    """Exchanges e-mail address and password for tokens."""

    @extend_schema(
        operation_id="auth_login",
        request=serializers.CredentialsSerializer,
        responses={
            200: serializers.TokensSerializer,
            (401, problems.CONTENT_TYPE): OpenApiResponse(
                serializers.OneMoreStepSerializer,
                description="They do not belong together, or a second step is needed.",
            ),
        }
        | refusals.LOCKED,
    )
    def post(self, request: Request) -> Response:
        """Answer a pair of tokens, or what the next step is; 429 after many failures.

        `second_factor_required` comes with a proof for `auth/login/second-factor`,
        `second_factor_enrolment_required` with one for `auth/second-factor/…`.
        """
        now = timezone.now()
        typed = sent(serializers.CredentialsSerializer, request)
        with refusals.answered(now=now):
            admission = sign_in.by_password(**typed, address=caller(request), now=now)
        if admission.next == Next.ENTER:
            return _enter(admission.user, now=now)
        return _next_step(admission, now=now)


class SecondStepView(OpenView):
    """Ends a sign-in that needs a second factor."""

    @extend_schema(
        operation_id="auth_login_second_factor",
        request=serializers.SecondStepSerializer,
        responses={200: serializers.TokensSerializer}
        | refusals.LINK
        | refusals.FACTOR
        | refusals.LOCKED,
    )
    def post(self, request: Request) -> Response:
        """Answer a pair of tokens for the proof and a code or a passkey's answer."""
        now = timezone.now()
        step = sent(serializers.SecondStepSerializer, request)
        with refusals.answered(now=now):
            user = proofs.user(proofs.Purpose.SECOND_STEP, step["proof"], now=now)
            if "code" in step:
                second_factor.prove_by_code(user=user, code=step["code"], now=now)
            else:
                second_factor.prove_by_passkey(user=user, answer=step["passkey"], now=now)
        return _enter(user, now=now)


class PasskeyChallengeView(OpenView):
    """Asks a passkey to sign, for the second step."""

    @extend_schema(
        operation_id="auth_login_passkey_options",
        request=serializers.ProofSerializer,
        responses={200: OpenApiResponse(dict, description="Options of navigator.credentials.get.")}
        | refusals.LINK,
    )
    def post(self, request: Request) -> Response:
        """Answer what `navigator.credentials.get` takes as `publicKey`, as JSON."""
        now = timezone.now()
        proof = sent(serializers.ProofSerializer, request)["proof"]
        with refusals.answered(now=now):
            user = proofs.user(proofs.Purpose.SECOND_STEP, proof, now=now)
        return Response(passkeys.ask_for_proof(user=user, now=now))


class RefreshView(OpenView):
    """Exchanges a refresh token for a new pair; each works once."""

    @extend_schema(
        operation_id="auth_refresh",
        request=serializers.RefreshSerializer,
        responses={
            200: serializers.TokensSerializer,
            401: schema.refusal("The token has ended, or was used.", "token_not_valid"),
        },
    )
    def post(self, request: Request) -> Response:
        """Answer a new pair; 401 when the token is used, ended or its user barred.

        A token that comes twice ends every token of its sign-in, also when both came at the
        same moment: refresh once at a time, and sign in again when an answer was lost.
        """
        now = timezone.now()
        with refusals.answered(now=now):
            pair = tokens.renew(sent(serializers.RefreshSerializer, request)["refresh"], now=now)
        return Response(pair)


class LogoutView(OpenView):
    """Ends a refresh token and all that descend from the same sign-in."""

    @extend_schema(
        operation_id="auth_logout",
        request=serializers.RefreshSerializer,
        responses={204: OpenApiResponse(description="The tokens have ended.")},
    )
    def post(self, request: Request) -> Response:
        """End the tokens; one that has ended already is well."""
        tokens.end(sent(serializers.RefreshSerializer, request)["refresh"], now=timezone.now())
        return Response(status=204)


def _enter(user: User, *, now: datetime) -> Response:
    people.has_signed_in(user=user)
    return Response(tokens.start(user, now=now))


def _next_step(admission: sign_in.Admission, *, now: datetime) -> Response:
    user = admission.user
    if admission.next == Next.ENROL:
        return refusals.one_more_step(
            code="second_factor_enrolment_required",
            detail=_("Your role needs a second factor: set one up first."),
            proof=proofs.of_user(proofs.Purpose.ENROL, user, now=now),
        )
    return refusals.one_more_step(
        code="second_factor_required",
        detail=_("The password is right; a second factor is needed too."),
        proof=proofs.of_user(proofs.Purpose.SECOND_STEP, user, now=now),
        methods=factors.held(user).methods,
    )
