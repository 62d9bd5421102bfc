"""Customers hear, once, what they wanted to be told of a price or of their budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from alerts.choices import AdviceKind, Channel, Occasion, Priority
from alerts.models import Advice, Notice
from alerts.selectors import hearing


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be told to whom; `about` is what it is told once of."""

    user_id: int
    kind: AdviceKind
    about: str
    limit: Decimal
    value: Decimal
    currency: str
    place: str = ""
    until: datetime | None = None

    @property
    def key(self) -> tuple[int, str, str]:
        """By what it is known that it was told."""
        return (self.user_id, self.kind, self.about)


@transaction.atomic
def advise(*, findings: Sequence[Finding], now: datetime) -> int:
    """Tell people by their channels what they were not told of before; return how many of it.

    Whoever comes second at the same time finds the row of the first, and tells nothing.
    """
    known = Advice.objects.filter(about__in={each.about for each in findings})
    told = set(known.values_list("user_id", "kind", "about"))
    news = [each for each in findings if each.key not in told]
    people = hearing.households(user_ids={each.user_id for each in news})
    return sum(
        _tell(each, list(people[each.user_id].thresholds), now)
        for each in news
        if each.user_id in people
    )


def _tell(finding: Finding, channels: Sequence[Channel], now: datetime) -> bool:
    said = {
        name: getattr(finding, name) for name in ("place", "limit", "value", "currency", "until")
    }
    advice, is_new = Advice.objects.get_or_create(
        user_id=finding.user_id,
        kind=finding.kind,
        about=finding.about,
        defaults=said | {"at": now},
    )
    if is_new:
        Notice.objects.bulk_create(_notice(advice, each, now) for each in channels)
    return is_new


def _notice(advice: Advice, channel: Channel, now: datetime) -> Notice:
    return Notice(
        occasion=Occasion.ADVICE,
        channel=channel,
        lane=channel,
        priority=Priority.HOUSEHOLDS,
        user_id=advice.user_id,
        advice=advice,
        created_at=now,
        due_at=now,
    )
