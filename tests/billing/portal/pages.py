"""Pages as the server sends them, and what they tell of."""

from datetime import datetime, timedelta
from typing import Any

from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Customer, User
from billing.portal import own
from segs_site.lib.periods import QUARTER, Period
from tariffs.models import LoadForecast
from tests.billing.worlds import (
    JUNE,
    NOW,
    Home,
)

TODAY = NOW.replace(hour=0)
HOUR = timedelta(hours=1)
WITH_TAX = {
    "energy": {"kind": "flat", "price": "0.25"},
    "standing_per_day": "0.50",
    "taxes": [{"name": "VAT", "pct": "20"}],
}
TIME_OF_USE = {
    "energy": {
        "kind": "time_of_use",
        "rates": {"day": "0.30", "night": "0.10"},
        "seasons": {
            "01-01": [
                {
                    "on": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                    "from": {"00:00": "night", "07:00": "day", "22:00": "night"},
                }
            ]
        },
    }
}
BLOCKS = {
    "energy": {
        "kind": "blocks",
        "blocks": [{"price": "0.10", "up_to_kwh": "30"}, {"price": "0.30"}],
    }
}


def give(made: Home, user: User) -> Home:
    """Let a person sign in as the customer of a home."""
    Customer.objects.filter(pk=made.account.customer_id).update(user=user)
    return made


def expect(made: Home, price: str, *, start: datetime, low: str = "", high: str = "") -> None:
    """Forecast one hour."""
    LoadForecast.objects.create(
        region=made.region, made_at=NOW, start=start, p10_mw=1, p50_mw=2, p90_mw=3,
        p10_price=low or price, p50_price=price, p90_price=high or price, model_version="test",
    )  # fmt: skip


def page(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content.decode()[:500]
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def shown(browser: Client, name: str, *args: Any, query: str = "") -> str:
    return page(browser.get(reverse(name, args=args) + query))


def quarter(place: int) -> Period:
    return Period(JUNE + place * QUARTER, JUNE + (place + 1) * QUARTER)


def own_of(user: User) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return own.of(request)
