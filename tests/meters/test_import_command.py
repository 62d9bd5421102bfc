"""The command with every format: found out, previewed, taken in, taken back."""

import io

import pytest
from django.core.management import CommandError, call_command

from meters.models import IntervalRead, ReadFile
from tests.meters.deliveries import nothing_kept
from tests.meters.formats import feeds
from tests.meters.formats.building import channel, day, file
from tests.meters.formats.test_profiled import autumn_day

pytestmark = pytest.mark.django_db

FLUVIUS = (
    "From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;"
    "Volume;Unit;Validation status;Description\r\n"
)
EPOCHS = "point,channel,start,minutes,value,unit\n"


def run(*arguments: object) -> str:
    printed = io.StringIO()
    call_command(
        *("import_readings", *map(str, arguments), "--no-color"), stdout=printed, stderr=printed
    )
    return printed.getvalue()


def fluvius() -> bytes:
    """Return a day of 25 hours, as the portal writes it."""
    rows = []
    for line in autumn_day("Offtake Day"):
        start, at, end, until, ean, meter, register, volume, unit, state = line.split(";")
        cells = [start, f"{at}:00", end, f"{until}:00", ean, meter, "Digital meter", register]
        rows.append(";".join([*cells, volume, unit, state, ""]))
    return ("\ufeff" + FLUVIUS + "\r\n".join(rows)).encode()


@pytest.fixture
def deliver(tmp_path):
    def deliver(content: bytes, name: str):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return deliver


class TestFormat:
    def test_is_found_out_for_each_of_several_files(self, deliver):
        printed = run(
            deliver(file(channel(), day()), "nem.csv"),
            deliver(feeds.whole(feeds.block(feeds.quarters(96))), "green.xml"),
            deliver(fluvius(), "verbruik.csv"),
            deliver(f"{EPOCHS}A,import,1709289000.0,15,250,Wh\n".encode(), "epochs.csv"),
        )

        assert printed.count("taken in as number") == 4
        kinds = ReadFile.objects.order_by("id").values_list("format", flat=True)
        assert list(kinds) == ["nem12", "espi", "fluvius", "epochs"]

    def test_that_is_not_plain_must_be_named(self, deliver):
        path = deliver(b"import,2024-03-01,1\n", "wide.csv")

        with pytest.raises(CommandError, match=r"wide\.csv: its format is not plain") as end:
            run(path)

        assert end.value.returncode == 2

    def test_may_be_named(self, deliver):
        row = ",".join(["HOME", "import", "2024-03-01", *["0.25"] * 96])

        printed = run(deliver(f"{row}\n".encode(), "wide.csv"), "--format", "quarters-wide")

        assert "96 added" in printed


class TestPreview:
    def test_says_days_found_against_expected_and_keeps_nothing(self, deliver):
        printed = run(deliver(fluvius(), "verbruik.csv"), "--preview")

        assert "on 2023-10-29: 100 of 100, 25-hour day, 12.500 kWh" in printed
        assert "[repeated-hour]" in printed
        assert "[end-before-start]" in printed
        assert "dry run, nothing kept" in printed
        assert nothing_kept()

    def test_says_unusual_days_alone_unless_all_are_asked_for(self, deliver):
        starts = [feeds.DAWN + turn * 86_400 for turn in range(3)]
        blocks = [feeds.block(feeds.quarters(96, start), start) for start in starts[:2]]
        short = feeds.block(feeds.quarters(90, starts[2]), starts[2])
        path = deliver(feeds.whole(*blocks, short), "green.xml")

        brief, full = run(path, "--preview"), run(path, "--preview", "--days")

        assert [line.strip() for line in brief.splitlines() if " on 2024" in line] == [
            "RetailCustomer/7/UsagePoint/12 1 on 2024-03-03: 90 of 96, 22.500 kWh"
        ]
        assert full.count("96 of 96") == 2

    def test_says_every_wrong_line_with_its_reason(self, deliver, capsys):
        rows = "".join(f"A,import,1709289000,15,{value},kWh\n" for value in ("x", "-1", "0.5"))
        path = deliver((EPOCHS + rows).encode(), "epochs.csv")

        printed = io.StringIO()
        with pytest.raises(CommandError, match="1 of 1 files refused"):
            call_command("import_readings", str(path), "--no-color", stderr=printed)

        assert printed.getvalue().splitlines() == [
            "epochs.csv, line 2: 'x' is not a number",
            "epochs.csv, line 3: -1 is negative: each direction has a channel of its own",
        ]
        assert nothing_kept()

    def test_says_how_many_more_lines_are_wrong(self, deliver):
        content = (EPOCHS + "A,import,soon,15,1,kWh\n" * 300).encode()

        printed = io.StringIO()
        with pytest.raises(CommandError):
            call_command(
                "import_readings", str(deliver(content, "bad.csv")), "--no-color", stderr=printed
            )

        assert printed.getvalue().splitlines()[-1] == "bad.csv: 280 more lines are wrong"


class TestApply:
    def test_twice_changes_nothing(self, deliver):
        path = deliver(fluvius(), "verbruik.csv")
        run(path)

        assert "nothing to do, already taken in" in run(path)
        assert IntervalRead.objects.count() == 100

    def test_of_a_longer_delivery_adds_only_what_is_new(self, deliver):
        day_of_97 = feeds.whole(feeds.block(feeds.quarters(97)))
        next_day = feeds.DAWN + 86_400
        after = feeds.whole(feeds.block(feeds.quarters(96, next_day), next_day))
        run(deliver(day_of_97, "first.xml"))

        printed = run(deliver(after, "second.xml"))

        assert "95 added, 1 unchanged" in printed
        assert IntervalRead.objects.count() == 192


class TestUndo:
    def test_takes_a_file_back(self, deliver):
        run(deliver(fluvius(), "verbruik.csv"))
        number = ReadFile.objects.get().pk

        assert "100 reads taken back, 0 of before restored" in run("--undo", number)
        assert not IntervalRead.objects.exists()
        assert "nothing to do, already undone" in run("--undo", number)

    def test_of_a_file_that_a_later_one_replaced_names_that(self, deliver):
        run(deliver(file(channel(), day()), "old.csv"))
        run(deliver(file(channel(), day(values=["9"] * 48), made="202403051130"), "new.csv"))
        old, new = ReadFile.objects.order_by("id").values_list("id", flat=True)

        with pytest.raises(CommandError, match=rf"new\.csv.* --undo {new}") as end:
            run("--undo", old)

        assert end.value.returncode == 1

    @pytest.mark.parametrize("arguments", [[], ["--undo", "77"]], ids=["nothing", "no such file"])
    def test_called_wrongly_ends_with_2(self, arguments):
        with pytest.raises(CommandError) as end:
            run(*arguments)

        assert end.value.returncode == 2
