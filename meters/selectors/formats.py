"""The formats that meter files are known in: those in code, and the CSV layouts that are rows."""

from collections.abc import Iterable, Mapping

from meters.formats import FORMATS, of_profile
from meters.formats.base import Format
from meters.formats.profile import Misdrawn
from meters.models import ImportProfile


def formats() -> dict[str, Format]:
    """Return every format by its name; a row never hides one of the code.

    A row that no file can be read by is left out; the admin refuses to save one.
    """
    return dict(filter(None, map(_declared, _profiles()))) | FORMATS


def _profiles() -> Iterable[ImportProfile]:
    return ImportProfile.objects.prefetch_related("channels")


def _declared(row: ImportProfile) -> tuple[str, Format] | None:
    try:
        profile = row.declared(channel.rule() for channel in row.channels.all())
        profile.check()
    except Misdrawn:
        return None
    return row.name, of_profile(profile, row.label)


def detect(head: bytes, known: Mapping[str, Format]) -> Format | None:
    """Return the only format that a file's beginning fits, None when none or several do."""
    fitting = [one for one in known.values() if one.fits(head)]
    return fitting[0] if len(fitting) == 1 else None
