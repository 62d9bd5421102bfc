"""What would be owed: for a stretch of days, and on every plan."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404
from django.utils import timezone, translation
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import CustomerAccount, User
from billing.api import queries, reckoned
from billing.invoicing import Cycle
from billing.rating.lines import Line
from billing.selectors import comparing, invoices
from billing.selectors.reckoned import Reckoning, Section
from billing.selectors.reckoning import Reckoner
from segs_site.lib import caching
from segs_site.lib.access import Action, Needs, may
from segs_site.lib.asking import asked
from segs_site.lib.quantities import exact_kwh

KEPT_S: Final = 30
T = TypeVar("T")


def accounts_asked_for(request: Request, user_id: int | None) -> list[CustomerAccount]:
    """Return the accounts of a person who may be seen; raises Http404 for everybody else."""
    own = int(request.user.pk or 0)
    if user_id in (None, own):
        return list(invoices.accounts_of(user_id=own))
    is_known = User.objects.filter(pk=user_id).exists()
    if user_id is None or not is_known or not may(request.user, Action.SEE_CUSTOMERS):
        raise Http404("There is no such user.")
    return list(invoices.accounts_of(user_id=user_id))


def zone() -> ZoneInfo:
    """Return the zone by whose days bills go."""
    return ZoneInfo(settings.SEGS_SITE_ZONE)


class CalculateView(APIView):
    """What a person would owe for some days."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(
        operation_id="billing_calculate",
        parameters=[queries.CalculateQuerySerializer],
        responses=reckoned.CalculatedSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer each account's lines for local days, by what is known now; nothing is written."""
        query, now = asked(queries.CalculateQuerySerializer, request), timezone.now()
        cycle = Cycle(query["start"], query["end"])
        accounts = accounts_asked_for(request, query.get("userId"))
        answer = _kept("calculate", accounts, cycle, lambda: reckoned_of(accounts, cycle, now))
        return Response({"accounts": answer})


def reckoned_of(
    accounts: list[CustomerAccount], cycle: Cycle, now: datetime
) -> list[dict[str, Any]]:
    """Return what each account would owe, as it is answered."""
    found = Reckoner(zone=zone(), now=now).reckon({account.pk: cycle for account in accounts})
    return [_reckoning(account, one) for account, one in zip(accounts, found, strict=True)]


def _reckoning(account: CustomerAccount, one: Reckoning) -> dict[str, Any]:
    shown = {
        "account": account.number,
        "start": one.cycle.start,
        "end": one.cycle.end,
        "currency": one.currency,
        "total": one.total,
        "energy_kwh": str(exact_kwh(one.energy_mwh)),
        "is_whole": one.is_whole,
        "troubles": {kind.value: detail for kind, detail in one.troubles.items()},
        "sections": [_section(section) for section in one.sections],
    }
    return dict(reckoned.ReckoningSerializer(shown).data)


def _section(section: Section) -> dict[str, Any]:
    return {
        "service_point": section.part.point,
        "plan": section.plan.code,
        "days": section.stay.days,
        "energy_kwh": str(exact_kwh(section.energy_mwh)),
        "estimated_kwh": str(exact_kwh(section.estimated_mwh)),
        "intervals_found": section.found,
        "intervals_expected": section.expected,
        "lines": [_line(line) for line in section.rated.bill.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "of": line.of,
        "label": line.label,
        "amount": line.amount,
        "exact": line.exact,
        "rounding": line.rounding,
        "components": [component.printed() for component in line.components],
    }


class CompareView(APIView):
    """What the same use would cost on other plans."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(
        operation_id="tariffs_compare",
        parameters=[queries.CompareQuerySerializer],
        responses=reckoned.ComparedSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer the total of one's own intervals on each plan, cheapest first."""
        query, now = asked(queries.CompareQuerySerializer, request), timezone.now()
        cycle = Cycle(query["start"], query["end"])
        accounts = accounts_asked_for(request, query.get("userId"))
        answer = _kept("compare", accounts, cycle, lambda: _compared(accounts, cycle, now))
        return Response(answer)


def _compared(accounts: list[CustomerAccount], cycle: Cycle, now: datetime) -> dict[str, Any]:
    cycles = comparing.periods_of(account_ids=[each.pk for each in accounts], asked=cycle)
    found = comparing.compare(cycles=cycles, zone=zone(), now=now)
    shown = {
        "start": cycle.start,
        "end": cycle.end,
        "energy_kwh": str(exact_kwh(found.energy_mwh)),
        "plans": [
            {
                "plan": one.plan.code,
                "name": one.plan.name,
                "currency": one.plan.currency,
                "total": one.total,
                "is_current": one.is_current,
                "trouble": one.trouble,
            }
            for one in found.plans
        ],
    }
    return dict(reckoned.ComparedSerializer(shown).data)


def _kept(what: str, accounts: list[CustomerAccount], cycle: Cycle, make: Callable[[], T]) -> T:
    """Return what was made for these accounts up to `KEPT_S` ago, else make it.

    To rate a month costs ten times what any other answer does, and who asks asks again.
    """
    whose = sorted(account.pk for account in accounts)
    asked_for = [whose, cycle.start, cycle.end, translation.get_language()]
    digest = hashlib.sha256(repr(asked_for).encode()).hexdigest()
    return caching.kept(f"{what}:{digest}", seconds=KEPT_S, make=make)
