import io
import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Sum

from meters.models import Channel, IntervalRead, ReadFile
from tests.meters.deliveries import nothing_kept
from tests.meters.formats.building import NMI, channel, day, file

REAL = Path(os.environ.get("SEGS_METER_FILES", "/nonexistent"))

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    printed = io.StringIO()
    call_command(
        *("import_readings", *arguments, "--format", "nem12", "--no-color"),
        stdout=printed,
        stderr=printed,
    )
    return printed.getvalue()


class TestCommand:
    @pytest.fixture
    def deliver(self, tmp_path):
        def deliver(content: bytes, name: str = "delivery.csv") -> str:
            (tmp_path / name).write_bytes(content)
            return str(tmp_path / name)

        return deliver

    def test_prints_every_channel_and_its_figures(self, deliver):
        path = deliver(
            file(
                channel(),
                day("20240301"),
                day("20240303", flag="S14"),
                channel("B1", unit="Wh", minutes=5),
                day(values=["250"] * 288),
            )
        )

        printed = [line.split() for line in run(path).splitlines()]

        assert [NMI, "E1", "kWh", "import", "30", "96", "48.0", "2", "of", "3", "48",
                "actual,", "48", "estimated"] in printed  # fmt: skip
        assert [NMI, "B1", "kWh", "export", "5", "288", "72.000", "1", "of", "1", "288",
                "actual"] in printed  # fmt: skip
        assert "reads: 384 added" in run(
            deliver(
                file(channel(), *(day(f"202404{date:02}") for date in range(1, 9))), "april.csv"
            )
        )

    def test_prints_notes_with_their_lines_and_counts_the_rest(self, deliver):
        records = [row for place in range(9) for row in (channel(nmi=f"N{place}"), day())]

        printed = run(deliver(file(*records)))

        assert "note, line 2: NMI 'N0' is not 10 characters [nmi-length]" in printed
        assert printed.count("note, line") == 5
        assert "note: 4 more of [nmi-length]" in printed

    def test_says_that_a_file_is_known_and_is_content(self, deliver):
        path = deliver(file(channel(), day()))
        run(path)

        assert "nothing to do, already taken in" in run(path)

    def test_says_that_a_dry_run_kept_nothing(self, deliver):
        printed = run(deliver(file(channel(), day())), "--dry-run")

        assert "dry run, nothing kept" in printed
        assert nothing_kept()

    def test_goes_on_after_a_refused_file_and_ends_with_1(self, deliver, capsys):
        bad = deliver(file(day()), "bad.csv")
        good = deliver(file(channel(), day()), "good.csv")

        with pytest.raises(CommandError, match="1 of 2 files refused") as end:
            run(bad, good)

        assert end.value.returncode == 1
        assert ReadFile.objects.get().name == "good.csv"

    @pytest.mark.parametrize("name", ["absent.csv", "."], ids=["no such file", "a folder"])
    def test_called_wrongly_takes_nothing_in_and_ends_with_2(self, deliver, tmp_path, name):
        good = deliver(file(channel(), day()))

        with pytest.raises(CommandError, match=r"does not exist|is a folder") as end:
            run(good, str(tmp_path / name))

        assert end.value.returncode == 2
        assert nothing_kept()

    def test_names_the_formats_it_knows(self, deliver):
        with pytest.raises(CommandError, match="'nem12'"):
            call_command("import_readings", deliver(b""), "--format", "telex")


@pytest.mark.skipif(not REAL.is_dir(), reason="SEGS_METER_FILES names no folder")
class TestRealFiles:
    def test_are_stored_to_the_last_watt_hour(self):
        run(str(REAL / "nem12_CNRGYMDP_002.csv"), str(REAL / "nem12_UNITEDDP_s2.csv"))

        totals = {
            (row.unit, row.direction, str(row)): (row.count, row.total)
            for row in Channel.objects.annotate(count=Count("reads"), total=Sum("reads__value"))
        }
        assert len(totals) == 8
        assert totals["kWh", "import", "NEM1202022 E1"] == (192, Decimal("358797.395"))
        assert totals["kWh", "export", "NEM1202022 B1"] == (192, Decimal(0))
        assert totals["kWh", "import", "NEM1202029 E1"] == (192, Decimal("135.359"))
        assert totals["kWh", "export", "NEM1202029 B1"] == (192, Decimal("132.479"))
        assert totals["kvarh", "import", "NEM1202022 Q1"] == (192, Decimal("3243.103"))

    def test_of_many_points_are_stored_whole(self):
        printed = run(str(REAL / "nem12_many_nmis.csv"))

        assert "channels: 198; reads: 57024 added" in printed
        assert IntervalRead.objects.aggregate(total=Sum("value")) == {"total": Decimal(214_621)}

    def test_that_are_bad_are_refused_by_line_and_leave_nothing(self):
        bad = sorted(REAL.glob("nem12_bad_*.csv"))

        with pytest.raises(CommandError, match="2 of 2 files refused") as end:
            run(*map(str, bad))

        assert end.value.returncode == 1
        assert nothing_kept()
