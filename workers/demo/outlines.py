"""Outlines of the demo's regions: four districts that share their borders, as on a real map."""

from typing import Final

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]  # (n, 2): east and north, or longitude and latitude

# Where borders meet, on a sheet that is one wide and one high.
MEETINGS: Final = {
    "north-west": (0.12, 0.88),
    "north": (0.44, 0.97),
    "north-east": (0.86, 0.86),
    "east": (0.98, 0.45),
    "south-east": (0.84, 0.09),
    "south": (0.53, 0.04),
    "south-west": (0.13, 0.14),
    "west": (0.02, 0.49),
    "inner west": (0.40, 0.58),
    "inner east": (0.58, 0.45),
}
# Each district runs around its meetings; neighbours name the same pairs.
DISTRICTS: Final = (
    ("west", "north-west", "north", "inner west"),
    ("north", "north-east", "east", "inner east", "inner west"),
    ("east", "south-east", "south", "inner east"),
    ("south", "south-west", "west", "inner west", "inner east"),
)
BENDS = 5  # halvings of a border: 33 points
ROUGHNESS = 0.13  # of a border's length, halved at each bend; more crosses itself at a corner

WEST, SOUTH = 73.30, 18.36  # degrees
WIDTH, HEIGHT = 0.62, 0.38  # degrees: about 65 by 42 km
DECIMALS = 5  # of a degree: a metre


def districts(*, seed: int) -> list[Points]:
    """Return four closed rings of (longitude, latitude) that touch and do not overlap."""
    bent: dict[tuple[str, str], Points] = {}
    for around in DISTRICTS:
        for start, end in _borders(around):
            if (end, start) not in bent:
                draw = np.random.default_rng([seed, len(bent)])
                bent[start, end] = _bend(MEETINGS[start], MEETINGS[end], draw)
    rings = [
        np.concatenate(
            [
                bent[border] if border in bent else bent[border[1], border[0]][::-1]
                for border in _borders(around)
            ]
        )
        for around in DISTRICTS
    ]
    return [_on_the_globe(ring) for ring in rings]


def contains(ring: Points, points: Points) -> npt.NDArray[np.bool_]:
    """Tell for each point whether it lies inside the closed ring (even-odd rule)."""
    x, y = points[:, 0, None], points[:, 1, None]
    start, end = ring[:-1], ring[1:]
    straddles = (start[:, 1] > y) != (end[:, 1] > y)
    rise = np.where(end[:, 1] == start[:, 1], 1.0, end[:, 1] - start[:, 1])
    crossing = start[:, 0] + (y - start[:, 1]) * (end[:, 0] - start[:, 0]) / rise
    inside: npt.NDArray[np.bool_] = (straddles & (x < crossing)).sum(axis=1) % 2 == 1
    return inside


def polygon(ring: Points) -> dict[str, object]:
    """Return the ring as a GeoJSON geometry (RFC 7946)."""
    return {"type": "Polygon", "coordinates": [ring.tolist()]}


def _borders(around: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(zip(around, (*around[1:], around[0]), strict=True))


def _bend(
    start: tuple[float, float], end: tuple[float, float], draw: np.random.Generator
) -> Points:
    """Return a border from `start` to `end`, each half bent aside again and again."""
    line = np.array([start, end])
    reach = ROUGHNESS * float(np.hypot(*(line[1] - line[0])))
    for _ in range(BENDS):
        middles = (line[:-1] + line[1:]) / 2
        along = line[1:] - line[:-1]
        aside = np.stack([-along[:, 1], along[:, 0]], axis=1)
        aside /= np.linalg.norm(aside, axis=1, keepdims=True)
        middles += aside * draw.uniform(-reach, reach, (len(middles), 1))
        longer = np.empty((len(line) + len(middles), 2))
        longer[::2], longer[1::2] = line, middles
        line, reach = longer, reach / 2
    return line


def _on_the_globe(ring: Points) -> Points:
    apart = np.concatenate([[True], np.any(np.diff(ring, axis=0) != 0, axis=1)])
    placed: Points = np.array([WEST, SOUTH]) + ring[apart] * np.array([WIDTH, HEIGHT])
    return placed.round(DECIMALS)
