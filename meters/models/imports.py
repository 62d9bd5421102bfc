"""How CSV files of meters are read, and what reads of files stood before."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from meters.choices import ColumnSign, Direction, Layout
from meters.formats import FORMATS
from meters.formats.profile import ISO, Misdrawn, Profile, Rule
from meters.models.held import Channel, ReadFile
from segs_site.lib import quantities
from segs_site.lib.choices import Quality

LINES = "one a line"
WORDS = {quality.name.lower(): quality for quality in quantities.Quality}


class ImportProfile(models.Model):
    """A CSV layout; `meters.formats.profile` says what each field means."""

    id = models.AutoField(primary_key=True)
    name = models.SlugField(max_length=40, unique=True, help_text="as --format names it")
    label = models.CharField(max_length=100)
    layout = models.CharField(max_length=10, choices=Layout.choices, default=Layout.LONG)
    delimiter = models.CharField(max_length=1, default=",", help_text="a tab may be pasted")
    decimal_mark = models.CharField(max_length=1, default=".")
    grouping = models.CharField(max_length=1, blank=True, help_text="mark between thousands")
    encoding = models.CharField(
        max_length=20,
        default="utf-8",
        choices=[("utf-8", "UTF-8"), ("cp1252", "Windows-1252"), ("iso-8859-15", "Latin 9")],
    )
    skip_rows = models.PositiveSmallIntegerField(default=0, help_text="before the headings")
    has_headings = models.BooleanField(default=True, help_text="else columns are numbers, from 1")
    start_columns = models.TextField(blank=True, help_text=f"of the start of an interval, {LINES}")
    end_columns = models.TextField(blank=True, help_text=f"of its end, {LINES}")
    time_format = models.CharField(
        max_length=60, default=ISO, help_text="iso, epoch, epoch-ms, or a pattern: %d/%m/%Y %H:%M"
    )
    zone = models.CharField(
        max_length=60,
        default="UTC",
        help_text="civil time: Europe/Brussels; an offset for good: UTC+10:00",
    )
    length_column = models.CharField(max_length=100, blank=True, help_text="minutes")
    length_min = models.PositiveSmallIntegerField(null=True, blank=True)
    point = models.CharField(max_length=64, blank=True, help_text="where no column names it")
    point_column = models.CharField(max_length=100, blank=True)
    register_column = models.CharField(max_length=100, blank=True)
    serial_column = models.CharField(max_length=100, blank=True)
    unit_column = models.CharField(max_length=100, blank=True)
    quality_column = models.CharField(max_length=100, blank=True)
    last_column = models.CharField(
        max_length=100, blank=True, help_text="of the values of a wide row; empty: all that follow"
    )
    qualities = models.TextField(
        blank=True,
        help_text=f"Read = actual, {LINES}; what is not here is suspect",
    )
    missing = models.TextField(blank=True, help_text=f"what stands for no value, {LINES}")
    ignored = models.TextField(
        blank=True, help_text=f"beginnings of rows that hold no reads, {LINES}"
    )
    decimals = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="round values to so many; empty: keep them exact"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(length_min__isnull=True) | Q(length_min__gt=0),
                name="import_profile_length_is_none_or_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a name that is taken, and what no file can be read by whatever the channels."""
        if self.name in FORMATS:
            message = f"{self.name} is the name of another format"
            raise ValidationError(message)
        self.check_with([Rule(column="1", direction="import", suffix="1")])

    def check_with(self, rules: Iterable[Rule]) -> None:
        """Raise ValidationError unless files can be read by the profile with these channels."""
        try:
            self.declared(rules).check()
        except (Misdrawn, ValueError) as misdrawn:
            raise ValidationError(str(misdrawn)) from None

    def declared(self, rules: Iterable[Rule]) -> Profile:
        """Return the profile as calculation reads it; raises Misdrawn at an unknown quality."""
        same = {
            name: getattr(self, name)
            for name in (
                "name", "layout", "delimiter", "decimal_mark", "grouping", "encoding", "skip_rows",
                "has_headings", "time_format", "zone", "length_column", "length_min", "point",
                "point_column", "register_column", "serial_column", "unit_column",
                "quality_column", "last_column", "decimals",
            )
        }  # fmt: skip
        return Profile(
            rules=tuple(rules),
            start_columns=_lines(self.start_columns),
            end_columns=_lines(self.end_columns),
            missing=frozenset({"", *_lines(self.missing)}),
            ignored=_lines(self.ignored),
            qualities=dict(map(_quality, _lines(self.qualities))),
            **same,
        )


class ImportChannel(models.Model):
    """Which values of a file are a channel, see `meters.formats.profile.Rule`."""

    id = models.AutoField(primary_key=True)
    profile = models.ForeignKey(ImportProfile, on_delete=models.CASCADE, related_name="channels")
    column = models.CharField(max_length=100, help_text="of the values; of a wide row the first")
    direction = models.CharField(max_length=10, choices=Direction.choices)
    register = models.CharField(
        max_length=100, blank=True, help_text="what the register reads; * and ? stand for others"
    )
    suffix = models.CharField(
        max_length=64, blank=True, help_text="name of the channel; empty: the register's"
    )
    unit = models.CharField(max_length=10, default="kWh", help_text="where no column names it")
    sign = models.CharField(
        max_length=10, choices=ColumnSign.choices, default=ColumnSign.AS_WRITTEN
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "column", "register", "sign"], name="import_channel_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile_id} {self.suffix or self.register or self.column}"

    def rule(self) -> Rule:
        """Return the rule as calculation reads it."""
        direction = Direction(self.direction).value
        return Rule(
            column=self.column,
            direction="export" if direction == "export" else "import",
            register=self.register,
            suffix=self.suffix,
            unit=self.unit,
            sign=self.sign,
        )


class ReplacedRead(models.Model):
    """A read as it stood before a file replaced it: append-only until that file is undone."""

    replaced_by = models.ForeignKey(
        ReadFile, on_delete=models.PROTECT, related_name="replaced", db_index=False
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, db_index=False)
    start = models.DateTimeField()
    end = models.DateTimeField()
    value = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    quality = models.SmallIntegerField(choices=Quality.choices)
    flag = models.CharField(max_length=30)
    reason = models.CharField(max_length=250, blank=True)
    file = models.ForeignKey(ReadFile, on_delete=models.PROTECT, related_name="outdone")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["replaced_by", "channel", "start"], name="replaced_read_once"
            ),
        ]
        indexes = [models.Index(fields=["channel", "start"], name="replaced_read_history")]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.start}"


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _quality(line: str) -> tuple[str, quantities.Quality]:
    written, _equals, word = line.rpartition("=")
    quality = WORDS.get(word.strip().lower())
    if quality is None or not written.strip():
        message = f"{line!r}: a text, = and one of {', '.join(WORDS)} are meant"
        raise Misdrawn(message)
    return written.strip().lower(), quality
