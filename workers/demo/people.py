"""Who is in the demo: four people who sign in, a key for meters, and the customers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts import services
from accounts.choices import UserRole
from accounts.models import ApiKey, Customer, CustomerAccount, ServiceAgreement, User
from meters.models import ServicePoint
from segs_site.lib import access
from tariffs import plans
from tariffs.models import RatePlan
from workers.demo.orders import Refused
from workers.simulator import fleet

PASSWORD: Final = "segs-demo"  # noqa: S105 known to everybody, so refused when DEBUG is off
KEY: Final = access.DEMO_KEY
PEOPLE: Final = {
    "admin@demo.segs.example": UserRole.ADMIN,
    "operator@demo.segs.example": UserRole.OPERATOR,
    "clerk@demo.segs.example": UserRole.CLERK,
    "customer@demo.segs.example": UserRole.CUSTOMER,
}
PLAN_CODE, CURRENCY = "standard", "INR"
PLAN_CHARGES = {"standing_per_day": "4.50", "taxes": [{"name": "Electricity duty", "pct": "6"}]}
PLANS: dict[str, tuple[str, dict[str, Any]]] = {
    PLAN_CODE: ("Standard", {"energy": {"kind": "dynamic"}}),
    "fixed": ("Fixed price", {"energy": {"kind": "flat", "price": "8.10"}}),
    "day-and-night": (
        "Day and night",
        {
            "energy": {
                "kind": "time_of_use",
                "rates": {"day": "9.40", "night": "5.60"},
                "seasons": {
                    "01-01": [
                        {
                            "on": list(plans.WEEK),
                            "from": {"00:00": "night", "06:00": "day", "22:00": "night"},
                        }
                    ]
                },
            }
        },
    ),
    "steps": (
        "By steps",
        {
            "energy": {
                "kind": "blocks",
                "blocks": [
                    {"up_to_kwh": "100", "price": "4.20"},
                    {"up_to_kwh": "300", "price": "7.30"},
                    {"price": "9.90"},
                ],
            }
        },
    ),
}
GIVEN_NAMES: Final = (
    "Aarav Aditi Ananya Arjun Asha Devika Farhan Gauri Harish Ishaan Jaya Kabir Kavya Lakshmi"
    " Manoj Meera Neha Nikhil Pooja Rahul Ravi Rohan Sanjay Sara Sunita Tara Usha Vikram Zoya"
)
FAMILY_NAMES: Final = (
    "Acharya Banerjee Chauhan Desai Fernandes Gupta Iyer Joshi Kapoor Khan Kulkarni Mehta"
    " Menon Nair Patel Pillai Rao Reddy Shah Sharma Singh Verma Yadav"
)
ROWS_AT_ONCE: Final = 2000


def refuse_production() -> None:
    """Raise Refused when DEBUG is off."""
    if not settings.DEBUG:
        message = "the demo's accounts are known to everybody, so the demo needs DEBUG=1"
        raise Refused(message)


def admit(*, now: datetime) -> None:
    """Make the four people and the key, unless they are there.

    Raises Refused when DEBUG is off: their password and key stand in the documentation.
    """
    refuse_production()
    password = make_password(PASSWORD)
    for email, role in PEOPLE.items():
        is_admin = role == UserRole.ADMIN
        User.objects.get_or_create(
            email=email,
            defaults={
                "password": password,
                "role": role,
                "is_staff": is_admin,
                "is_superuser": is_admin,
            },
        )
    Customer.objects.filter(code=fleet.user(0), user=None).update(
        user=User.objects.get(email="customer@demo.segs.example")
    )
    if not ApiKey.objects.filter(sha256=services.digest(KEY)).exists():
        services.issue_key(name="Demo meters", key=KEY, now=now)


def serve(points: Sequence[ServicePoint], *, since: datetime) -> None:
    """Give the service points, in the order of their meters, customers with agreements."""
    plan = _plans()[PLAN_CODE]
    codes = list(dict.fromkeys(fleet.user(index) for index in range(len(points))))
    customers = Customer.objects.bulk_create(
        [Customer(code=code, name=_name(place)) for place, code in enumerate(codes)],
        batch_size=ROWS_AT_ONCE,
    )
    accounts = CustomerAccount.objects.bulk_create(
        [
            CustomerAccount(number=customer.code.replace("USR", "ACC"), customer=customer)
            for customer in customers
        ],
        batch_size=ROWS_AT_ONCE,
    )
    account_of = dict(zip(codes, accounts, strict=True))
    ServiceAgreement.objects.bulk_create(
        [
            ServiceAgreement(
                account=account_of[fleet.user(index)],
                service_point=point,
                plan=plan,
                during=(since, None),
            )
            for index, point in enumerate(points)
        ],
        batch_size=ROWS_AT_ONCE,
    )


def _plans() -> dict[str, RatePlan]:
    """Return the demo's plans by code: the one that everybody has, and some to compare it with."""
    return {
        code: RatePlan.objects.get_or_create(
            code=code,
            defaults={"name": name, "currency": CURRENCY, "definition": energy | PLAN_CHARGES},
        )[0]
        for code, (name, energy) in PLANS.items()
    }


def _name(place: int) -> str:
    given, family = GIVEN_NAMES.split(), FAMILY_NAMES.split()
    return f"{given[place % len(given)]} {family[place // len(given) % len(family)]}"
