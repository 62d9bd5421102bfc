"""Takes a new version of a pricing policy into force."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from tariffs.models import PricingPolicy


@transaction.atomic
def adopt(*, policy: PricingPolicy, by: str, now: datetime) -> PricingPolicy:
    """Store a policy as the next version for its region (or as the default).

    Raises ValidationError, by field, for what could not price every load.
    """
    earlier = PricingPolicy.objects.filter(region=policy.region)
    newest = earlier.aggregate(newest=Max("version"))["newest"] or 0
    policy.pk = None
    policy.version = newest + 1
    policy.created_by, policy.created_at = by, now
    policy.full_clean()
    policy.save(force_insert=True)
    return policy
