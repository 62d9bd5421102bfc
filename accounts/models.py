"""People, customers, their accounts and agreements, and the keys of head-ends."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from accounts.choices import KeyScope, UserRole
from meters.models import ServicePoint
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
        return self.get(email=(username or "").lower())


class User(AbstractUser):
    """A person who signs in by e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    role = models.CharField(max_length=10, choices=UserRole.choices, default=UserRole.CUSTOMER)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[assignment,misc]

    def __str__(self) -> str:
        return self.email


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


class ApiKey(models.Model):
    """A head-end's key: only its SHA-256 is kept, and enough of it to recognise it by."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=20, choices=KeyScope.choices, default=KeyScope.INGEST)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
