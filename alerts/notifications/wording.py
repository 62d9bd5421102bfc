"""What notices say, in the language that is active; nothing here asks a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.choices import AdviceKind, Kind, Occasion, Severity
from alerts.models import AddressOutage, Advice, Alert

LISTED = 20  # of a summary; the rest is on the desk
SUBJECT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Words:
    """A notice's subject, which alone is sent as a text message, and the text below it."""

    subject: str
    text: str


def _words(subject: str, *lines: str) -> Words:
    plain = " ".join(subject.split())  # a header holds one line
    return Words(plain[:SUBJECT_LENGTH], "\n".join(line for line in lines if line))


def of_alert(
    alert: Alert, *, occasion: Occasion, zone: ZoneInfo, now: datetime, note: str = ""
) -> Words:
    """Return what whoever works for the utility is told of an alert."""
    about = {"severity": Severity(alert.severity).label, "message": alert.message}
    subject = {
        Occasion.OPENED: _("%(severity)s: %(message)s"),
        Occasion.WORSENED: _("Now %(severity)s: %(message)s"),
        Occasion.ESCALATED: _("Nobody has acknowledged, %(severity)s: %(message)s"),
        Occasion.ENDED: _("Over: %(message)s"),
    }[occasion]
    return _words(
        subject % about,
        _("%(kind)s since %(since)s")
        % {"kind": Kind(alert.kind).label, "since": clock(alert.first_at, zone=zone, now=now)},
        _ended(alert, occasion=occasion, zone=zone, now=now),
        _touched(alert),
        note,
        link(alert),
    )


def _ended(alert: Alert, *, occasion: Occasion, zone: ZoneInfo, now: datetime) -> str:
    ended_at = alert.cleared_at or alert.resolved_at
    if occasion != Occasion.ENDED or ended_at is None:
        return ""
    return _("Over since %(until)s") % {"until": clock(ended_at, zone=zone, now=now)}


def _touched(alert: Alert) -> str:
    if not alert.customers:
        return ""
    count = alert.customers
    return ngettext("%(count)s customer", "%(count)s customers", count) % {"count": count}


def of_outage(outage: AddressOutage, *, zone: ZoneInfo, now: datetime) -> Words:
    """Return what a customer is told of an outage at his address."""
    about = {"address": address(outage), "since": clock(outage.since, zone=zone, now=now)}
    return _words(
        _("Outage at %(address)s since %(since)s, our crew is informed.") % about,
        _("We tell you when the supply is back."),
    )


def of_restored(outage: AddressOutage, *, zone: ZoneInfo, now: datetime) -> Words:
    """Return what a customer is told when the supply is back."""
    ended_at = outage.ended_at or now
    about = {"address": address(outage), "until": clock(ended_at, zone=zone, now=now)}
    return _words(_("The supply at %(address)s is back since %(until)s.") % about)


def of_advice(advice: Advice, *, zone: ZoneInfo, now: datetime) -> Words:
    """Return what a customer is told of a price or of his budget."""
    about = {
        "place": advice.place,
        "limit": f"{number(advice.limit)} {advice.currency}",
        "value": f"{number(advice.value)} {advice.currency}",
    }
    subject = {
        AdviceKind.PRICE_ABOVE: _("A kWh costs %(value)s at %(place)s, above your %(limit)s."),
        AdviceKind.PRICE_BELOW: _("A kWh costs %(value)s at %(place)s, below your %(limit)s."),
        AdviceKind.BUDGET_REACHED: _("Your budget of %(limit)s is reached: %(value)s so far."),
        AdviceKind.BUDGET_LIKELY: _(
            "Your budget of %(limit)s is likely to be exceeded: about %(value)s in all."
        ),
    }[AdviceKind(advice.kind)]
    until = ""
    if advice.until is not None:
        until = _("It holds until %(until)s.") % {"until": clock(advice.until, zone=zone, now=now)}
    return _words(subject % about, until, f"{settings.SEGS_SITE_URL}/home/")


def number(value: Decimal) -> str:
    """Return a number with the digits it has, two at least."""
    places = -int(value.normalize().as_tuple().exponent)
    return formats.number_format(value, max(2, places), force_grouping=True)


def of_many(subjects: Sequence[str]) -> Words:
    """Return one message in place of many."""
    more = len(subjects) - LISTED
    return _words(
        ngettext("%(count)s notice in one", "%(count)s notices in one", len(subjects))
        % {"count": len(subjects)},
        *(f"- {subject}" for subject in subjects[:LISTED]),
        _("and %(count)s more") % {"count": more} if more > 0 else "",
        f"{settings.SEGS_SITE_URL}/",
    )


def of_test() -> Words:
    """Return what a test says."""
    return _words(_("A test of SEGS: notices reach you here."), f"{settings.SEGS_SITE_URL}/")


def clock(moment: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """Return a time of the reader's day, with the date when it was another day."""
    local = moment.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    return local.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M")


def address(outage: AddressOutage) -> str:
    """Return what the customer knows his service point by."""
    return outage.service_point.address or outage.service_point.code


def link(alert: Alert) -> str:
    """Return where the alert's page is."""
    return f"{settings.SEGS_SITE_URL}/alerts/{alert.pk}/"
