"""The page Imports as the server sends it, without a browser."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from meters.models import IntervalRead, Upload
from meters.services import taking_in
from tests.meters.formats.building import channel, day, file
from tests.meters.test_import_command import fluvius
from tests.meters.test_pages import page
from tests.meters.test_uploads import WRONG

pytestmark = pytest.mark.django_db

IMPORTS = "/meters/imports/"
NEM = file(channel(), day())


@pytest.fixture
def desk(client: Client, olga: User) -> Client:
    client.force_login(olga)
    return client


def send(desk: Client, content: bytes = NEM, name: str = "nem.csv") -> str:
    """Send a file; return the address of its page."""
    answer = desk.post(IMPORTS, {"file": SimpleUploadedFile(name, content), "format": ""})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def decide(desk: Client, address: str, decision: str, **more: str) -> str:
    return page(desk.post(address, {"decision": decision} | more, follow=True))


class TestImports:
    def test_lists_what_was_sent_with_a_way_to_send_more(self, desk: Client) -> None:
        assert "No file was sent yet." in page(desk.get(IMPORTS))

        send(desk, name="</script>.csv")

        said = page(desk.get(IMPORTS))
        assert "&lt;/script&gt;.csv" not in said  # a slash ends a folder
        assert "script&gt;.csv" in said
        assert "can be taken in" in said
        assert "olga@utility.example" in said

    @pytest.mark.parametrize(
        ("content", "words"),
        [(b"", "the file is empty"), (b"PK\x03\x04" + b"0" * 9, "the file is packed (zip)")],
        ids=["empty", "packed"],
    )
    def test_says_beside_the_field_what_is_wrong(
        self, desk: Client, content: bytes, words: str
    ) -> None:
        answer = desk.post(IMPORTS, {"file": SimpleUploadedFile("x.csv", content), "format": ""})

        assert words in page(answer, 400)
        assert not Upload.objects.exists()

    def test_costs_as_much_for_many_files(
        self, desk: Client, django_assert_max_num_queries
    ) -> None:
        for turn in range(4):
            send(desk, file(channel(), day(f"2024030{turn + 1}")))

        with django_assert_max_num_queries(12):
            page(desk.get(IMPORTS))


class TestAFile:
    def test_is_shown_day_by_day_taken_in_and_taken_back(self, desk: Client) -> None:
        address = send(desk, fluvius(), "verbruik.csv")

        said = page(desk.get(address))
        assert "100 of 100, 25-hour day" in said
        assert "12.500 kWh" in said
        assert "repeated-hour" in said
        assert "The file is taken in." in decide(desk, address, "apply")
        assert IntervalRead.objects.count() == 100
        assert "say why" in decide(desk, address, "undo", reason=" ")
        said = decide(desk, address, "undo", reason="wrong month")
        assert "reads are as they were before it" in said
        assert "wrong month" in said
        assert not IntervalRead.objects.exists()

    def test_that_is_wrong_names_its_lines(self, desk: Client) -> None:
        said = page(desk.get(send(desk, WRONG)))

        assert '<th scope="row" class="is-figure">3</th><td>-1 is negative' in said
        assert "Take it in" not in said

    def test_may_be_looked_at_in_another_format_and_discarded(self, desk: Client) -> None:
        address = send(desk, b"HOME,import,2024-03-01,1\n")

        assert "its format is not plain" in page(desk.get(address))
        assert "has 1 values" in decide(desk, address, "choose", format="quarters-wide")
        assert "its bytes are gone" in decide(desk, address, "discard")
        assert "the file is past that" in decide(desk, address, "apply")
        assert "No format" in decide(desk, address, "choose", format="excel")
        assert "Nothing was decided." in decide(desk, address, "odd")

    def test_that_a_worker_is_at_is_asked_for_again(
        self, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(taking_in, "AT_ONCE", 10)
        address = send(desk)

        said: Any = desk.get(address, headers={"X-Fragment": "1"})

        assert "data-busy" in page(said)
        assert "waiting for a worker" in page(said)

    def test_is_not_there(self, desk: Client) -> None:
        assert desk.get(f"{IMPORTS}999/").status_code == 404
