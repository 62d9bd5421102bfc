"""A customer closes his login; what the law keeps stays, his name until its time is over."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models.functions import Lower

from accounts.choices import UserRole
from accounts.models import Closure, Customer, Letter, Registration, User
from accounts.services import people

ERASED: Final = "erased"


class NotACustomer(Exception):
    """Whoever works for the utility is let go by an administrator."""


def close(*, user: User, password: str, now: datetime) -> None:
    """Close a customer's login for good. Raises NotACustomer, and what `confirm_password` does.

    The person, his second factor, keys, preferences, notices and archives are deleted. As a
    customer he stays, without a login: his supply and his bills do not end by this.
    """
    if user.role != UserRole.CUSTOMER:
        raise NotACustomer
    people.confirm_password(user=user, password=password, now=now)
    with transaction.atomic():
        customer = Customer.objects.filter(user=user).first()
        if customer is not None:
            Closure.objects.update_or_create(
                customer=customer, defaults={"closed_at": now, "erased_at": None}
            )
        Registration.objects.alias(lowered=Lower("email")).filter(lowered=user.email).delete()
        Letter.objects.filter(address__iexact=user.email).delete()
        user.delete()


@transaction.atomic
def erase(*, closure: Closure, now: datetime) -> bool:
    """Forget a customer's name and code; False where that is done, or he is back."""
    due = Closure.objects.select_for_update().filter(pk=closure.pk, erased_at=None)
    customer = Customer.objects.filter(pk=closure.pk, user=None).first()
    if customer is None or due.first() is None:
        return False
    customer.name, customer.code = ERASED, f"{ERASED}-{customer.pk}"
    customer.save(update_fields=["name", "code"])
    return bool(Closure.objects.filter(pk=closure.pk).update(erased_at=now))
