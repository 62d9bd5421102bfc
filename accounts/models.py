"""People, customers, their accounts and agreements, and the keys of head-ends."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.choices import KeyScope, KeyState, LetterKind, UserRole
from meters.models import ServicePoint
from segs_site.lib.access import Action, may
from tariffs.models import RatePlan


class UserManager(BaseUserManager["User"]):
    """Makes users, whose login is their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; the address is kept in lower case, so that it is one person's once."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make an administrator who may use Django's admin."""
        rights = {"is_staff": True, "is_superuser": True, "role": UserRole.ADMIN}
        return self.create_user(email, password, **(rights | fields))

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user by address, in whatever case it was typed."""
        return self.alias(lowered=Lower("email")).get(lowered=(username or "").lower())


class User(AbstractUser):
    """A person who signs in by e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    role = models.CharField(max_length=10, choices=UserRole.choices, default=UserRole.CUSTOMER)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message="There is a user with this address.",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Let the role alone say who may use Django's admin, whatever flags and groups say."""
        return may(self, Action.ADMINISTER)

    def has_module_perms(self, app_label: str) -> bool:
        """See `has_perm`."""
        return may(self, Action.ADMINISTER)


class Customer(models.Model):
    """Who takes service; may sign in as a user, or not."""

    code = models.CharField(max_length=64, unique=True, help_text="as meters send it: userId")
    name = models.CharField(max_length=200)
    user = models.OneToOneField(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="customer"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class CustomerAccount(models.Model):
    """What is billed together."""

    number = models.CharField(max_length=40, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.number


class ServiceAgreement(models.Model):
    """An account takes service at a service point on a rate plan, in a half-open period."""

    account = models.ForeignKey(
        CustomerAccount, on_delete=models.PROTECT, related_name="agreements"
    )
    service_point = models.ForeignKey(
        ServicePoint, on_delete=models.PROTECT, related_name="agreements"
    )
    plan = models.ForeignKey(RatePlan, on_delete=models.PROTECT, related_name="agreements")
    during = DateTimeRangeField(help_text="half-open; no end while it runs")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="service_point_one_agreement",
                expressions=[
                    ("service_point", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} at {self.service_point}"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Keys by what they open."""

    def in_state(self, state: KeyState, *, now: datetime) -> Self:
        """Keep the keys in one state at a moment."""
        revoked, expired = Q(revoked_at__lte=now), Q(expires_at__lte=now)
        return {
            KeyState.REVOKED: self.filter(revoked),
            KeyState.EXPIRED: self.filter(expired).exclude(revoked),
            KeyState.ACTIVE: self.exclude(expired).exclude(revoked),
        }[state]


class ApiKey(models.Model):
    """A head-end's key: only its SHA-256 is kept, and enough of it to recognise it by."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=20, choices=KeyScope.choices, default=KeyScope.INGEST)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="to within a minute"
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def state(self, *, now: datetime) -> KeyState:
        """Return whether the key opens anything at a moment."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return KeyState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return KeyState.EXPIRED
        return KeyState.ACTIVE


class Preferences(models.Model):
    """How a person wants to be spoken to; no row means the defaults."""

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="preferences"
    )
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=64, blank=True, help_text="empty: the site's")
    notify_outages = models.BooleanField(default=True)
    notify_bills = models.BooleanField(default=True)
    notify_prices = models.BooleanField(default=False)
    price_above = models.DecimalField(
        null=True, blank=True, max_digits=12, decimal_places=6, help_text="a kWh, before tax"
    )
    price_below = models.DecimalField(
        null=True, blank=True, max_digits=12, decimal_places=6, help_text="a kWh, before tax"
    )
    budget = models.DecimalField(
        null=True, blank=True, max_digits=12, decimal_places=2, help_text="of a billing period"
    )
    budget_looked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "preferences"
        constraints = [
            models.CheckConstraint(
                condition=Q(budget=None) | Q(budget__gt=0), name="budget_is_some"
            ),
        ]
        indexes = [
            models.Index(
                fields=["budget_looked_at"], name="budget_due", condition=Q(budget__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class Registration(models.Model):
    """A wish to become a user, which whoever reads the address's mail may confirm once.

    The user is made only then, so that nobody can choose the password of an address that is
    another's.
    """

    email = models.EmailField()
    password = models.CharField(max_length=128, help_text="hashed")
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(Lower("email"), "asked_at", name="registration_by_email")]

    def __str__(self) -> str:
        return self.email


class Letter(models.Model):
    """A mail that was asked for, and is written and sent by whoever finds it due.

    Asked for an unknown address too, so that a door does the same work for either.
    """

    kind = models.CharField(max_length=20, choices=LetterKind.choices)
    address = models.EmailField()
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="letter_due", condition=models.Q(done_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}"


class Attempts(models.Model):
    """How often something that can be guessed was tried, and until when no more is let in."""

    subject = models.CharField(
        max_length=64, primary_key=True, help_text="digest of what is guarded"
    )
    count = models.PositiveIntegerField()
    since = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "attempts"
        indexes = [models.Index(fields=["since"], name="attempts_since")]

    def __str__(self) -> str:
        return f"{self.count} since {self.since}"


class TokenFamily(models.Model):
    """All tokens that descend from one sign-in by API; one refresh token of them works."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    token_id = models.CharField(max_length=64, help_text="the refresh token that works")
    started_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "token families"
        indexes = [
            models.Index(
                fields=["user"], name="family_alive", condition=models.Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Totp(models.Model):
    """A secret shared with somebody's authenticator app (RFC 6238); counts once confirmed."""

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="totp"
    )
    secret = models.BinaryField(help_text="encrypted by a key made of SECRET_KEY")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(default=0, help_text="30 s steps; each code works once")

    def __str__(self) -> str:
        return f"one-time codes of {self.user_id}"


class Passkey(models.Model):
    """A key in somebody's device or security key (WebAuthn level 2)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=60)
    credential_id = models.BinaryField(max_length=1023, unique=True)
    credential = models.BinaryField(help_text="attested credential data, with the public key")
    uses = models.BigIntegerField(default=0, help_text="the device's own counter; 0: it has none")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.name


class PasskeyChallenge(models.Model):
    """What a device was asked to sign; answered once, and soon."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    challenge = models.CharField(max_length=64, unique=True)
    is_for_new = models.BooleanField(help_text="asked to make a key, else to use one")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"challenge until {self.until}"


class RecoveryCode(models.Model):
    """A code on paper, for the day the device is lost; each works once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once"),
        ]

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"


class DataExport(models.Model):
    """A zip of what is held about a person, None until it is made and once it has expired."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="data_exports")
    asked_at = models.DateTimeField()
    try_at = models.DateTimeField(help_text="a maker that died leaves it to the next")
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    archive = models.BinaryField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], name="data_export_one_a_time", condition=Q(made_at=None)
            ),
            models.CheckConstraint(
                condition=Q(made_at=None, expires_at=None, archive=None)
                | Q(made_at__isnull=False, expires_at__isnull=False),
                name="data_export_made",
            ),
        ]

    def __str__(self) -> str:
        return f"data of {self.user_id}, asked {self.asked_at:%Y-%m-%d}"


class Closure(models.Model):
    """A customer whose login was closed at his wish; his name goes once the law lets it go."""

    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.PROTECT, related_name="closure"
    )
    closed_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["closed_at"]

    def __str__(self) -> str:
        return f"{self.customer_id} closed {self.closed_at:%Y-%m-%d}"
