"""Shapes of signing in, of second factors and of people."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from rest_framework import serializers

from accounts.choices import UserRole
from segs_site.lib import manners

LONGEST_PASSWORD = 1024  # hashing longer ones would be work for nothing
LONGEST_PROOF = 1000


def _password(**options: Any) -> serializers.CharField:
    return serializers.CharField(
        trim_whitespace=False,
        max_length=LONGEST_PASSWORD,
        style={"input_type": "password"},
        **options,
    )


def _limit(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=12, decimal_places=6, required=False, allow_null=True, **options
    )


class CredentialsSerializer(serializers.Serializer[Any]):
    """What a person types."""

    email = serializers.EmailField(max_length=254)
    password = _password()


class RefreshSerializer(serializers.Serializer[Any]):
    """The token that gets new ones, once."""

    refresh = serializers.CharField()


class TokensSerializer(serializers.Serializer[Any]):
    """What requests carry (15 minutes) and what renews it (7 days)."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class OneMoreStepSerializer(serializers.Serializer[Any]):
    """The problem that answers a right password which is not enough."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.ChoiceField(
        ["second_factor_required", "second_factor_enrolment_required", "wrong_credentials"]
    )
    detail = serializers.CharField()
    proof = serializers.CharField(required=False, help_text="goes with the next step; minutes")
    methods = serializers.ListField(
        child=serializers.ChoiceField(["totp", "passkey", "recovery_code"]), required=False
    )


class ProofSerializer(serializers.Serializer[Any]):
    """Says that the password was right a moment ago."""

    proof = serializers.CharField(max_length=LONGEST_PROOF)


class SecondStepSerializer(ProofSerializer):
    """The proof and one of the two: a code (of the app, or a recovery code), or a passkey."""

    code = serializers.CharField(max_length=40, required=False)
    passkey = serializers.JSONField(
        required=False, help_text="PublicKeyCredential.toJSON() of the browser"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Let one of the two through."""
        if ("code" in attrs) == ("passkey" in attrs):
            raise serializers.ValidationError("Send either code or passkey.")
        return attrs


class RegisterSerializer(CredentialsSerializer):
    """Who wants to become a user."""

    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)


class EmailSerializer(serializers.Serializer[Any]):
    """An address that a mail is asked for."""

    email = serializers.EmailField(max_length=254)


class TokenSerializer(serializers.Serializer[Any]):
    """What stands at the end of a mail's link."""

    token = serializers.CharField(max_length=LONGEST_PROOF)


class ConfirmedSerializer(serializers.Serializer[Any]):
    """Whether the person signs in now, or first chooses a password by another mail."""

    password_is_set = serializers.BooleanField()


class ResetSerializer(TokenSerializer):
    """A new password by the link of a mail."""

    password = _password()


class ChangeSerializer(serializers.Serializer[Any]):
    """A new password by the old one."""

    old_password = _password()
    password = _password()


class AgainSerializer(serializers.Serializer[Any]):
    """Who changes his second factor says once more who he is.

    Signed in: the password. Sent here by the sign-in to enrol: the proof it gave.
    """

    password = _password(required=False)
    proof = serializers.CharField(max_length=LONGEST_PROOF, required=False)


class AppSerializer(serializers.Serializer[Any]):
    """The secret as an authenticator app reads it, in a QR code or typed."""

    uri = serializers.CharField()
    secret = serializers.CharField()


class ConfirmAppSerializer(serializers.Serializer[Any]):
    """A code of the app, which shows that it knows the secret."""

    code = serializers.CharField(max_length=20)
    proof = serializers.CharField(max_length=LONGEST_PROOF, required=False)


class NewPasskeySerializer(serializers.Serializer[Any]):
    """A passkey that the browser made."""

    name = serializers.CharField(max_length=60)
    passkey = serializers.JSONField(help_text="PublicKeyCredential.toJSON() of the browser")
    proof = serializers.CharField(max_length=LONGEST_PROOF, required=False)


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    """Codes for the day the device is lost; shown this once, empty when made before."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


class PasskeySerializer(serializers.Serializer[Any]):
    """A passkey by its name."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    used_at = serializers.DateTimeField(allow_null=True)


class SecondFactorSerializer(serializers.Serializer[Any]):
    """What a person has turned on."""

    is_on = serializers.BooleanField()
    has_app = serializers.BooleanField()
    passkeys = PasskeySerializer(many=True)
    recovery_codes_left = serializers.IntegerField()


class MeSerializer(serializers.Serializer[Any]):
    """The signed-in person; names can be changed."""

    id = serializers.IntegerField(read_only=True)
    email = serializers.EmailField(read_only=True)
    first_name = serializers.CharField(max_length=150, allow_blank=True)
    last_name = serializers.CharField(max_length=150, allow_blank=True)
    role = serializers.ChoiceField(choices=UserRole.choices, read_only=True)


class PreferencesSerializer(serializers.Serializer[Any]):
    """How the person wants to be spoken to."""

    language = serializers.CharField(max_length=10, help_text="code of a language of the site")
    time_zone = serializers.CharField(
        max_length=64, allow_blank=True, help_text="of the tz database; empty: the site's"
    )
    notify_outages = serializers.BooleanField()
    notify_bills = serializers.BooleanField()
    notify_prices = serializers.BooleanField()
    price_above = _limit(help_text="a kWh, before tax; null: none")
    price_below = _limit(help_text="a kWh, before tax; null: none")
    budget = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=Decimal("0.01"), required=False,
        allow_null=True, help_text="of a billing period; null: none",
    )  # fmt: skip

    def validate_language(self, value: str) -> str:
        """Refuse a language the site does not speak."""
        if value not in dict(settings.LANGUAGES):
            raise serializers.ValidationError("The site does not speak this language.")
        return value

    def validate_time_zone(self, value: str) -> str:
        """Refuse what is no zone."""
        if value and value not in manners.zones():
            raise serializers.ValidationError("There is no such time zone.")
        return value
