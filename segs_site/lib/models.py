"""The outbox: events written in the transaction that decided them, numbered later by one relay."""

from django.db import models
from django.db.models import Q


class OutboxEvent(models.Model):
    """One live event of one group.

    `number` and `previous` are set by the relay in commit order; `published_at` after every
    listener has been told. An event without a number is not yet anybody's.
    """

    number = models.BigIntegerField(null=True, editable=False)
    previous = models.BigIntegerField(
        null=True, editable=False, help_text="the number before this one in its group"
    )
    group = models.CharField(max_length=80)
    type = models.CharField(max_length=20)
    stream = models.CharField(max_length=40, blank=True, help_text="event stream it also goes to")
    data = models.JSONField()
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], name="outbox_unnumbered", condition=Q(number__isnull=True)
            ),
            models.Index(
                fields=["number"],
                name="outbox_unpublished",
                condition=Q(number__isnull=False, published_at__isnull=True),
            ),
            models.Index(fields=["group", "number"], name="outbox_group"),
            models.Index(fields=["created_at"], name="outbox_created"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="outbox_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.number} to {self.group}"


class RegistryVersion(models.Model):
    """One row, raised by triggers in the transaction that changes meters, regions or keys.

    Whoever mirrors the registry reads it to learn that the mirror is old.
    """

    version = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"registry {self.version}"
