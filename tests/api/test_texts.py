"""Texts that no column can hold are refused at the door, wherever a region can be named."""

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.builders import signed_in
from tests.worlds import SmallGrid

NUL, HALF_A_PAIR = "N\0", "N\ud800"
ORDER = {
    "start": "2026-11-25T18:00:00Z",
    "end": "2026-11-25T19:00:00Z",
    "multiplier": "1.5",
    "reason": "test",
}


@pytest.fixture
def client(olga: User, small_grid: SmallGrid) -> Client:
    return signed_in(olga)


class TestARegion:
    @pytest.mark.parametrize("path", ["current", "history", "estimate", "forecast"])
    def test_with_a_nul_in_a_query_is_a_wrong_field(self, client: Client, path: str) -> None:
        answer = client.get(f"/api/tariffs/{path}", {"region": NUL, "kwh": "1"})

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["region"])

    @pytest.mark.parametrize(
        "path", ["/api/tariffs/regions/N%00", "/api/admin/regions/N%00/capacities"]
    )
    def test_with_a_nul_in_a_path_is_nowhere(self, client: Client, path: str) -> None:
        answer = client.get(path)

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize("region", [NUL, HALF_A_PAIR], ids=["nul", "half a pair"])
    def test_that_is_no_text_in_a_body_is_a_wrong_field(self, client: Client, region: str) -> None:
        answer = client.post(
            "/api/admin/tariffs/override", ORDER | {"region": region}, "application/json"
        )

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["region"])
