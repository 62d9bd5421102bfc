"""Imports by the API: sent, looked at, taken in, taken back, refused with line and reason."""

import io
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from meters.models import IntervalRead, Upload, UploadPart
from meters.services import taking_in
from tests.accounts.builders import signed_in
from tests.meters.formats.building import channel, day, file
from tests.meters.test_import_command import fluvius
from tests.meters.test_uploads import WRONG, work

pytestmark = pytest.mark.django_db

IMPORTS = "/api/admin/imports"
NEM = file(channel(), day())


@pytest.fixture
def desk(olga: User) -> Client:
    return signed_in(olga)


def send(desk: Client, content: bytes = NEM, name: str = "nem.csv", **more: str) -> Any:
    return desk.post(IMPORTS, {"file": SimpleUploadedFile(name, content)} | more)


def post(desk: Client, path: str, **body: str) -> Any:
    return desk.post(f"{IMPORTS}/{path}", body, content_type="application/json")


class TestUpload:
    def test_answers_what_is_found_of_what_the_day_expects(self, desk: Client) -> None:
        answer = send(desk, fluvius(), "verbruik.csv")

        said = answer.json()
        assert (answer.status_code, said["state"], said["format"]) == (201, "ready", "fluvius")
        (only,) = said["report"]["channels"]
        (autumn,) = only["days"]
        assert (autumn["found"], autumn["expected"], autumn["hours"]) == (100, 100, "25")
        assert not IntervalRead.objects.exists()

    def test_answers_every_wrong_line(self, desk: Client) -> None:
        said = send(desk, WRONG).json()

        assert (said["state"], said["faults_more"]) == ("refused", 0)
        assert [fault["line"] for fault in said["faults"]] == [2, 3]

    @pytest.mark.parametrize(
        ("content", "more", "code"),
        [
            (b"", {}, "unreadable"),
            (b"PK\x03\x04" + b"0" * 99, {}, "unreadable"),
            (NEM, {"format": "excel"}, "unknown_format"),
        ],
        ids=["empty", "packed", "of a format that nobody knows"],
    )
    def test_keeps_nothing_of_what_cannot_be_read(
        self, desk: Client, content: bytes, more: dict[str, str], code: str
    ) -> None:
        answer = send(desk, content, **more)

        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert not Upload.objects.exists()

    def test_is_bounded(self, desk: Client, settings: LazySettings) -> None:
        settings.SEGS_MAX_UPLOAD_BYTES = 1000

        answer = send(desk, NEM * 9)

        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    def test_needs_a_file(self, desk: Client) -> None:
        answer = desk.post(IMPORTS, {"format": "nem12"})

        assert "file" in answer.json()["errors"]

    def test_leaves_a_large_one_to_a_worker_that_tells_how_far_it_is(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(taking_in, "AT_ONCE", 10)

        said = send(desk).json()
        assert (said["state"], said["report"]) == ("checking", None)
        monkeypatch.setattr(taking_in.uploads, "progress", lambda _row: 42)
        assert desk.get(f"{IMPORTS}/{said['id']}").json()["progress_pct"] == 42

        work()
        assert desk.get(f"{IMPORTS}/{said['id']}").json()["state"] == "ready"


class TestOne:
    def test_goes_in_once_and_back(self, desk: Client) -> None:
        pk = send(desk).json()["id"]

        first, second = post(desk, f"{pk}/apply"), post(desk, f"{pk}/apply")
        assert first.json()["state"] == second.json()["state"] == "applied"
        assert first.json()["applied_by"] == "olga@utility.example"
        assert IntervalRead.objects.count() == 48
        assert not UploadPart.objects.exists()

        back = post(desk, f"{pk}/undo", reason="wrong month").json()
        assert (back["state"], back["undo_reason"]) == ("undone", "wrong month")
        assert not IntervalRead.objects.exists()

    def test_is_sent_again_in_vain(self, desk: Client) -> None:
        post(desk, f"{send(desk).json()['id']}/apply")

        again = send(desk).json()

        assert again["state"] == "known"
        assert "very same bytes" in again["problem"]

    def test_may_be_looked_at_in_another_format_and_discarded(self, desk: Client) -> None:
        pk = send(desk, format="epochs").json()["id"]

        assert post(desk, f"{pk}/format", format="nem12").json()["state"] == "ready"
        assert post(desk, f"{pk}/format", format="excel").json()["code"] == "unknown_format"
        assert desk.delete(f"{IMPORTS}/{pk}").json()["state"] == "discarded"
        assert post(desk, f"{pk}/apply").json()["code"] == "not_open"

    def test_goes_back_for_a_reason_alone(self, desk: Client) -> None:
        pk = send(desk).json()["id"]
        post(desk, f"{pk}/apply")

        assert "reason" in post(desk, f"{pk}/undo", reason=" ").json()["errors"]

    def test_is_not_there(self, desk: Client) -> None:
        assert desk.get(f"{IMPORTS}/9").status_code == 404


class TestList:
    def test_says_who_and_when_and_how_many(
        self, desk: Client, django_assert_max_num_queries
    ) -> None:
        for turn in range(3):
            content = file(channel(), day(f"2024030{turn + 1}"))
            post(desk, f"{send(desk, content).json()['id']}/apply")
        send(desk, WRONG)

        with django_assert_max_num_queries(3):
            rows = desk.get(IMPORTS).json()["results"]

        assert [row["state"] for row in rows] == ["refused", "applied", "applied", "applied"]
        assert [row["intervals"] for row in rows] == [None, 48, 48, 48]
        assert {row["uploaded_by"] for row in rows} == {"olga@utility.example"}
        refused = desk.get(IMPORTS, {"state": "refused"}).json()["results"]
        assert len(refused) == 1
        assert "faults" not in refused[0]

    def test_has_what_the_command_took_in(self, desk: Client, tmp_path: Any) -> None:
        from_disk = tmp_path / "nem.csv"
        from_disk.write_bytes(NEM)
        call_command("import_readings", str(from_disk), stdout=io.StringIO())

        (row,) = desk.get(IMPORTS).json()["results"]
        assert (row["name"], row["state"], row["applied_by"]) == (
            "nem.csv", "applied", "import_readings",
        )  # fmt: skip
