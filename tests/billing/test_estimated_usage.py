"""What validation makes final reaches the bill, with its quality."""

import pytest

from billing.selectors import supplies, usage
from billing.selectors.supplies import Part
from meters.choices import FillMethod
from meters.models import QuarterWindow
from meters.services import finals
from meters.services.finals import Done
from segs_site.lib.choices import Quality
from segs_site.lib.periods import QUARTER, Period
from tests.billing import worlds
from tests.billing.worlds import JUNE, MAY_START

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "by", "quality", "estimated"),
    [
        (FillMethod.PROFILE, "", Quality.ESTIMATED, 777),
        (FillMethod.EDITED, "olga", Quality.EDITED, 0),
    ],
)
def test_a_filled_gap_is_used_with_its_quality(
    method: FillMethod, by: str, quality: Quality, estimated: int
) -> None:
    home = worlds.home("Filled")
    worlds.used(home.meter, [1, 0, 1])
    gap = MAY_START + QUARTER
    QuarterWindow.objects.filter(start=gap).delete()
    done = Done(home.meter.pk, gap, gap + QUARTER, method, "gap", by)

    finals.put(done, starts=[gap], energies=[777], now=JUNE)

    [found] = usage.quarters([part(home)])
    assert found.energy.tolist() == [1_000_000, 777, 1_000_000]
    assert found.quality.tolist() == [Quality.ACTUAL, quality, Quality.ACTUAL]
    assert found.estimated.tolist() == [0, estimated, 0]
    assert QuarterWindow.objects.get(start=gap).revised_at == JUNE  # an issued bill is corrected


def part(home: worlds.Home) -> Part:
    period = Period(MAY_START, MAY_START + 4 * QUARTER)
    [one] = supplies.parts(periods={home.account.pk: period})[home.account.pk]
    return one
