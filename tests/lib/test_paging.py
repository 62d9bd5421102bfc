"""Pages that start behind a key: none shown twice, none left out, whatever comes meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from grid.models import Region
from segs_site.lib import paging
from segs_site.lib.models import KeptAnswer
from segs_site.lib.paging import Order

pytestmark = pytest.mark.django_db

BY_CODE = Order(("code",))
NEWEST_FIRST = Order(("created_at", "id"), descending=True)
MORNING = datetime(2024, 2, 29, 6, tzinfo=UTC)


def regions(*codes: str) -> None:
    Region.objects.bulk_create(Region(code=code, name=code) for code in codes)


def codes_of(page: paging.Page) -> list[str]:
    return [row.code for row in page.rows]


def answers(count: int, *, every: timedelta = timedelta()) -> None:
    KeptAnswer.objects.bulk_create(
        KeptAnswer(
            owner="1", key=f"{MORNING}-{number}", sha256="", created_at=MORNING + number * every
        )
        for number in range(count)
    )


class TestCut:
    def test_goes_through_a_list_to_its_end(self) -> None:
        regions("a", "b", "c", "d", "e")
        shown, cursor = [], None

        while page := paging.cut(Region.objects.all(), order=BY_CODE, cursor=cursor, limit=2):
            shown.append(codes_of(page))
            cursor = page.next_cursor
            if cursor is None:
                break

        assert shown == [["a", "b"], ["c", "d"], ["e"]]

    def test_has_no_next_page_when_the_last_one_is_full(self) -> None:
        regions("a", "b")

        page = paging.cut(Region.objects.all(), order=BY_CODE, cursor=None, limit=2)

        assert (codes_of(page), page.next_cursor) == (["a", "b"], None)

    def test_is_not_moved_by_rows_that_come_and_go_before_it(self) -> None:
        regions("b", "d", "f", "h")
        first = paging.cut(Region.objects.all(), order=BY_CODE, cursor=None, limit=2)
        Region.objects.filter(code="d").delete()  # the very row the cursor was made of
        regions("a", "c", "e")

        second = paging.cut(Region.objects.all(), order=BY_CODE, cursor=first.next_cursor, limit=2)

        assert codes_of(second) == ["e", "f"]

    @pytest.mark.parametrize("every", [timedelta(), timedelta(seconds=1)], ids=["tied", "apart"])
    @pytest.mark.parametrize("as_values", [False, True])
    def test_breaks_ties_by_the_second_key(self, every: timedelta, as_values: bool) -> None:
        answers(7, every=every)
        rows = KeptAnswer.objects.all()
        shown, cursor = [], None

        for _ in range(3):
            asked = rows.values("created_at", "id") if as_values else rows
            page = paging.cut(asked, order=NEWEST_FIRST, cursor=cursor, limit=3)
            shown += [row["id"] if as_values else row.pk for row in page.rows]
            cursor = page.next_cursor

        assert cursor is None
        assert shown == sorted(shown, reverse=True)
        assert len(shown) == 7

    @pytest.mark.parametrize(
        "cursor",
        [
            "nonsense",
            "ü",
            paging.seal(["other", "a"]),
            paging.seal(["code"]),
            paging.seal(["code", "a", "b"]),
            paging.seal([7, 7]),
            "bnVsbA",  # null
            "WyJjb2RlIiwgW11d",  # ["code", []]
            "WyJjb2RlIiwgIlx1ZDgwMCJd",  # half a surrogate pair
            "WyJjb2RlIiwgIlx1MDAwMCJd",  # NUL
        ],
    )
    def test_refuses_a_cursor_that_is_none_of_its_own(self, cursor: str) -> None:
        with pytest.raises(ValidationError):
            paging.cut(Region.objects.all(), order=BY_CODE, cursor=cursor, limit=2)

    @pytest.mark.parametrize(
        "values",
        [["x", 1], [MORNING, "x"], [1, 1], [MORNING, 2**70], [float("nan"), 1], [MORNING, 1.5]],
    )
    def test_refuses_values_of_another_kind_or_finds_nothing_odd(self, values: list) -> None:
        answers(3)
        cursor = paging.seal([NEWEST_FIRST.name, *values])

        try:
            page = paging.cut(KeptAnswer.objects.all(), order=NEWEST_FIRST, cursor=cursor, limit=2)
        except ValidationError:
            return

        assert len(page.rows) <= 2


class TestDocument:
    def test_names_the_next_page_with_the_same_question(self) -> None:
        request = Request(APIRequestFactory().get("/api/things/", {"state": "a b", "cursor": "x"}))

        document = paging.Page([1], "next").document(request, [1])

        assert document["next"] == "http://testserver/api/things/?state=a+b&cursor=next"
        assert document["results"] == [1]

    def test_says_that_there_is_none(self) -> None:
        request = Request(APIRequestFactory().get("/api/things/"))

        assert paging.Page([], None).document(request, [])["next"] is None
