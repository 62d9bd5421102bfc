"""The page for head-ends' programmers says what the door says."""

import inspect
import re

from django.conf import settings

from meters import telemetry, verdicts
from workers.ingest import app, door

PAGE = (settings.BASE_DIR / "docs" / "telemetry.md").read_text()
LISTED = set(re.findall(r"^\|(?: \d+ \|)? `([a-z_0-9]+)` \|", PAGE, re.MULTILINE))
CODES = {value for value in vars(verdicts).values() if isinstance(value, str)} & {
    getattr(verdicts, name) for name in vars(verdicts) if name.isupper() and name != "MESSAGES"
}
SOURCES = inspect.getsource(app) + inspect.getsource(door)
PROBLEMS = set(re.findall(r'problem\(\s*\d+,\s*"(\w+)"|code: str = "(\w+)"|code="(\w+)"', SOURCES))

FIELDS = set(telemetry.Reading.__struct_encode_fields__)


class TestPage:
    def test_lists_every_code_of_an_item(self):
        assert CODES <= LISTED

    def test_lists_every_problem(self):
        problems = {name for names in PROBLEMS for name in names if name}

        assert len(problems) >= 12
        assert problems <= LISTED

    def test_lists_no_code_that_nobody_gives(self):
        problems = {name for names in PROBLEMS for name in names if name}
        counts = {"accepted", "duplicates", "quarantined", "rejected"}
        words = {"accepted", "partial", "rejected", "validated"}

        assert LISTED - CODES - problems - counts - words <= FIELDS

    def test_names_every_field(self):
        assert all(f"`{field}`" in PAGE for field in FIELDS)
