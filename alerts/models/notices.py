"""What is told to whom, by which way, and what became of it."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from alerts.choices import Channel, NoticeState, Occasion
from alerts.models.alerts import Alert, AlertEvent
from alerts.models.hearers import AddressOutage, Advice, WebhookEndpoint


class Untold(models.Model):
    """A step of the journal that nobody has looked at to tell people.

    A trigger of the journal writes it in the transaction of the step, and whoever has told
    deletes it: no step is missed because it was committed late, none is told twice.
    """

    event = models.OneToOneField(
        AlertEvent, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        verbose_name_plural = "untold"

    def __str__(self) -> str:
        return str(self.event_id)


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices by reader and by what became of them."""

    def in_app_of(self, user: object) -> Self:
        """Keep those that a person finds in the console."""
        return self.filter(user=user, channel=Channel.IN_APP, state=NoticeState.SENT)

    def unread(self) -> Self:
        """Keep those not marked as read."""
        return self.filter(read_at=None)

    def due(self, *, lane: str, now: datetime) -> Self:
        """Keep what waits for a lane and may go, the most urgent first."""
        waiting = self.filter(lane=lane, state=NoticeState.WAITING, due_at__lte=now)
        return waiting.order_by("priority", "due_at", "pk")


class Notice(models.Model):
    """One message to one person or endpoint by one channel.

    `subject` and `text` are written when it is sent, in the person's language. Claimed by raising
    `attempts` and moving `due_at` on: a sender that died leaves it to the next. `opening` is, of
    an end, the notice that told the beginning.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occasion = models.CharField(max_length=10, choices=Occasion.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    lane = models.CharField(max_length=20)
    priority = models.SmallIntegerField(default=0, help_text="lower goes first")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="notices"
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint, null=True, on_delete=models.CASCADE, related_name="notices"
    )
    event = models.ForeignKey(AlertEvent, null=True, on_delete=models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, null=True, on_delete=models.PROTECT, related_name="notices")
    outage = models.ForeignKey(
        AddressOutage, null=True, on_delete=models.CASCADE, related_name="notices"
    )
    advice = models.ForeignKey(Advice, null=True, on_delete=models.CASCADE, related_name="notices")
    opening = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    summary = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="members"
    )
    state = models.CharField(
        max_length=10, choices=NoticeState.choices, default=NoticeState.WAITING
    )
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True, help_text="why it was not sent")
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "user", "channel"],
                name="notice_once_a_person",
                condition=Q(user__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["event", "endpoint"],
                name="notice_once_an_endpoint",
                condition=Q(endpoint__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["outage", "occasion", "channel"],
                name="notice_once_an_outage",
                condition=~Q(state=NoticeState.DROPPED),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, endpoint=None)
                | Q(user=None, endpoint__isnull=False),
                name="notice_to_one",
            ),
            models.CheckConstraint(
                condition=Q(state=NoticeState.WAITING, done_at=None)
                | ~Q(state=NoticeState.WAITING) & Q(done_at__isnull=False),
                name="notice_done_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "priority", "due_at", "id"],
                name="notice_waiting",
                condition=Q(state=NoticeState.WAITING),
            ),
            models.Index(
                fields=["user", "-id"],
                name="notice_unread",
                condition=Q(channel=Channel.IN_APP, state=NoticeState.SENT, read_at=None),
            ),
            models.Index(fields=["user", "channel", "done_at"], name="notice_of_person"),
            models.Index(fields=["done_at"], name="notice_done"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} by {self.channel}"


class Delivery(models.Model):
    """One attempt to send a notice, and its answer."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    at = models.DateTimeField()
    took_ms = models.IntegerField()
    is_sent = models.BooleanField()
    status = models.SmallIntegerField(null=True, help_text="of HTTP or SMTP, if there was one")
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.notice_id} at {self.at:%Y-%m-%d %H:%M:%S}"
