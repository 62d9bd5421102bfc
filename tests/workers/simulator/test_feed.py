import json
from collections import Counter

from tests.workers.simulator.orders import NOW, orders
from workers.simulator import moments
from workers.simulator.feed import Body, Feed
from workers.simulator.pacing import Schedule

START_MS = moments.milliseconds(NOW)


def feed(**given: object) -> Feed:
    told = orders(**{"meters": 400, "batch_size": 100, "duplicates": 0, "seed": 7} | given)
    schedule = Schedule.aligned(
        interval_ms=told.interval_ms, start_ms=START_MS, started_ms=START_MS, speed=told.speed
    )
    return Feed(told, schedule)


def items(*bodies: Body) -> list[dict[str, object]]:
    return [item for body in bodies for item in json.loads(body.content)]


def rounds(source: Feed, count: int) -> list[list[dict[str, object]]]:
    return [items(*source.round(number)) for number in range(count)]


class TestRound:
    def test_cuts_into_batches_and_counts_them(self):
        bodies = list(feed(meters=250).round(0))

        assert [body.count for body in bodies] == [100, 100, 50]
        assert [len(json.loads(body.content)) for body in bodies] == [100, 100, 50]

    def test_sends_every_meter_once_stamped_with_the_rounds_instant(self):
        first, second = rounds(feed(), 2)

        assert len({item["meterId"] for item in first}) == 400
        assert {item["timestamp"] for item in first} == {"2026-11-25T13:00:00.000Z"}
        assert {item["timestamp"] for item in second} == {"2026-11-25T13:00:10.000Z"}
        assert {item["seq"] for item in second} == {2}

    def test_is_the_same_for_the_same_orders(self):
        assert rounds(feed(duplicates=0.1), 3) == rounds(feed(duplicates=0.1), 3)

    def test_gives_the_same_power_whatever_the_interval(self):
        every_ten, every_minute = rounds(feed(), 7), rounds(feed(interval=60), 2)

        assert [item["powerKw"] for item in every_ten[6]] == [
            item["powerKw"] for item in every_minute[1]
        ]

    def test_gives_energies_that_add_up_whatever_the_interval(self):
        every_ten, every_minute = rounds(feed(), 7), rounds(feed(interval=60), 2)

        summed: Counter[object] = Counter()
        for item in (item for sent in every_ten[1:] for item in sent):
            summed[item["meterId"]] += round(item["energyKwh"] * 1e6)
        assert summed == {
            item["meterId"]: round(item["energyKwh"] * 1e6) for item in every_minute[1]
        }

    def test_repeats_are_identical(self):
        sent = rounds(feed(duplicates=0.2), 1)[0]

        assert 440 < len(sent) < 520
        by_id = {item["readingId"]: item for item in sent}
        assert len(by_id) == 400
        assert all(by_id[item["readingId"]] == item for item in sent)

    def test_of_a_storm_repeats_more_however_few_are_asked_for(self):
        sent = rounds(feed(scenario="duplicate-storm"), 1)[0]

        assert 480 < len(sent) < 560


class TestLateMeters:
    def test_send_everything_exactly_once_in_the_end(self):
        source = feed(scenario="late")

        sent = [item for group in rounds(source, 40) for item in group]
        sent += items(*source.leftovers())

        stamps = Counter((item["meterId"], item["timestamp"]) for item in sent)
        assert len(stamps) == 40 * 400
        assert set(stamps.values()) == {1}

    def test_send_in_bulk_minutes_later(self):
        groups = rounds(feed(scenario="late"), 40)
        punctual = {item["meterId"] for item in groups[0]}

        late = [item for item in groups[30] if item["meterId"] not in punctual]

        assert 340 < len(punctual) < 380
        assert 18 in Counter(item["meterId"] for item in late).values()
        assert min(item["timestamp"] for item in late) <= "2026-11-25T13:02:10.000Z"

    def test_leave_nothing_behind_twice(self):
        source = feed(scenario="late")
        list(source.round(0))

        assert items(*source.leftovers())
        assert not items(*source.leftovers())
