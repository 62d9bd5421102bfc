"""Plans as written, and what is refused of them."""

import json
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tariffs import plans
from tariffs.seasons import Calendar

DOCUMENT = (Path(__file__).parents[2] / "docs" / "plans.md").read_text()
WORKDAYS, WEEKEND = ["mon", "tue", "wed", "thu", "fri"], ["sat", "sun"]
BY_DAY = {"00:00": "night", "07:00": "day", "22:00": "night"}
YEAR = [{"on": WORKDAYS, "from": BY_DAY}, {"on": WEEKEND, "from": {"00:00": "night"}}]


def by_time(**said):
    energy = {
        "kind": "time_of_use",
        "rates": {"day": "0.3", "night": "0.1"},
        "seasons": {"01-01": YEAR},
    }
    return {"energy": energy | said}


def blocks(*written):
    return {"energy": {"kind": "blocks", "blocks": list(written)}}


class TestRead:
    @pytest.mark.parametrize(
        "written",
        [
            {"energy": {"kind": "flat", "price": "-0.25"}},
            {"energy": {"kind": "dynamic", "added": "0.02"}, "export": {"kind": "dynamic"}},
            by_time(),
            blocks({"up_to_kwh": "100", "price": "0.1"}, {"price": "0.2"}),
        ],
        ids=["flat", "dynamic", "time of use", "blocks"],
    )
    def test_takes_every_kind(self, written):
        assert plans.read(written).minimum == 0

    @pytest.mark.parametrize("written", re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL))
    def test_takes_what_the_document_shows(self, written):
        assert plans.read(json.loads(written)).energy

    @pytest.mark.parametrize(
        ("written", "fault"),
        [
            ({}, "missing required field `energy`"),
            ({"energy": {"kind": "weather"}}, "weather"),
            ({"energy": {"kind": "flat", "price": "0.1"}, "rebate": "5"}, "rebate"),
            ({"energy": {"kind": "flat", "price": "cheap"}}, r"\$\.energy\.price"),
            ({"energy": {"kind": "flat", "price": "NaN"}}, "price of energy is too large"),
            ({"energy": {"kind": "flat", "price": "1000000"}}, "price of energy is too large"),
            ({"energy": {"kind": "flat", "price": "0.1234567"}}, "more than 6 decimals"),
            ({"energy": {"kind": "dynamic"}, "minimum": "-1"}, "minimum is negative"),
            (
                {"energy": {"kind": "dynamic"}, "taxes": [{"name": "VAT", "pct": "-1"}]},
                "percentage of VAT is negative",
            ),
            (
                {"energy": {"kind": "dynamic"},
                 "taxes": [{"name": "VAT", "pct": "1", "on": ["energy", "energy"]}]},
                "VAT names a charge twice",
            ),
            (
                {"energy": {"kind": "dynamic"},
                 "taxes": [{"name": "VAT", "pct": "1", "on": ["rounding"]}]},
                "rounding",
            ),
            (blocks({"price": "0.1"}, {"price": "0.2"}), "Block 1 has no limit"),
            (blocks({"up_to_kwh": "5", "price": "0.1"}), "last block has a limit"),
            (
                blocks({"up_to_kwh": "5", "price": "1"}, {"up_to_kwh": "5", "price": "2"},
                       {"price": "3"}),
                "Block 2 ends at 5 kWh, not above",
            ),
            (blocks({"up_to_kwh": "NaN", "price": "0.1"}, {"price": "1"}), "limit of block 1"),
            (by_time(seasons={"02-29": YEAR}), "not on 02-29"),
            (by_time(seasons={"01-01": YEAR[:1]}), "says nothing of sat"),
            (by_time(seasons={"01-01": [*YEAR, YEAR[1]]}), "names (sat|sun) twice"),
            (
                by_time(seasons={"01-01": [YEAR[0], {"on": WEEKEND, "from": {"01:00": "day"}}]}),
                "sat/sun, does not begin at 00:00",
            ),
            (
                by_time(seasons={"01-01": [YEAR[0], {"on": WEEKEND, "from": {
                    "00:00": "day", "07:00": "day", "06:00": "day"}}]}),
                "out of order",
            ),
            (
                by_time(seasons={"01-01": [YEAR[0], {"on": WEEKEND, "from": {
                    "00:00": "day", "24:00": "day"}}]}),
                "not at 24:00",
            ),
            (
                by_time(seasons={"01-01": [YEAR[0], {"on": WEEKEND, "from": {"00:00": "off"}}]}),
                "names the rate off",
            ),
        ],
    )  # fmt: skip
    def test_refuses_what_could_not_be_priced(self, written, fault):
        with pytest.raises(plans.BadPlan, match=fault):
            plans.read(written)


class TestCalendar:
    ZONE = ZoneInfo("Europe/Brussels")

    def rate_at(self, local: str, **said) -> str:
        plan = plans.read(by_time(**said)).energy
        return Calendar(plan, self.ZONE).rate_at(
            datetime.fromisoformat(local).replace(tzinfo=self.ZONE)
        )

    @pytest.mark.parametrize(
        ("local", "rate"),
        [
            ("2026-11-27T06:59:59.999999", "night"),
            ("2026-11-27T07:00", "day"),
            ("2026-11-27T21:59", "day"),
            ("2026-11-27T22:00", "night"),
            ("2026-11-28T12:00", "night"),
        ],
    )
    def test_is_half_open(self, local, rate):
        assert self.rate_at(local) == rate

    @pytest.mark.parametrize(
        ("local", "rate"),
        [
            ("2026-01-15T12:00", "day"),  # the winter of the year before
            ("2026-03-31T23:45", "day"),
            ("2026-04-01T00:00", "night"),
            ("2026-10-31T12:00", "night"),
            ("2026-11-01T00:00", "day"),
        ],
    )
    def test_takes_the_last_season_round_the_end_of_the_year(self, local, rate):
        whole = [*WORKDAYS, *WEEKEND]
        seasons = {
            "11-01": [{"on": whole, "from": {"00:00": "day"}}],
            "04-01": [{"on": whole, "from": {"00:00": "night"}}],
        }

        assert self.rate_at(local, seasons=seasons) == rate

    def test_gives_a_holiday_its_own_day_where_the_season_has_one(self):
        holiday = [*YEAR, {"on": ["holiday"], "from": {"00:00": "night"}}]
        said = {"holidays": ["2026-12-25"]}

        assert self.rate_at("2026-12-25T12:00", seasons={"01-01": holiday}, **said) == "night"
        assert self.rate_at("2026-12-25T12:00", **said) == "day"
