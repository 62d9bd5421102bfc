"""Readings as the bodies of binary COPY statements."""

import numpy as np

from meters.columns import ABSENT, Columns
from segs_site.lib import pgcopy

READINGS = (
    "ts, power_mw, energy_mwh, register_mwh, seq, received_at, meter_id, voltage_mv, reading_id,"
    " extra"
)
LATEST = "ts, power_mw, received_at, meter_id, voltage_mv, register_mwh"


def readings(readings: Columns) -> bytes:
    """Return rows for the columns named in READINGS."""
    return pgcopy.rows(
        [
            pgcopy.timestamps(readings.ts),
            pgcopy.Fixed(readings.power, ">i8"),
            pgcopy.Fixed(readings.energy, ">i8", readings.energy == ABSENT),
            pgcopy.Fixed(readings.register, ">i8", readings.register == ABSENT),
            pgcopy.Fixed(readings.seq, ">i8", readings.seq == ABSENT),
            pgcopy.timestamps(readings.received),
            pgcopy.Fixed(readings.meter, ">i4"),
            pgcopy.Fixed(readings.voltage, ">i4", readings.voltage == ABSENT),
            pgcopy.Raw(readings.reading_id, np.asarray(~readings.reading_id.any(axis=1))),
            pgcopy.Varied(readings.extra),
        ]
    )


def latest(readings: Columns) -> bytes:
    """Return rows for the columns named in LATEST."""
    return pgcopy.rows(
        [
            pgcopy.timestamps(readings.ts),
            pgcopy.Fixed(readings.power, ">i8"),
            pgcopy.timestamps(readings.received),
            pgcopy.Fixed(readings.meter, ">i4"),
            pgcopy.Fixed(readings.voltage, ">i4", readings.voltage == ABSENT),
            pgcopy.Fixed(readings.register, ">i8", readings.register == ABSENT),
        ]
    )
