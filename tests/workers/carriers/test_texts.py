import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.conf import LazySettings

from alerts.notifications.carriers import Broken, Busy, Parcel
from tests.workers.carriers.target import Target, serving
from workers.carriers import texts

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
PARCEL = Parcel("t-1", "+3225551234", subject="critical: North is dark", text="more")


@pytest.fixture
def target(settings: LazySettings) -> Iterator[Target]:
    with serving() as made:
        settings.SEGS_SMS_URL = made.url("/send?route=1")
        yield made


def send() -> None:
    with texts.carrying() as gateway:
        gateway.carry(PARCEL, now=NOW)


class TestAnHttpGateway:
    def test_is_told_number_sender_and_text_as_json(
        self, target: Target, settings: LazySettings
    ) -> None:
        settings.SEGS_SMS_TOKEN = "gateway-token"

        send()

        [got] = target.requests
        assert json.loads(got.body) == {
            "to": "+3225551234", "from": "SEGS", "text": "critical: North is dark",
        }  # fmt: skip
        assert got.path == "/send?route=1"
        assert got.headers["authorization"] == "Bearer gateway-token"

    def test_is_told_in_its_own_words_as_a_form(
        self, target: Target, settings: LazySettings
    ) -> None:
        settings.SEGS_SMS_URL = f"http://AC1:p%40ss@127.0.0.1:{target.port}/Messages.json"
        settings.SEGS_SMS_FORMAT = "form"
        settings.SEGS_SMS_FIELDS = {"to": "To", "text": "Body"}

        send()

        [got] = target.requests
        assert parse_qs(got.body.decode()) == {
            "To": ["+3225551234"], "Body": ["critical: North is dark"],
        }  # fmt: skip
        assert got.headers["authorization"] == "Basic QUMxOnBAc3M="

    @pytest.mark.parametrize(("status", "expected"), [(400, Broken), (401, Busy), (503, Busy)])
    def test_is_asked_again_unless_the_number_is_at_fault(
        self, target: Target, status: int, expected: type[Exception]
    ) -> None:
        target.behaviour = status

        with pytest.raises(expected):
            send()


class TestForTrying:
    def test_a_file_a_message(self, settings: LazySettings, tmp_path: Path) -> None:
        settings.SEGS_SMS_URL = f"file://{tmp_path}/texts"

        send()

        [written] = (tmp_path / "texts").iterdir()
        assert written.read_text() == "To: +3225551234\n\ncritical: North is dark\n"

    def test_the_console(self, settings: LazySettings, capsys: pytest.CaptureFixture[str]) -> None:
        settings.SEGS_SMS_URL = "console:"

        send()

        assert "+3225551234: critical: North is dark" in capsys.readouterr().out
