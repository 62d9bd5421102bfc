"""Bills of tests are by the days of UTC, unless a test says otherwise."""

import pytest


@pytest.fixture(autouse=True)
def _in_utc(settings) -> None:
    settings.SEGS_SITE_ZONE = "UTC"
