import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from meters.formats.base import Refused
from meters.models import Channel, ImportProfile, IntervalRead
from meters.selectors import formats
from segs_site.lib.quantities import Quality
from tests.meters.deliveries import nothing_kept, take_in

pytestmark = pytest.mark.django_db

HEAD = "when,kWh in,site\n"


def make(**changed) -> ImportProfile:
    fields = {
        "name": "mine",
        "label": "My own",
        "start_columns": "when",
        "time_format": "%d.%m.%Y %H:%M",
        "zone": "Europe/Brussels",
        "length_min": 15,
        "point_column": "site",
        "qualities": "Read = actual\nGuessed = estimated",
    }
    profile = ImportProfile.objects.create(**fields | changed)
    profile.channels.create(column="kWh in", direction="import", suffix="E")
    return profile


class TestRow:
    def test_is_a_format_without_a_line_of_code(self):
        make()
        content = (HEAD + "01.03.2024 00:00,0.25,A\n01.03.2024 00:15,0.5,A\n").encode()

        imported = take_in(content, reader=formats.formats()["mine"])

        assert imported.outcome.added == 2
        assert str(Channel.objects.get()) == "A E"
        assert f"{IntervalRead.objects.latest('start').start:%H:%M}" == "23:15"

    def test_reads_its_lists_line_by_line(self):
        profile = make(missing="-\nn/a\n", ignored="Total")

        declared = profile.declared(channel.rule() for channel in profile.channels.all())

        assert declared.missing == {"", "-", "n/a"}
        assert declared.ignored == ("Total",)
        assert declared.qualities == {"read": Quality.ACTUAL, "guessed": Quality.ESTIMATED}

    def test_with_many_wrong_rows_is_refused_with_all_of_them(self):
        make()
        lines = [f"01.03.2024 00:00,{value},A\n" for value in ("0.25", "much", "-1", "0,5")]

        with pytest.raises(Refused) as refusal:
            take_in((HEAD + "".join(lines)).encode(), reader=formats.formats()["mine"])

        assert [fault.line for fault in refusal.value.faults] == [3, 4, 5]
        assert (refusal.value.line, refusal.value.more) == (3, 0)
        assert nothing_kept()

    def test_with_more_wrong_rows_than_are_kept_counts_the_rest(self):
        make()
        content = (HEAD + "someday,1,A\n" * 250).encode()

        with pytest.raises(Refused) as refusal:
            take_in(content, reader=formats.formats()["mine"])

        assert (len(refusal.value.faults), refusal.value.more) == (200, 50)

    def test_that_cannot_be_read_by_is_left_out(self):
        make(zone="Europe/Atlantis")

        assert "mine" not in formats.formats()

    def test_never_hides_a_format_of_the_code(self):
        make(name="nem12")

        assert formats.formats()["nem12"].label == "AEMO NEM12 interval data"

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"zone": "Europe/Atlantis"}, "no zone"),
            ({"length_min": None}, "neither how long"),
            ({"qualities": "Read is fine"}, "one of missing"),
            ({"decimal_mark": ","}, "decimal mark is the delimiter"),
            ({"name": "espi"}, "name of another format"),
        ],
    )
    def test_is_refused_when_no_file_can_be_read_by_it(self, changed, reason):
        with pytest.raises(ValidationError, match=reason):
            make(**changed).clean()


class TestReady:
    def test_profiles_can_all_be_read_by(self):
        names = set(ImportProfile.objects.values_list("name", flat=True))

        assert {"fluvius", "epochs", "quarters-wide", "segs"} == names
        assert names | {"nem12", "espi"} == formats.formats().keys()


class TestDetect:
    @pytest.mark.parametrize(
        ("head", "name"),
        [
            (b"100,NEM12,200401010000,A,B\n", "nem12"),
            (b'\xef\xbb\xbf"100","nem12",\n', "nem12"),
            (b'<?xml version="1.0"?><f:feed xmlns="http://naesb.org/espi">', "espi"),
            (b"point,channel,start,minutes,value,unit\n", "epochs"),
            (b"<html>", None),
            (b"", None),
        ],
    )
    def test_finds_the_only_format_that_fits(self, head, name):
        known = formats.formats()

        found = formats.detect(head, known)

        assert (found and found.name) == name

    def test_chooses_none_of_two(self):
        make(name="one"), make(name="two")

        assert formats.detect(HEAD.encode(), formats.formats()) is None


class TestAdmin:
    def form(self, **changed) -> dict[str, str]:
        return {
            "name": "desk", "label": "Made at the desk", "layout": "long", "delimiter": ";",
            "decimal_mark": ",", "encoding": "utf-8", "skip_rows": "0", "has_headings": "on",
            "start_columns": "from", "time_format": "iso", "zone": "UTC", "length_min": "15",
            "point": "HOME",
            "channels-TOTAL_FORMS": "1", "channels-INITIAL_FORMS": "0",
            "channels-0-column": "kWh", "channels-0-direction": "import",
            "channels-0-suffix": "E", "channels-0-unit": "kWh", "channels-0-sign": "as-written",
        } | changed  # fmt: skip

    def test_makes_a_profile_that_is_at_once_a_format(self, client, ada):
        client.force_login(ada)

        answer = client.post(reverse("admin:meters_importprofile_add"), self.form())

        assert answer.status_code == 302, answer.context["errors"]
        assert "desk" in formats.formats()

    @pytest.mark.parametrize(
        "changed",
        [{"channels-0-suffix": ""}, {"channels-TOTAL_FORMS": "0"}, {"zone": "Nowhere"}],
        ids=["no name of the channel", "no channel", "no zone"],
    )
    def test_refuses_one_that_no_file_can_be_read_by(self, client, ada, changed):
        client.force_login(ada)

        answer = client.post(reverse("admin:meters_importprofile_add"), self.form(**changed))

        assert answer.status_code == 200
        assert not ImportProfile.objects.filter(name="desk").exists()
