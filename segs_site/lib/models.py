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


class KeptAnswer(models.Model):
    """What a POST with an `Idempotency-Key` was answered; repeated to whoever sends it again."""

    owner = models.CharField(max_length=40, help_text="the user's id")
    key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, help_text="of method, address and body")
    status = models.SmallIntegerField(null=True, help_text="empty only inside its transaction")
    body = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="kept_answer_once")]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_created")]

    def __str__(self) -> str:
        return f"{self.key} of {self.owner}: {self.status}"


class ShardState(models.Model):
    """How a shard of the stream stood when workers last looked; for those who may not ask them."""

    number = models.SmallIntegerField(primary_key=True)
    owner = models.CharField(max_length=100, blank=True, help_text="empty: nobody reads it")
    consumed_until = models.DateTimeField(null=True)
    backlog = models.IntegerField(help_text="entries (requests) not stored yet")
    dead_letters = models.IntegerField()
    looked_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"shard {self.number}: {self.backlog} waiting"


class ProcessState(models.Model):
    """What a process last said of itself."""

    service = models.CharField(max_length=100, primary_key=True)
    status = models.CharField(max_length=20)
    detail = models.CharField(max_length=300, blank=True)
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["service"]

    def __str__(self) -> str:
        return f"{self.service}: {self.status}"


class Attendance(models.Model):
    """How many sockets of people who may act a web process last said that it serves."""

    process = models.CharField(max_length=150, primary_key=True)
    consoles = models.IntegerField()
    said_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.process}: {self.consoles}"


class DeadLetter(models.Model):
    """An entry of the stream that could not be processed, copied from the broker.

    `replay_asked_at` is set by whoever wants it replayed; a task does it and deletes the row,
    for the letter is gone then. What is still broken comes back as another letter.
    """

    shard = models.SmallIntegerField()
    letter = models.CharField(max_length=40, help_text="its id among the dead letters")
    origin = models.CharField(max_length=40, help_text="the id it had in the stream")
    reason = models.CharField(max_length=500)
    size = models.IntegerField(help_text="bytes")
    replay_asked_at = models.DateTimeField(null=True)
    replay_asked_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shard", "letter"], name="dead_letter_once")
        ]

    def __str__(self) -> str:
        return f"{self.letter} of shard {self.shard}: {self.reason}"


class AuditEntry(models.Model):
    """One change of one row, written by a trigger of `segs_site.lib.audit`; never changed.

    `before` and `after` hold the whole row where it came or went, else the fields that changed.
    `actor` is a person's address, empty where nobody signed in: `origin` then names the process.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    subject_type = models.CharField(max_length=60, help_text="the model, e.g. meters.Meter")
    subject_id = models.CharField(max_length=40)
    subject_name = models.CharField(max_length=200)
    verb = models.CharField(max_length=10, help_text="insert, update, delete or truncate")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=254)
    origin = models.CharField(max_length=300, help_text="request, task or command")
    address = models.CharField(max_length=60, help_text="where the request came from")
    request_id = models.CharField(max_length=64)
    database_user = models.CharField(max_length=63)
    transaction = models.BigIntegerField(help_text="the same for all changes of one transaction")

    class Meta:
        managed = False  # so that no command of Django's empties it
        ordering = ["-id"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit trail"

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type} {self.subject_name}"
