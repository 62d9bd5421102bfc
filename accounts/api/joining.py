"""Registering, and passwords that are forgotten or changed, by REST."""

from django.contrib.auth import update_session_auth_hash
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import refusals, serializers, tokens
from accounts.api.base import OpenView, caller, person, sent
from accounts.choices import LetterKind
from accounts.services import people

MAIL_COMES = OpenApiResponse(
    description="A mail is on its way, if there is anything to say to that address."
)


class RegisterView(OpenView):
    """Lets a person become a user, who is a customer until somebody says otherwise."""

    @extend_schema(
        operation_id="auth_register",
        request=serializers.RegisterSerializer,
        responses={202: MAIL_COMES} | refusals.LOCKED,
    )
    def post(self, request: Request) -> Response:
        """Send a mail whose link confirms the address; the same answer for a known address."""
        now = timezone.now()
        typed = sent(serializers.RegisterSerializer, request)
        with refusals.answered(now=now):
            people.register(**typed, address=caller(request), now=now)
        return Response(status=202)


class VerifyEmailView(OpenView):
    """Confirms an address by the link of its mail."""

    @extend_schema(
        operation_id="auth_verify_email",
        request=serializers.TokenSerializer,
        responses={200: serializers.ConfirmedSerializer} | refusals.LINK,
    )
    def post(self, request: Request) -> Response:
        """Make the user; 400 with `link_invalid`, `link_expired` or `link_used`."""
        now = timezone.now()
        with refusals.answered(now=now):
            is_set = people.confirm(
                proof=sent(serializers.TokenSerializer, request)["token"], now=now
            )
        return Response({"password_is_set": is_set})


class LetterView(OpenView):
    """Asks for a mail; answers the same for a known and an unknown address."""

    kind: LetterKind

    def post(self, request: Request) -> Response:
        """Ask for the mail."""
        now = timezone.now()
        email = sent(serializers.EmailSerializer, request)["email"]
        with refusals.answered(now=now):
            people.ask_for_mail(kind=self.kind, email=email, address=caller(request), now=now)
        return Response(status=202)


@extend_schema(request=serializers.EmailSerializer, responses={202: MAIL_COMES} | refusals.LOCKED)
class ResendVerificationView(LetterView):
    """Sends the mail of a registration once more."""

    kind = LetterKind.CONFIRM


@extend_schema(request=serializers.EmailSerializer, responses={202: MAIL_COMES} | refusals.LOCKED)
class ForgotPasswordView(LetterView):
    """Sends a link that lets whoever reads the mail choose a new password."""

    kind = LetterKind.RESET


class ResetPasswordView(OpenView):
    """Sets a new password by the link of a mail."""

    @extend_schema(
        operation_id="auth_reset_password",
        request=serializers.ResetSerializer,
        responses={204: OpenApiResponse(description="The password is set.")} | refusals.LINK,
    )
    def post(self, request: Request) -> Response:
        """Set it; ends every session and token of the person, and a lock."""
        now = timezone.now()
        typed = sent(serializers.ResetSerializer, request)
        with refusals.answered(now=now):
            people.reset_password(proof=typed["token"], new=typed["password"], now=now)
        return Response(status=204)


class ChangePasswordView(APIView):
    """Sets a new password by the old one."""

    @extend_schema(
        operation_id="auth_change_password",
        request=serializers.ChangeSerializer,
        responses={200: serializers.TokensSerializer} | refusals.PASSWORD,
    )
    def post(self, request: Request) -> Response:
        """Set it; ends every other session and token, and answers new ones for the caller."""
        now = timezone.now()
        typed = sent(serializers.ChangeSerializer, request)
        user = person(request)
        with refusals.answered(now=now):
            people.change_password(
                user=user, old=typed["old_password"], new=typed["password"], now=now
            )
        if request.auth is None:  # a session, not a token
            update_session_auth_hash(request._request, user)
        return Response(tokens.start(user, now=now))
