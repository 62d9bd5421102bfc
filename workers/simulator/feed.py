"""The bodies that leave at each round, in order: model, scenario, hold-backs, repeats, batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from workers.simulator import readings as columns
from workers.simulator import scenarios
from workers.simulator.fleet import Fleet
from workers.simulator.households import Households
from workers.simulator.messages import Writer
from workers.simulator.options import Options
from workers.simulator.pacing import Schedule
from workers.simulator.readings import Readings


@dataclass(frozen=True, slots=True)
class Body:
    """One request's worth of readings, encoded."""

    content: bytes
    count: int


class Feed:
    """Rounds of bodies; keeps only the readings that late meters hold back."""

    def __init__(self, options: Options, schedule: Schedule) -> None:
        self._options = options
        self._schedule = schedule
        self._scenario = scenarios.SCENARIOS[options.scenario]
        fleet = Fleet(options.meters, options.regions)
        seed = options.seed
        self._households = Households(
            fleet, seed=seed, zone=options.zone, factor=self._scenario.demand(fleet, seed)
        )
        self._held_meters = scenarios.held_meters(self._scenario, fleet, seed)
        self._waiting: list[Readings] = []
        self._writer = Writer(self._households, mode=options.scenario, seed=seed)

    def round(self, number: int) -> Iterator[Body]:
        """Yield the bodies of round `number`; call it once for each number, in order."""
        stamp_ms = self._schedule.stamp_ms(number)
        measured = columns.measured(
            self._households,
            start_ms=self._schedule.stamp_ms(number - 1),
            end_ms=stamp_ms,
            seq=number + 1,
        )
        elapsed_s = (stamp_ms - self._schedule.first_ms) / 1000
        changed = self._scenario.change(
            measured, self._households.fleet, self._options.seed, elapsed_s
        )
        return self._batches(self._repeated(self._without_held(changed, stamp_ms), number))

    def leftovers(self) -> Iterator[Body]:
        """Yield what late meters still hold back, once."""
        waiting, self._waiting = self._waiting, []
        return self._batches(columns.joined(waiting)) if waiting else iter(())

    def _without_held(self, readings: Readings, stamp_ms: int) -> Readings:
        if not self._scenario.held:
            return readings
        held = self._held_meters[readings.meter]
        waiting = columns.joined([*self._waiting, readings.take(held)])
        seed = self._options.seed
        ripe = scenarios.bulk_number(waiting.meter, waiting.at_ms, seed) < scenarios.bulk_number(
            waiting.meter, stamp_ms, seed
        )
        self._waiting = [waiting.take(~ripe)]
        return columns.joined([readings.take(~held), waiting.take(ripe)])

    def _repeated(self, readings: Readings, number: int) -> Readings:
        order = scenarios.sending_order(
            len(readings),
            share=max(self._options.duplicates, self._scenario.duplicates),
            shuffled=self._scenario.shuffled,
            seed=self._options.seed,
            moment=number,
        )
        return readings.take(order)

    def _batches(self, readings: Readings) -> Iterator[Body]:
        size = self._options.batch_size
        for start in range(0, len(readings), size):
            batch = readings.take(np.arange(start, min(start + size, len(readings))))
            yield Body(self._writer.body(batch), len(batch))
