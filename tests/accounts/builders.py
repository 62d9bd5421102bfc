"""Customers with agreements, for tests."""

from datetime import datetime

from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import Customer, CustomerAccount, ServiceAgreement, User
from meters.models import Meter, ServicePoint
from tariffs.models import RatePlan


def takes_service(
    user: User, point: ServicePoint, *, since: datetime, until: datetime | None = None
) -> ServiceAgreement:
    """An agreement of a user's, with the customer and account it needs."""
    customer, _ = Customer.objects.get_or_create(
        user=user, defaults={"code": f"USR-{user.pk}", "name": user.email}
    )
    account, _ = CustomerAccount.objects.get_or_create(
        customer=customer, defaults={"number": f"ACC-{user.pk}"}
    )
    plan, _ = RatePlan.objects.get_or_create(code="PLAN", defaults={"name": "Plan"})
    return ServiceAgreement.objects.create(
        account=account, service_point=point, plan=plan, during=(since, until)
    )


def point_of(meter: Meter) -> ServicePoint:
    """Where a meter of `tests.worlds` hangs."""
    return ServicePoint.objects.get(installations__meter=meter)


def signed_in(user: User) -> Client:
    """A client of the API with the user's token."""
    return Client(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})
