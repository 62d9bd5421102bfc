"""Makes the forecasts that are due: one a region and full hour, kept when made, never changed."""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db import transaction

from grid.models import Region
from tariffs.forecast import outlook
from tariffs.forecast.hours import HOUR
from tariffs.forecast.outlook import Outlook
from tariffs.models import LoadForecast
from tariffs.selectors import forecasts, policies
from tariffs.selectors.forecasts import Pricer
from tariffs.selectors.policies import Policies

logger = logging.getLogger(__name__)

REGIONS_A_STEP = 4  # a tenth of a second each when all is calm: prices wait in the same queue
KEPT = timedelta(days=92)  # more than is judged; 50 regions make 29,000 rows a day


def make_forecasts(*, now: datetime) -> int:
    """Forecast regions that have no forecast of this hour yet; return how many were made.

    A few at a time: what is left over is for the next call. A region without enough history gets
    none; one that fails is logged and starves no other. Safe to call from many places.
    """
    origin = forecasts.origin(now)
    done = LoadForecast.objects.filter(made_at=origin).values("region")
    known, made = policies.policies(), 0
    for region in Region.objects.exclude(pk__in=done):
        if made == REGIONS_A_STEP:
            break
        try:
            made += _forecast(region, known, origin)
        except outlook.NotEnoughHistory as reason:
            logger.debug("no forecast for %s: %s", region.code, reason)
        except Exception:
            logger.exception("region %s could not be forecast", region.code)
    return made


def forget(*, now: datetime) -> int:
    """Delete forecasts made longer ago than they are kept; return how many rows."""
    deleted, _ = LoadForecast.objects.filter(made_at__lt=now - KEPT).delete()
    return deleted


@transaction.atomic
def _forecast(region: Region, known: Policies, origin: datetime) -> bool:
    start = origin - outlook.NEEDED * HOUR
    history = forecasts.hourly_loads(region.pk, start=start, end=origin)
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    found = outlook.look_ahead(history, origin=origin, zone=zone)
    rows = _rows(region, Pricer(region, known), found)
    # Another maker of the same hour came to the same rows.
    LoadForecast.objects.bulk_create(rows, ignore_conflicts=True)
    return bool(rows)


def _rows(region: Region, pricer: Pricer, found: Outlook) -> list[LoadForecast]:
    """Return a row for each hour that is known."""
    band = np.array([found.p10, found.p50, found.p90])
    rows = []
    for place in np.flatnonzero(~np.isnan(band.sum(axis=0))):
        hour = found.start + int(place) * HOUR
        p10, p50, p90 = (round(load) for load in band[:, place].tolist())
        rows.append(
            LoadForecast(
                region=region,
                made_at=found.start,
                start=hour,
                p10_mw=p10,
                p50_mw=p50,
                p90_mw=p90,
                p10_price=pricer.price(p10, at=hour),
                p50_price=pricer.price(p50, at=hour),
                p90_price=pricer.price(p90, at=hour),
                model_version=outlook.VERSION,
            )
        )
    return rows
