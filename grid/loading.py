"""How loaded a region is and how much of it is known, from exact integers."""


def load_pct(load_mw: int | None, capacity_mw: int | None) -> float | None:
    """Return the load in % of the capacity; None when either is unknown."""
    if load_mw is None or not capacity_mw:
        return None
    return 100 * load_mw / capacity_mw


def coverage_pct(reporting: int | None, expected: int | None) -> float | None:
    """Return meters reporting in % of meters expected; None where none is expected."""
    if reporting is None or not expected:
        return None
    return 100 * reporting / expected
