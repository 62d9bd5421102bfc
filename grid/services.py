"""Changes to the grid: what a region can carry from a moment on."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from grid.models import Region, RegionCapacity

PATIENCE = timedelta(minutes=1)  # clocks differ a little: "now" of a minute ago is still now


class CapacityInThePast(Exception):
    """Minutes that are closed keep the capacity they were closed with."""


class CapacityExists(Exception):
    """The region has a capacity from this moment on already."""


def set_capacity(
    *, region: Region, capacity_kw: Decimal, effective_from: datetime, now: datetime
) -> RegionCapacity:
    """Give a region another capacity from a moment on, until the next that is entered.

    Raises CapacityInThePast and CapacityExists.
    """
    if effective_from < now - PATIENCE:
        raise CapacityInThePast
    try:
        with transaction.atomic():
            return RegionCapacity.objects.create(
                region=region, capacity_kw=capacity_kw, effective_from=effective_from
            )
    except IntegrityError as problem:
        raise CapacityExists from problem
