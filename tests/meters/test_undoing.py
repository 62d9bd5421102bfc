from datetime import timedelta
from decimal import Decimal

import pytest

from meters.models import Channel, IntervalRead, ReadFile, ReplacedRead
from meters.services import files, undoing
from tests.meters.deliveries import NOW, take_in
from tests.meters.formats.building import HALF_HOURS, channel, day, file

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)


def deliver(*records: str, made: str = "202403041130", **options) -> int:
    imported = take_in(file(channel(), *records, made=made), **options)
    assert imported.file_id is not None
    return imported.file_id


def stored() -> list[tuple]:
    return list(
        IntervalRead.objects.order_by("start").values_list(
            "start", "end", "value", "quality", "flag", "reason", "file_id"
        )
    )


class TestUndo:
    def test_takes_every_read_back_and_forgets_the_channel(self):
        number = deliver(day())

        undone = undoing.undo(file_id=number, now=LATER)

        assert undone == undoing.Undone(removed=48, restored=0)
        assert not IntervalRead.objects.exists()
        assert not Channel.objects.exists()
        assert ReadFile.objects.get().undone_at == LATER

    def test_leaves_what_stood_before_as_it_stood(self):
        deliver(day(), day("20240302"))
        before = stored()
        number = deliver(
            day("20240302", ["9"] * 48, flag="S14"), day("20240303"), made="202403051130"
        )
        assert stored() != before

        undone = undoing.undo(file_id=number, now=LATER)

        assert undone == undoing.Undone(removed=96, restored=48)
        assert stored() == before
        assert not ReplacedRead.objects.exists()

    def test_restores_reads_of_another_length(self):
        deliver(day())
        before = stored()
        content = file(channel(minutes=15), day(values=["0.25"] * 96), made="202403051130")
        number = take_in(content).file_id

        undone = undoing.undo(file_id=number, now=LATER)

        assert undone == undoing.Undone(removed=96, restored=48)
        assert stored() == before

    def test_restores_whose_reads_they_were_when_they_were_only_confirmed(self):
        first = deliver(day())
        second = deliver(day(), made="202403051130")
        assert set(IntervalRead.objects.values_list("file", flat=True)) == {second}

        undoing.undo(file_id=second, now=LATER)

        assert set(IntervalRead.objects.values_list("file", flat=True)) == {first}

    def test_lets_the_file_be_taken_in_again(self):
        content = file(channel(), day())
        undoing.undo(file_id=take_in(content).file_id, now=LATER)

        again = take_in(content)

        assert again.outcome.added == 48
        with pytest.raises(files.AlreadyImported):
            take_in(content)

    def test_happens_once(self):
        number = deliver(day())
        undoing.undo(file_id=number, now=LATER)

        with pytest.raises(undoing.AlreadyUndone):
            undoing.undo(file_id=number, now=LATER)

    def test_waits_for_the_file_that_came_after_to_be_undone(self):
        first = deliver(day())
        second = deliver(day(values=["9"] * 48), made="202403051130", name="second.csv")
        before = stored()

        with pytest.raises(undoing.Superseded, match=r"second\.csv, taken in later") as refusal:
            undoing.undo(file_id=first, now=LATER)

        assert refusal.value.later.pk == second
        assert stored() == before
        assert not ReadFile.objects.filter(undone_at__isnull=False).exists()
        undoing.undo(file_id=second, now=LATER)
        undoing.undo(file_id=first, now=LATER)
        assert stored() == []

    def test_of_files_one_after_the_other_goes_back_step_by_step(self):
        states, numbers = [stored()], []
        for turn in range(3):
            values = [str(turn)] * 48
            days = (day(f"2024030{1 + turn + step}", values) for step in range(2))
            numbers.append(deliver(*days, made=f"2024030{5 + turn}1130"))
            states.append(stored())

        for number in reversed(numbers):
            assert stored() == states.pop()
            undoing.undo(file_id=number, now=LATER)

        assert stored() == states.pop()


class TestReplacedRead:
    def test_keeps_what_a_revision_replaced_readable(self):
        first = deliver(day())
        second = deliver(day(values=["9", *HALF_HOURS[1:]]), made="202403051130")

        old = ReplacedRead.objects.order_by("start").first()

        assert (old.value, old.file_id, old.replaced_by_id) == (Decimal("0.5"), first, second)
