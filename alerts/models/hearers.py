"""Who is told: people as they want to be, other systems, and households in the dark."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from alerts.choices import AdviceKind, Severity
from alerts.models.alerts import Alert
from grid.models import Region
from meters.models import ServicePoint

PHONE = RegexValidator(r"^\+[1-9][0-9]{6,14}$", "With the country's code, such as +3225551234.")


class NoticeSettings(models.Model):
    """How a person wants to be told; no row means the defaults of his role.

    A threshold is the lowest severity that a channel tells of, None for never. The quiet hours
    are wall-clock times of the person's zone and may cross midnight; what comes in them waits
    for their end. Whoever takes service hears of an outage at his address on each channel that
    has a threshold, whichever it is.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="notice_settings",
    )
    is_on_duty = models.BooleanField(default=True, help_text="hears of every escalation")
    in_app_from = models.SmallIntegerField(null=True, blank=True, choices=Severity.choices)
    mail_from = models.SmallIntegerField(null=True, blank=True, choices=Severity.choices)
    sms_from = models.SmallIntegerField(null=True, blank=True, choices=Severity.choices)
    regions = models.ManyToManyField(Region, blank=True, help_text="none: all of them")
    phone = models.CharField(max_length=16, blank=True, validators=[PHONE])
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    critical_passes = models.BooleanField(
        default=True, help_text="critical alerts and escalations pass the quiet hours"
    )

    class Meta:
        verbose_name_plural = "notice settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False)
                & ~Q(quiet_from=F("quiet_until")),
                name="quiet_hours_begin_and_end",
            ),
            models.CheckConstraint(
                condition=Q(sms_from=None) | ~Q(phone=""), name="text_messages_need_a_phone"
            ),
        ]

    def __str__(self) -> str:
        return f"notice settings of {self.user_id}"


class WebhookEndpoint(models.Model):
    """Another system that is told of alerts by signed requests."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=100, unique=True)
    url = models.URLField(max_length=500)
    secret = models.BinaryField(editable=False, help_text="encrypted by a key of SECRET_KEY")
    severity_from = models.SmallIntegerField(choices=Severity.choices, default=Severity.LOW)
    regions = models.ManyToManyField(Region, blank=True, help_text="none: all of them")
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def lane(self) -> str:
        """The lane its notices go by."""
        return f"webhook:{self.pk}"


class Lane(models.Model):
    """A way out: the mail server, the SMS gateway, or one webhook; a circuit breaker.

    One worker at a time uses it. After failures in a row it rests, ever longer; then one notice
    is tried.
    """

    name = models.CharField(max_length=20, primary_key=True)
    failures = models.IntegerField(default=0, help_text="in a row")
    rests_until = models.DateTimeField(null=True)
    taken_until = models.DateTimeField(null=True, help_text="a worker that died leaves it then")
    last_sent_at = models.DateTimeField(null=True)
    last_failure = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AddressOutage(models.Model):
    """An outage at one service point that one customer was told of, once, and of its end."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="address_outages"
    )
    service_point = models.ForeignKey(ServicePoint, on_delete=models.CASCADE, related_name="+")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    told_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-told_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "service_point"],
                name="address_outage_once",
                condition=Q(ended_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_point_id} since {self.since:%Y-%m-%d %H:%M}"


class Advice(models.Model):
    """What one customer wanted to be told of a price or his budget; told once.

    `about` is what it is told once of: a local day, or an account's billing period. `until` is
    when a price ends, None where it does not change by the clock.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="advice"
    )
    kind = models.CharField(max_length=20, choices=AdviceKind.choices)
    about = models.CharField(max_length=60)
    place = models.CharField(max_length=300, blank=True, help_text="where the price holds")
    limit = models.DecimalField(max_digits=24, decimal_places=6)
    value = models.DecimalField(max_digits=24, decimal_places=6)
    currency = models.CharField(max_length=3)
    until = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "advice"
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "about"], name="advice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.about}"
