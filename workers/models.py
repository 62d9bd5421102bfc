"""The stream's shards: who owns each, and how far each has been stored."""

from django.db import models


class Shard(models.Model):
    """One lane of the stream of readings; the rows are made once, at install.

    `epoch` rises with every change of owner. A batch transaction locks the row and compares the
    epoch, so an owner that was paused and wakes cannot write. `offset` is the truth about what
    is stored; the consumer group only reports it. `consumed_until` is the shard's clock.
    """

    number = models.SmallIntegerField(primary_key=True)
    epoch = models.BigIntegerField(default=0)
    owner = models.CharField(max_length=100, blank=True)
    leased_until = models.DateTimeField(null=True)
    offset = models.CharField(max_length=40, default="0-0")
    consumed_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"shard {self.number}"


class StreamWorker(models.Model):
    """A stream worker that lives: how many there are decides each one's share of shards."""

    name = models.CharField(max_length=100, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
