"""Writes into the journal of an alert what the pings that were asked for it have shown."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from alerts.choices import State, Step
from alerts.conditions import packing, wording
from alerts.conditions.fleet import Ints
from alerts.models import Alert, WatchState
from alerts.selectors import answers
from alerts.services import stepping
from meters.models import GatewayRequest

NAME = "answers"


@dataclass(frozen=True, slots=True)
class Heeded:
    """The pings of late that the journal knows of."""

    ids: Ints = field(default_factory=lambda: np.zeros(0, np.int64))


def heed(*, now: datetime) -> int:
    """Note what pings have shown since the last look; return how many alerts were noted on.

    The caller sweeps, which one does at a time, in a transaction.
    """
    done = answers.done(now=now)
    if not done:
        return 0
    row, _ = WatchState.objects.get_or_create(name=NAME, defaults={"changed_at": now})
    known = set(packing.unpack(bytes(row.columns), Heeded()).ids.tolist())
    fresh = [ping for ping in done if ping.pk not in known]
    if not fresh:
        return 0
    row.columns = packing.pack(Heeded(np.array([ping.pk for ping in done], np.int64)))
    row.changed_at = now
    row.save()
    asked_for = answers.asked_for(fresh)
    by_alert: dict[int, list[GatewayRequest]] = defaultdict(list)
    for ping in fresh:
        if ping.pk in asked_for:
            by_alert[asked_for[ping.pk]].append(ping)
    _note(by_alert, now)
    return len(by_alert)


def _note(by_alert: dict[int, list[GatewayRequest]], now: datetime) -> None:
    if not by_alert:
        return
    stepping.hold_desk()
    over = set(
        Alert.objects.filter(pk__in=by_alert, state=State.RESOLVED).values_list("pk", flat=True)
    )
    for pk, pings in sorted(by_alert.items()):
        answered = [ping.meter.serial for ping in pings if ping.succeeded]
        others = [ping.meter.serial for ping in pings if not ping.succeeded]
        # Of what is resolved nobody is told anything any more.
        write = stepping.journal if pk in over else stepping.write
        write(
            alerts={pk: {"answered": answered, "not_answered": others}},
            step=Step.NOTED,
            now=now,
            note=wording.pinged(answered=answered, not_answered=others)[:500],
        )
