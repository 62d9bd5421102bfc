"""JSON for the API's answers."""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail
from rest_framework.utils.serializer_helpers import ReturnDict

from meters.choices import Reporting
from segs_site.lib import rendering
from segs_site.lib.choices import Quality


class TestEncode:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01T12:00:00Z", id="UTC"),
            pytest.param(
                datetime(2026, 3, 1, 12, 0, 0, 500, tzinfo=ZoneInfo("Europe/Brussels")),
                "2026-03-01T12:00:00.000500+01:00",
                id="a zone",
            ),
            pytest.param(Decimal("0.200000"), "0.200000", id="a price keeps its places"),
            pytest.param(UUID(int=7), str(UUID(int=7)), id="a UUID"),
            pytest.param(Reporting.SILENT, "silent", id="a choice"),
            pytest.param(Quality.ACTUAL, 5, id="a numbered choice"),
            pytest.param(gettext_lazy("Yes"), "Yes", id="a lazy text"),
            pytest.param(ErrorDetail("no", code="x"), "no", id="a refusal"),
            pytest.param(mark_safe("<b>"), "<b>", id="a safe text"),
            pytest.param(np.float64(1.5), 1.5, id="a number of numpy"),
            pytest.param(math.nan, None, id="no number"),
            pytest.param(
                ReturnDict({"a": (1, None)}, serializer=None), {"a": [1, None]}, id="map"
            ),
            pytest.param("é\u2028\0", "é\u2028\0", id="strange text"),
        ],
    )
    def test_writes(self, value: Any, expected: Any) -> None:
        assert json.loads(rendering.encode({"it": value})) == {"it": expected}


class TestJson:
    def test_is_indented_for_whoever_wants_to_read_it(self) -> None:
        said = rendering.Json().render({"a": 1}, "application/json; indent=2", {})

        assert said == b'{\n  "a": 1\n}'

    def test_of_nothing_is_nothing(self) -> None:
        assert rendering.Json().render(None) == b""
