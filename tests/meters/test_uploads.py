"""Files that people send: kept, looked at, taken in once, taken back, refused where they lie."""

import io
from datetime import timedelta

import pytest

from meters.choices import UploadState
from meters.models import IntervalRead, ReadFile, Upload, UploadPart
from meters.selectors import uploads
from meters.services import taking_in, uploading
from segs_site.lib.models import AuditEntry
from tests.meters.deliveries import NOW, take_in
from tests.meters.formats import feeds
from tests.meters.formats.building import channel, day, file
from tests.meters.test_import_command import EPOCHS, fluvius

pytestmark = pytest.mark.django_db

OLGA = "olga@utility.example"
LATER = NOW + timedelta(minutes=5)
NEM = file(channel(), day())
WRONG = (EPOCHS + "A,import,1709289000,15,x,kWh\nA,import,1709289900,15,-1,kWh\n").encode()


def send(content: bytes = NEM, name: str = "delivery.csv", format_name: str = "") -> Upload:
    return uploading.receive(
        stream=io.BytesIO(content), name=name, by=OLGA, now=NOW, format_name=format_name
    )


def work() -> int:
    return taking_in.work_due(clock=lambda: LATER)


def looked_at(content: bytes = NEM, **options: str) -> Upload:
    upload = send(content, **options)
    work()
    upload.refresh_from_db()
    return upload


def taken_in(content: bytes = NEM, **options: str) -> Upload:
    upload = looked_at(content, **options)
    uploading.apply(upload_id=upload.pk, by=OLGA, now=LATER)
    work()
    upload.refresh_from_db()
    return upload


class TestReceive:
    def test_keeps_every_byte_and_finds_the_format_out(self, monkeypatch) -> None:
        monkeypatch.setattr(uploading, "PART", 100)

        upload = send()

        parts = UploadPart.objects.filter(upload=upload).order_by("place")
        assert b"".join(bytes(part.content) for part in parts) == NEM
        assert (upload.size, upload.format, upload.state) == (len(NEM), "nem12", "checking")

    def test_asks_for_a_format_that_is_not_plain(self) -> None:
        upload = send(b"import,2024-03-01,1\n")

        assert (upload.state, work()) == (UploadState.UNCLEAR, 0)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "line 1: the file is empty"),
            (b" \n\n", "line 1: the file is empty"),
            (b"PK\x03\x04bomb", "line 1: the file is packed (zip)"),
            (b"\x1f\x8b\x08bomb", "line 1: the file is packed (gzip)"),
            (b"100,NEM12\n200,\0\n", "line 2: the file is no text"),
        ],
    )
    def test_refuses_what_is_no_text(self, content: bytes, reason: str) -> None:
        with pytest.raises(uploading.Unreadable) as refusal:
            send(content)

        assert str(refusal.value).startswith(reason)
        assert not Upload.objects.exists()

    def test_refuses_a_format_that_nobody_knows(self) -> None:
        with pytest.raises(uploading.UnknownFormat):
            send(format_name="excel")

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\files\\nem.csv", "nem.csv"),
            ("a\0b\r\nc.csv", "a b c.csv"),
            ("x" * 300 + ".csv", "x" * 196 + ".csv"),
            ("", "unnamed"),
            ("..", ".."),
            ('=HYPERLINK("x").csv', '=HYPERLINK("x").csv'),
        ],
    )
    def test_keeps_no_more_of_a_name_than_a_name(self, name: str, kept: str) -> None:
        assert send(name=name).name == kept


class TestCheck:
    def test_says_what_is_in_it_day_by_day_and_keeps_none_of_it(self) -> None:
        upload = looked_at(fluvius(), name="verbruik.csv")

        assert upload.state == UploadState.READY
        (only,) = upload.report["channels"]
        assert only["days"] == [
            {"date": "2023-10-29", "hours": "25", "found": 100, "expected": 100, "total": "12.500"}
        ]
        assert {note["code"] for note in upload.report["notes"]} == {
            "repeated-hour", "end-before-start",
        }  # fmt: skip
        assert not IntervalRead.objects.exists()
        assert not ReadFile.objects.exists()

    def test_names_every_wrong_line(self) -> None:
        upload = looked_at(WRONG)

        assert upload.state == UploadState.REFUSED
        assert upload.faults == [
            {"line": 2, "reason": "'x' is not a number"},
            {"line": 3, "reason": "-1 is negative: each direction has a channel of its own"},
        ]

    def test_refuses_entities_with_their_line(self) -> None:
        bomb = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>\n'

        upload = looked_at(feeds.feed(head=bomb), name="bomb.xml", format_name="espi")

        assert upload.state == UploadState.REFUSED
        assert upload.faults[0]["line"] == 2
        assert "entities are never taken" in upload.faults[0]["reason"]

    def test_says_that_the_same_bytes_are_in(self) -> None:
        take_in(NEM)

        upload = looked_at()

        assert upload.state == UploadState.KNOWN
        assert "were taken in as number" in upload.problem

    def test_tells_a_fault_of_ours_from_one_of_the_file(self, monkeypatch, caplog) -> None:
        def break_down(**_options: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(taking_in.files, "import_file", break_down)

        upload = looked_at()

        assert (upload.state, "fault of ours" in upload.problem) == (UploadState.REFUSED, True)
        assert "could not be read" in caplog.text

    def test_may_be_done_again_in_another_format(self) -> None:
        upload = looked_at(NEM, format_name="epochs")
        assert upload.state == UploadState.REFUSED

        uploading.choose(upload_id=upload.pk, format_name="nem12")
        work()

        upload.refresh_from_db()
        assert (upload.state, upload.faults) == (UploadState.READY, [])

    def test_says_how_far_it_is(self, monkeypatch) -> None:
        told: list[int] = []
        monkeypatch.setattr(taking_in, "AT_ONCE", 300)
        monkeypatch.setattr(taking_in.caching, "put", lambda _k, pct, **_o: told.append(pct))
        wide = file(channel(), *(day(f"202403{n:02}") for n in range(1, 29)))

        looked_at(wide)

        assert told == sorted(told)
        assert told[-1] > 90


class TestApply:
    def test_takes_in_once_however_often_it_is_asked(self) -> None:
        upload = taken_in()

        uploading.apply(upload_id=upload.pk, by=OLGA, now=LATER)

        assert (upload.state, work()) == (UploadState.APPLIED, 0)
        assert IntervalRead.objects.count() == 48
        assert ReadFile.objects.get() == upload.file
        assert not UploadPart.objects.exists()

    def test_is_told_though_a_worker_died_before_it_could_say(self) -> None:
        upload = looked_at()
        uploading.apply(upload_id=upload.pk, by=OLGA, now=LATER)
        number = take_in(NEM).file_id

        work()

        upload.refresh_from_db()
        assert (upload.state, upload.file_id) == (UploadState.APPLIED, number)

    def test_takes_in_nothing_that_was_refused(self) -> None:
        upload = looked_at(WRONG)

        with pytest.raises(uploading.NotOpen):
            uploading.apply(upload_id=upload.pk, by=OLGA, now=LATER)


class TestUndo:
    def test_takes_back_with_a_reason(self) -> None:
        upload = taken_in()

        uploading.undo(upload_id=upload.pk, by=OLGA, reason="wrong month", now=LATER)
        work()

        upload.refresh_from_db()
        assert (upload.state, upload.undo_reason) == (UploadState.UNDONE, "wrong month")
        assert not IntervalRead.objects.exists()

    def test_needs_a_reason(self) -> None:
        upload = taken_in()

        with pytest.raises(uploading.NoReason):
            uploading.undo(upload_id=upload.pk, by=OLGA, reason="  ", now=LATER)

    def test_waits_for_the_file_that_came_after(self) -> None:
        first = taken_in()
        second = file(channel(), day(values=["9"] * 48), made="202403051130")
        taken_in(second, name="second.csv")

        uploading.undo(upload_id=first.pk, by=OLGA, reason="wrong", now=LATER)
        work()

        first.refresh_from_db()
        assert first.state == UploadState.APPLIED
        assert first.problem.startswith("not taken back: second.csv, taken in later")

    def test_of_what_is_not_in_is_refused(self) -> None:
        with pytest.raises(uploading.NotOpen):
            uploading.undo(upload_id=looked_at().pk, by=OLGA, reason="wrong", now=LATER)

    def test_lets_the_file_be_sent_and_taken_in_again(self) -> None:
        upload = taken_in()
        uploading.undo(upload_id=upload.pk, by=OLGA, reason="wrong", now=LATER)
        work()

        assert taken_in().state == UploadState.APPLIED


class TestDiscard:
    def test_forgets_the_bytes(self) -> None:
        upload = looked_at()

        uploading.discard(upload_id=upload.pk)

        assert not UploadPart.objects.exists()
        with pytest.raises(uploading.NotOpen):
            uploading.apply(upload_id=upload.pk, by=OLGA, now=LATER)

    def test_comes_by_itself_when_nobody_decides(self) -> None:
        kept, old = looked_at(), send(WRONG)
        Upload.objects.filter(pk=old.pk).update(
            uploaded_at=NOW - uploading.KEPT, state=UploadState.REFUSED
        )

        uploading.forget(now=NOW + timedelta(seconds=1))

        assert Upload.objects.get(state=UploadState.DISCARDED) == old
        assert Upload.objects.get(state=UploadState.READY) == kept


class TestTurn:
    def test_leaves_a_large_file_to_the_worker(self, monkeypatch) -> None:
        monkeypatch.setattr(taking_in, "AT_ONCE", 10)
        upload = send()

        taking_in.work_small(upload_id=upload.pk, now=LATER)

        assert Upload.objects.get().state == UploadState.CHECKING

    def test_does_a_small_one_at_once(self) -> None:
        upload = send()

        taking_in.work_small(upload_id=upload.pk, now=LATER)

        assert Upload.objects.get().state == UploadState.READY


class TestTrail:
    def test_says_who_did_what(self) -> None:
        upload = taken_in()
        uploading.undo(upload_id=upload.pk, by=OLGA, reason="wrong month", now=LATER)

        found = AuditEntry.objects.filter(subject_type="meters.Upload").order_by("id")

        assert [entry.after.get("state") for entry in found if entry.after][-1] == "undoing"
        assert found.last().after["undo_reason"] == "wrong month"
        assert "report" not in found.last().after


class TestProgress:
    def test_is_not_known_before_it_is_told(self) -> None:
        assert uploads.progress(send()) is None
