"""What customers wanted to be told of prices and budgets: found by bills, told by alerts."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import F, Q

from accounts.models import CustomerAccount, Preferences, ServiceAgreement
from alerts.choices import AdviceKind
from alerts.services import advising
from alerts.services.advising import Finding
from billing.selectors import budgets
from billing.selectors import prices as rated
from billing.selectors.budgets import Standing
from tariffs.plans import BadPlan, Dynamic
from tariffs.selectors import prices
from tariffs.selectors.prices import Tariff

LOOK_EVERY: Final = timedelta(hours=6)  # at a budget


def advise_prices(*, zone: ZoneInfo, now: datetime) -> int:
    """Tell of prices that are beyond somebody's limits, once a day; return of how many."""
    chosen = Preferences.objects.filter(notify_prices=True, user__is_active=True)
    asked = {each.user_id: each for each in chosen.exclude(price_above=None, price_below=None)}
    if not asked:
        return 0
    running = ServiceAgreement.objects.filter(
        account__customer__user__in=list(asked), during__contains=now
    ).select_related("plan", "service_point__region", "account__customer")
    current = prices.current(now=now)
    findings = [
        finding
        for each in running
        for finding in _beyond(each, asked, current.get(each.service_point.region.code), zone, now)
    ]
    return advising.advise(findings=findings, now=now)


def _beyond(
    agreement: ServiceAgreement,
    asked: dict[int, Preferences],
    tariff: Tariff | None,
    zone: ZoneInfo,
    now: datetime,
) -> Iterator[Finding]:
    user_id = agreement.account.customer.user_id or 0
    wish, point = asked[user_id], agreement.service_point
    price = _price(agreement, tariff, zone, now)
    if price is None:
        return
    is_dynamic = isinstance(agreement.plan.plan().energy, Dynamic)
    limits = (
        (AdviceKind.PRICE_ABOVE, wish.price_above, 1),
        (AdviceKind.PRICE_BELOW, wish.price_below, -1),
    )
    for kind, limit, way in limits:
        if limit is not None and way * (price - limit) > 0:
            yield Finding(
                user_id=user_id,
                kind=kind,
                about=f"{now.astimezone(zone).date()}:{limit.normalize():f}",
                limit=limit,
                value=price,
                currency=agreement.plan.currency,
                place=point.address or point.code,
                until=tariff.effective_until if tariff and is_dynamic else None,
            )


def advise_budgets(*, zone: ZoneInfo, now: datetime, most: int) -> int:
    """Tell of budgets that are reached or likely to be exceeded; return how many were looked at.

    Each is looked at a few times a day, those first that waited longest.
    """
    waits = Q(budget_looked_at=None) | Q(budget_looked_at__lt=now - LOOK_EVERY)
    wanted = Preferences.objects.filter(waits, budget__isnull=False)
    due = list(wanted.order_by(F("budget_looked_at").asc(nulls_first=True), "pk")[:most])
    Preferences.objects.filter(pk__in=[each.pk for each in due]).update(budget_looked_at=now)
    limits = {each.user_id: each.budget for each in due}
    owners = dict(
        CustomerAccount.objects.filter(customer__user__in=list(limits)).values_list(
            "pk", "customer__user"
        )
    )
    found = budgets.of_accounts(account_ids=list(owners), zone=zone, now=now)
    findings = [
        finding
        for each in found
        if (finding := _spent(each, owners[each.account_id], limits)) is not None
    ]
    advising.advise(findings=findings, now=now)
    return len(due)


def _spent(each: Standing, user_id: int, limits: dict[int, Decimal | None]) -> Finding | None:
    limit = limits[user_id]
    if limit is None:
        return None
    if each.so_far is not None and each.so_far >= limit:
        kind, value = AdviceKind.BUDGET_REACHED, each.so_far
    elif each.expected is not None and each.expected > limit:
        kind, value = AdviceKind.BUDGET_LIKELY, each.expected
    else:
        return None
    about = f"{each.account_id}:{each.cycle.start}:{limit}"
    return Finding(user_id, kind, about, limit, value, each.currency)


def _price(
    agreement: ServiceAgreement, tariff: Tariff | None, zone: ZoneInfo, now: datetime
) -> Decimal | None:
    in_force = None if tariff is None else tariff.price_per_kwh
    try:
        return rated.per_kwh(agreement.plan.plan(), in_force, now=now, zone=zone)
    except BadPlan:
        return None
