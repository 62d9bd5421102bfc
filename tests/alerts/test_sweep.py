"""The sweep's judgement, pure: simulated meters, lines and nodes, second by second."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest

from alerts.conditions import packing, sweep
from alerts.conditions.findings import Found
from alerts.conditions.fleet import ABSENT, Fleet, Latest, lay_out
from alerts.conditions.kinds import Kind, Matter, On, Subject
from alerts.conditions.limits import DEFAULTS, Limit, Limits, Rule
from alerts.conditions.standing import State

S = 1_000_000
INTERVAL_S = 10
PER_TRANSFORMER, TRANSFORMERS, FEEDERS, REGIONS = 10, 3, 4, 2


def town(*, gateways: int = 0) -> Fleet:
    """Two regions of four feeders with three transformers of ten meters; head-ends in turn."""
    count = PER_TRANSFORMER * TRANSFORMERS * FEEDERS * REGIONS
    place = np.arange(count)
    transformer = place // PER_TRANSFORMER
    feeder = transformer // TRANSFORMERS
    region = feeder // FEEDERS
    in_turn = region * max(gateways, 1) + place % max(gateways, 1) + 1
    return Fleet(
        meter=place + 1,
        shard=place % 4,
        interval_us=np.full(count, INTERVAL_S * S),
        registered_us=np.full(count, S),
        transformer=transformer + 1,
        feeder=feeder + 1,
        region=region + 1,
        gateway=in_turn if gateways else np.zeros(count, np.int64),
        feeds_in=np.zeros(count, np.bool_),
    )


class World:
    """A fleet whose meters report at seconds of their own, and a sweep every two seconds."""

    def __init__(self, fleet: Fleet, *, limits: Limits | None = None) -> None:
        self.fleet, self.layout = fleet, lay_out(fleet)
        self.limits = limits or Limits()
        self.state, self.second = State(), 1000
        self.phase = np.random.default_rng(7).integers(0, INTERVAL_S, len(fleet))
        nothing = np.zeros(len(fleet), np.int64)
        self.latest = Latest(nothing, nothing, nothing, np.full(len(fleet), ABSENT))
        self.said: list[tuple[int, str, Kind, Subject]] = []
        self.found: list[Found] = []
        self.at: list[int] = []

    def run(
        self,
        seconds: int,
        *,
        silent: Collection[int] = (),
        dark: Collection[int] = (),
        lost: Collection[int] = (),
    ) -> None:
        """Let time pass: meters (ids) fall silent or send zeros, head-ends lose everything."""
        mute = np.isin(self.fleet.meter, list(silent)) | np.isin(self.fleet.gateway, list(lost))
        zero = np.isin(self.fleet.meter, list(dark))
        for _ in range(seconds // 2):
            self.second += 2
            turn = (self.second - self.phase) % INTERVAL_S < 2
            self._hear(turn & ~mute, zero)
            self.sweep()

    def _hear(self, speaks: np.ndarray, zero: np.ndarray) -> None:
        at = (self.second - (self.second - self.phase) % INTERVAL_S) * S
        was = self.latest
        self.latest = Latest(
            np.where(speaks, at, was.ts_us),
            np.where(speaks, at, was.seen_us),
            np.where(speaks, np.where(zero, 0, 500_000), was.power_mw),
            np.where(speaks, np.where(zero, 0, 230_000), was.voltage_mv),
            was.alive_us,
        )

    def answer(self, meters: Collection[int]) -> None:
        """Let meters answer a ping now."""
        answers = np.isin(self.fleet.meter, list(meters))
        self.latest = replace(self.latest, alive_us=np.where(answers, self.second * S, 0))

    def sweep(self, clocks: dict[int, int] | None = None) -> Found:
        clocks = clocks or dict.fromkeys(range(4), self.second * S)
        self.state, found = sweep.step(
            self.state, layout=self.layout, latest=self.latest, clocks=clocks, limits=self.limits
        )
        self.said += [
            (self.second, "raised", one.kind, one.subject)
            for one in found.raised
            if one.parent is None
        ]
        self.said += [(self.second, "cleared", one.kind, one.subject) for one in found.cleared]
        self.found.append(found)
        self.at.append(self.second)
        return found

    def causes(self) -> list[tuple[Kind, Subject]]:
        return [(kind, subject) for _, what, kind, subject in self.said if what == "raised"]

    def alone(self) -> set[int]:
        """Return the meters that the desk was told of and no open node explains."""
        under = np.zeros(len(self.fleet), np.bool_)
        for tier, now in zip(self.layout.tiers, self.state.tiers, strict=True):
            under |= tier.spread(now.is_open)
        return {int(one) for one in self.fleet.meter[(self.state.signs.told > 0) & ~under]}

    def below(self, column: str, node: int) -> list[int]:
        return [int(one) for one in self.fleet.meter[getattr(self.fleet, column) == node]]


def on(kind: On, number: int) -> Subject:
    return Subject(kind, number)


@pytest.fixture
def world() -> World:
    world = World(town())
    world.run(60)
    return world


class TestOneOutage:
    @pytest.mark.parametrize(
        ("column", "kind", "where"),
        [
            ("transformer", Kind.TRANSFORMER_OUTAGE, On.TRANSFORMER),
            ("feeder", Kind.FEEDER_OUTAGE, On.FEEDER),
            ("region", Kind.REGION_OUTAGE, On.REGION),
        ],
    )
    @pytest.mark.parametrize("way", ["silent", "dark"])
    def test_is_one_cause_within_45_seconds(
        self, world: World, column: str, kind: Kind, where: On, way: str
    ) -> None:
        world.run(44, **{way: world.below(column, 2)})

        assert world.causes() == [(kind, on(where, 2))]

    def test_of_half_that_report_nothing_and_half_that_are_silent_is_one(
        self, world: World
    ) -> None:
        meters = world.below("region", 1)

        world.run(44, silent=meters[::2], dark=meters[1::2])

        assert world.causes() == [(Kind.REGION_OUTAGE, on(On.REGION, 1))]

    def test_of_three_feeders_of_four_is_three(self, world: World) -> None:
        meters = [m for feeder in (1, 2, 3) for m in world.below("feeder", feeder)]

        world.run(60, silent=meters)

        assert world.causes() == [(Kind.FEEDER_OUTAGE, on(On.FEEDER, n)) for n in (1, 2, 3)]

    def test_names_every_meter_below_as_its_child(self, world: World) -> None:
        world.run(60, silent=world.below("transformer", 2))

        children = [
            one
            for found in world.found
            for one in (*found.raised, *found.refreshed)
            if one.subject.on is On.METER
        ]
        assert {one.subject.id for one in children} == set(world.below("transformer", 2))
        assert {one.parent for one in children} == {on(On.TRANSFORMER, 2)}

    def test_ends_when_its_meters_report(self, world: World) -> None:
        world.run(60, silent=world.below("transformer", 2))
        world.run(40)

        cleared = {matter for found in world.found for matter in found.cleared}
        assert Matter(Kind.TRANSFORMER_OUTAGE, on(On.TRANSFORMER, 2)) in cleared
        assert len(cleared) == 1 + PER_TRANSFORMER

    def test_shows_what_is_still_dark_when_it_ends(self, world: World) -> None:
        world.run(60, silent=world.below("feeder", 2))
        restored = world.second
        world.run(60, silent=world.below("transformer", 4))

        [(at, *_)] = [one for one in world.said if one[1:] == (
            "cleared", Kind.FEEDER_OUTAGE, on(On.FEEDER, 2)
        )]  # fmt: skip
        assert at - restored < 60
        assert world.state.transformers.is_open.tolist() == [n == 4 for n in range(1, 25)]


class TestOneReturn:
    """Supply is back at once; meters start within 20 s, and some said they were dark before."""

    @pytest.fixture
    def starts(self) -> dict[int, int]:
        draw = np.random.default_rng(11)
        count = PER_TRANSFORMER * TRANSFORMERS * FEEDERS * REGIONS
        return {m: int(at) for m, at in enumerate(draw.integers(0, 20, count), 1)}

    def go_out(self, world: World, meters: list[int]) -> None:
        world.run(60, silent=meters[::3], dark=[m for m in meters if m not in meters[::3]])
        world.run(60, silent=meters)

    def come_back(
        self, world: World, starts: dict[int, int], meters: list[int], *, but: Collection[int] = ()
    ) -> set[int]:
        """Return the meters that ever stood by themselves within two minutes."""
        alone: set[int] = set()
        for second in range(0, 120, 2):
            world.run(2, silent=[m for m in meters if starts[m] > second or m in but])
            alone |= world.alone()
        return alone

    @pytest.mark.parametrize("column", ["transformer", "feeder", "region"])
    def test_shows_no_meter_by_itself(
        self, world: World, starts: dict[int, int], column: str
    ) -> None:
        meters = world.below(column, 2)
        self.go_out(world, meters)

        assert self.come_back(world, starts, meters) == set()
        assert len(world.causes()) == 1
        assert not (world.state.signs.told > 0).any()

    def test_shows_the_one_meter_that_stays_dark_once_it_had_its_chance(
        self, world: World, starts: dict[int, int]
    ) -> None:
        meters = world.below("feeder", 2)
        self.go_out(world, meters)

        assert self.come_back(world, starts, meters, but=[meters[4]]) == {meters[4]}
        assert not any(now.is_open.any() for now in world.state.tiers)

    def test_shows_the_transformer_that_stays_dark_within_a_minute_and_nothing_else(
        self, world: World, starts: dict[int, int]
    ) -> None:
        meters = world.below("feeder", 2)
        self.go_out(world, meters)
        restored = world.second

        alone = self.come_back(world, starts, meters, but=world.below("transformer", 4))

        assert alone == set()
        surfaced = [
            at
            for at, found in zip(world.at, world.found, strict=True)
            for one in found.refreshed
            if one.kind is Kind.TRANSFORMER_OUTAGE and one.parent is None
        ]
        assert 20 < surfaced[0] - restored < 60
        assert world.state.transformers.is_open.tolist() == [n == 4 for n in range(1, 25)]

    def test_that_was_none_after_all_is_one_outage(
        self, world: World, starts: dict[int, int]
    ) -> None:
        meters = world.below("feeder", 2)
        self.go_out(world, meters)
        world.run(24)
        self.go_out(world, meters)

        assert self.come_back(world, starts, meters) == set()


class TestABlackout:
    @pytest.mark.parametrize("gateways", [0, 3])
    def test_is_its_regions_and_nothing_else(self, gateways: int) -> None:
        """Three meters of ten go on for a minute, and say that there is no supply."""
        world = World(town(gateways=gateways))
        world.run(60)
        everybody = [int(one) for one in world.fleet.meter]
        gasping = [one for one in everybody if one % 10 in (1, 4, 8)]

        world.run(60, dark=gasping, silent=[one for one in everybody if one not in gasping])
        assert set(world.causes()) == {(Kind.REGION_OUTAGE, on(On.REGION, n)) for n in (1, 2)}
        world.run(540, silent=everybody)

        assert len(world.causes()) == REGIONS

    def test_that_nobody_tells_of_is_one_alarm(self, world: World) -> None:
        world.run(600, silent=[int(one) for one in world.fleet.meter])

        assert world.causes() == [(Kind.NO_INPUT, on(On.SYSTEM, 0))]


class TestOneMeter:
    @pytest.mark.parametrize(("way", "kind"), [("silent", Kind.SILENT), ("dark", Kind.OUTAGE)])
    def test_is_found_within_45_seconds_and_not_before_its_neighbours_spoke(
        self, world: World, way: str, kind: Kind
    ) -> None:
        start = world.second
        world.run(44, **{way: [17]})

        [(at, _, found, subject)] = world.said
        assert (found, subject) == (kind, on(On.METER, 17))
        assert at - start >= 28

    def test_that_misses_two_is_fine(self, world: World) -> None:
        world.run(20, silent=[17])
        world.run(60)

        assert world.said == []

    @pytest.mark.parametrize("way", ["silent", "dark"])
    def test_that_answers_a_ping_is_cleared_and_no_more_out(self, world: World, way: str) -> None:
        world.run(60, **{way: [17]})
        world.answer([17])
        world.run(30, silent=[17])

        assert [what for _, what, _, _ in world.said] == ["raised", "cleared"]
        assert world.state.signs.out_us.max() == 0

    def test_that_answers_is_silent_again_when_the_answer_is_old(self, world: World) -> None:
        world.run(60, silent=[17])
        world.answer([17])
        world.run(880, silent=[17])
        soon = len(world.said)
        world.run(80, silent=[17])

        assert soon == 2
        assert [what for _, what, _, _ in world.said] == ["raised", "cleared", "raised"]

    def test_that_went_out_after_its_answer_is_found(self, world: World) -> None:
        world.run(10)
        world.answer([17])
        world.run(30)
        world.run(44, silent=[17])

        assert world.causes() == [(Kind.SILENT, on(On.METER, 17))]

    def test_says_nothing_where_the_rule_is_off(self) -> None:
        quiet = Limit(DEFAULTS[Kind.SILENT].severity, 3, is_enabled=False)
        world = World(town(), limits=Limits([Rule(Kind.SILENT, 1, quiet)]))
        world.run(60)

        world.run(60, silent=[17])

        assert world.said == []

    def test_that_never_sent_is_silent_once_others_are_heard(self) -> None:
        world = World(town())

        world.run(60, silent=[17])

        assert world.causes() == [(Kind.SILENT, on(On.METER, 17))]


class TestOneGateway:
    @pytest.fixture
    def world(self) -> World:
        world = World(town(gateways=3))
        world.run(60)
        return world

    def test_lost_is_no_outage(self, world: World) -> None:
        world.run(120, lost=[2])

        assert world.causes() == [(Kind.GATEWAY_LOST, on(On.GATEWAY, 2))]

    @pytest.mark.parametrize("burst_s", [10, 20, 40, 80])
    def test_that_loses_in_bursts_makes_nobody_silent(self, world: World, burst_s: int) -> None:
        for _ in range(5):
            world.run(burst_s, lost=[2])
            world.run(14)

        assert [kind for kind, _ in world.causes()] in ([], [Kind.GATEWAY_LOST] * 5)

    def test_hides_no_meter_that_is_silent_when_it_is_back(self, world: World) -> None:
        behind = world.below("gateway", 2)[0]
        world.run(30, lost=[2], silent=[behind])
        world.run(60, silent=[behind])

        assert world.causes() == [(Kind.SILENT, on(On.METER, behind))]

    def test_of_a_whole_region_gone_together_is_an_outage(self, world: World) -> None:
        world.run(44, lost=[1, 2, 3])

        assert world.causes() == [(Kind.REGION_OUTAGE, on(On.REGION, 1))]


class TestClocks:
    def test_that_stand_still_silence_nobody(self, world: World) -> None:
        standing = dict.fromkeys(range(4), world.second * S)
        for _ in range(150):
            world.second += 2
            world.sweep(standing)

        assert world.said == []

    def test_that_jump_after_a_restart_silence_nobody(self, world: World) -> None:
        world.second += 600
        world.sweep()
        world.run(60)

        assert world.said == []

    def test_of_one_shard_that_stands_silences_nobody(self, world: World) -> None:
        stuck = world.second * S
        held = [int(one) for one in world.fleet.meter[world.fleet.shard == 0]]
        for _ in range(60):
            world.second += 2
            turn = (world.second - world.phase) % INTERVAL_S < 2
            world._hear(turn & ~np.isin(world.fleet.meter, held), np.zeros(len(turn), np.bool_))
            world.sweep({0: stuck, **dict.fromkeys(range(1, 4), world.second * S)})

        assert world.said == []

    def test_that_run_while_nothing_comes_are_one_alarm(self, world: World) -> None:
        everybody = [int(one) for one in world.fleet.meter]
        world.run(600, silent=everybody)
        assert world.causes() == [(Kind.NO_INPUT, on(On.SYSTEM, 0))]

        world.run(120)

        assert world.said[-1][1:3] == ("cleared", Kind.NO_INPUT)
        assert len(world.said) == 2


class TestSpans:
    @pytest.mark.parametrize("way", ["silent", "dark"])
    @pytest.mark.parametrize("column", ["transformer", "feeder", "region"])
    def test_are_as_long_as_the_outage(self, world: World, way: str, column: str) -> None:
        lasted = 120
        world.run(lasted, **{way: world.below(column, 1)})
        world.run(60)

        begun = {
            int(meter): int(start)
            for found in world.found
            for meter, start in zip(found.went_out.meter, found.went_out.start_us, strict=True)
        }
        spans = [
            int(end) - begun[int(meter)]
            for found in world.found
            for meter, end in zip(found.came_back.meter, found.came_back.end_us, strict=True)
        ]
        assert len(spans) == len(world.below(column, 1))
        assert np.mean(spans) / S == pytest.approx(lasted, abs=3)


class TestState:
    def test_is_the_same_after_packing(self, world: World) -> None:
        world.run(60, silent=world.below("transformer", 2))

        again = packing.unpack(packing.pack(world.state), State())

        assert packing.pack(again) == packing.pack(world.state)
        assert again.transformers.is_open.any()

    def test_of_another_form_is_forgotten(self) -> None:
        assert packing.unpack(b"", State()).at_us == 0

    def test_follows_the_fleet(self, world: World) -> None:
        fewer = Fleet(*(getattr(world.fleet, name)[:-1] for name in Fleet.__slots__))
        world.fleet, world.layout = fewer, lay_out(fewer)
        world.phase = world.phase[:-1]
        world.latest = Latest(*(getattr(world.latest, name)[:-1] for name in Latest.__slots__))

        world.run(60)

        assert world.said == []
        assert len(world.state.signs.meter) == len(fewer)
