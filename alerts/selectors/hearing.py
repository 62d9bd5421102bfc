"""Who hears of alerts, by which channels, and how he wants it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import Preferences, User
from alerts.choices import Channel, Severity
from alerts.models import NoticeSettings, WebhookEndpoint
from segs_site.lib.access import Action, may

TO_PEOPLE = (Channel.IN_APP, Channel.MAIL, Channel.SMS)


@dataclass(frozen=True, slots=True)
class Hearer:
    """A person as he wants to be told; a channel without a threshold tells him nothing."""

    user_id: int
    email: str
    phone: str
    language: str
    zone: ZoneInfo
    thresholds: Mapping[Channel, int]
    regions: frozenset[int]
    is_on_duty: bool
    quiet: tuple[time, time] | None
    critical_passes: bool
    is_staff: bool

    def hears(self, *, severity: int, region_id: int | None) -> list[Channel]:
        """Return the channels that tell him of an alert; one without a region concerns all."""
        if self.regions and region_id is not None and region_id not in self.regions:
            return []
        return [channel for channel, least in self.thresholds.items() if severity >= least]

    def hears_escalations(self) -> list[Channel]:
        """Return the channels of an escalation, which no threshold and no region holds back."""
        if not self.is_on_duty:
            return []
        return [each for each in TO_PEOPLE if each != Channel.SMS or self.can_get_texts()]

    def can_get_texts(self) -> bool:
        """Tell whether text messages can reach him."""
        return bool(self.phone) and Channel.SMS in offered()


def offered() -> tuple[Channel, ...]:
    """Return the channels that this site has for people: text messages need a gateway."""
    has_gateway = bool(settings.SEGS_SMS_URL)
    return tuple(each for each in TO_PEOPLE if each != Channel.SMS or has_gateway)


def settings_of(user: User) -> NoticeSettings:
    """Return how a person is told; an unsaved row of his role's defaults, if he never said."""
    row = NoticeSettings.objects.filter(user=user).first()
    return row or NoticeSettings(user=user, **_defaults(user))


def _defaults(user: User) -> dict[str, Any]:
    if may(user, Action.OPERATE_GRID):
        return {"in_app_from": Severity.MEDIUM, "mail_from": Severity.CRITICAL}
    if may(user, Action.WATCH_GRID):
        return {"is_on_duty": False}
    return {"in_app_from": Severity.LOW, "mail_from": Severity.LOW}


def staff() -> list[Hearer]:
    """Return everybody who may hear of the grid's alerts."""
    found = _hearers(User.objects.filter(is_active=True).exclude(role="customer"))
    return [hearer for hearer in found.values() if hearer.is_staff]


def hearers(*, user_ids: Collection[int]) -> dict[int, Hearer]:
    """Return people by id; those who may not sign in are absent."""
    return _hearers(User.objects.filter(is_active=True, pk__in=list(user_ids)))


def households(*, user_ids: Collection[int]) -> dict[int, Hearer]:
    """Return people as customers: whoever never said is told in the console and by mail."""
    found = hearers(user_ids=user_ids)
    silent = found.keys() - set(
        NoticeSettings.objects.filter(user__in=list(found)).values_list("user_id", flat=True)
    )
    return {pk: _as_customer(one) if pk in silent else one for pk, one in found.items()}


def _as_customer(hearer: Hearer) -> Hearer:
    thresholds = {Channel.IN_APP: int(Severity.LOW), Channel.MAIL: int(Severity.LOW)}
    values = {name: getattr(hearer, name) for name in Hearer.__slots__}
    return Hearer(**(values | {"thresholds": thresholds}))


def _hearers(people: QuerySet[User]) -> dict[int, Hearer]:
    people = people.order_by("pk")
    rows = {
        row.user_id: row
        for row in NoticeSettings.objects.filter(user__in=people).prefetch_related("regions")
    }
    chosen = {row.user_id: row for row in Preferences.objects.filter(user__in=people)}
    return {
        user.pk: _hearer(user, rows.get(user.pk), chosen.get(user.pk) or Preferences(user=user))
        for user in people
    }


def _hearer(user: User, row: NoticeSettings | None, chosen: Preferences) -> Hearer:
    said = row or NoticeSettings(user=user, **_defaults(user))
    has_quiet = said.quiet_from is not None and said.quiet_until is not None
    return Hearer(
        user_id=user.pk,
        email=user.email,
        phone=said.phone,
        language=chosen.language,
        zone=_zone(chosen.time_zone),
        thresholds=_thresholds(said),
        regions=frozenset(region.pk for region in row.regions.all()) if row else frozenset(),
        is_on_duty=said.is_on_duty,
        quiet=(said.quiet_from, said.quiet_until) if has_quiet else None,  # type: ignore[arg-type]
        critical_passes=said.critical_passes,
        is_staff=may(user, Action.WATCH_GRID),
    )


def _zone(name: str) -> ZoneInfo:
    """Return a person's zone; the site's for none, and for one the tz database has dropped."""
    try:
        return ZoneInfo(name or settings.SEGS_SITE_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(settings.SEGS_SITE_ZONE)


def _thresholds(said: NoticeSettings) -> dict[Channel, int]:
    least = {
        Channel.IN_APP: said.in_app_from,
        Channel.MAIL: said.mail_from,
        Channel.SMS: said.sms_from if said.phone else None,
    }
    there = offered()
    return {each: value for each, value in least.items() if value is not None and each in there}


def endpoints() -> list[tuple[WebhookEndpoint, frozenset[int]]]:
    """Return the endpoints that are told, each with its regions; none: all of them."""
    found = WebhookEndpoint.objects.filter(is_enabled=True).prefetch_related("regions")
    return [(each, frozenset(region.pk for region in each.regions.all())) for each in found]
