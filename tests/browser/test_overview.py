"""The overview in a real browser, on the real processes."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from meters import mapframes
from tests.browser import chromium, scene
from tests.browser.conftest import CARL, OLGA
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser
BUDGET_MS = 25  # of a 5,000 meter redraw on a shared machine without a GPU; alone it takes 5


def figure(page: Page, name: str) -> str:
    """Return the words of a card in the row of figures, one space between two."""
    card = page.locator("article", has=page.get_by_role("heading", name=name))
    return " ".join(card.inner_text().split())


class TestAccess:
    def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_and_back(
        self, visit: Callable[..., Page], stage: Stage
    ) -> None:
        page = visit()

        page.goto(stage.web.address)
        page.get_by_label("E-mail address").fill("OLGA@utility.example")
        page.get_by_label("Password").fill(scene.PASSWORDS[OLGA])
        page.get_by_label("Password").press("Enter")

        expect(page).to_have_title("Overview · SEGS")

    def test_wrong_words_are_answered_where_they_stand(
        self, visit: Callable[..., Page], stage: Stage
    ) -> None:
        page = visit()

        chromium.sign_in(page, stage.web.address, OLGA, "guess")

        expect(page.get_by_role("alert")).to_contain_text("do not belong together")
        expect(page.get_by_label("E-mail address")).to_have_value(OLGA)

    def test_carl_is_told_in_words_that_he_has_no_access(self, visit: Callable[..., Page]) -> None:
        page = visit(CARL)
        page.goto(f"{page.url.removesuffix('home/')}tariffs/")

        expect(page.get_by_role("heading", level=1)).to_have_text("No access")
        expect(page.get_by_role("main")).to_contain_text("carl@home.example (customer)")

    def test_signing_out_ends_at_the_sign_in(self, overview: Page) -> None:
        overview.get_by_role("button", name="Sign out").click()

        expect(overview.get_by_role("heading", level=1)).to_have_text("Sign in")


class TestFigures:
    def test_show_load_capacity_band_and_coverage_of_a_region(self, overview: Page) -> None:
        words = figure(overview, "South")

        assert "kW of 1,500" in words
        assert "of capacity · high" in words
        assert "coverage 98 %" in words
        assert "as of" in words

    def test_count_the_meters_that_report_and_those_that_are_silent(self, overview: Page) -> None:
        words = figure(overview, "Meters reporting")

        assert "397 of 400" in words
        assert "3 silent" in words

    def test_follow_a_minute_that_closes(self, overview: Page, stage: Stage) -> None:
        stage.close_minute(load_kw=1772)

        chromium.until(lambda: "1,772" in figure(overview, "North"), "the new load of North")
        assert "overload" in figure(overview, "North")

    def test_keep_the_last_load_when_the_new_one_is_unknown(
        self, overview: Page, stage: Stage
    ) -> None:
        stage.close_minute(load_kw=1234)
        chromium.until(lambda: "1,234" in figure(overview, "North"), "the known load")

        stage.close_minute(load_kw=None, reporting=40)

        chromium.until(lambda: "unknown now" in figure(overview, "North"), "the unknown load")
        assert "1,234" in figure(overview, "North")
        assert "coverage 40 %" in figure(overview, "North")


class TestMap:
    def test_counts_every_meter_by_state_in_the_legend(self, overview: Page) -> None:
        legend = overview.get_by_role("list", name="Meters by state")

        expect(legend).to_have_text("Normal 395High load 2Alarm 0Silent 3")

    def test_paints_dots(self, overview: Page) -> None:
        painted = overview.evaluate(
            """() => {
              const canvas = document.querySelector(".stage canvas");
              const context = canvas.getContext("2d");
              const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
              return data.filter((value, place) => place % 4 === 3 && value > 0).length;
            }"""
        )

        assert painted > 400  # at least a pixel a meter

    def test_is_walked_by_keyboard(self, overview: Page) -> None:
        stage = overview.get_by_label("Map of every meter")
        stage.focus()

        overview.keyboard.press("n")

        card = overview.locator(".inspector")
        expect(card).to_be_visible()
        assert card.locator("[data-fact=word]").inner_text() in {"High load", "Silent"}
        first = card.locator("[data-fact=serial]").inner_text()
        overview.keyboard.press("ArrowRight")
        expect(card.locator("[data-fact=serial]")).not_to_have_text(first)
        expect(overview.locator("[data-part=inspected]")).to_contain_text("Meter MTR-")
        overview.keyboard.press("Escape")
        expect(card).to_be_hidden()

    def test_shows_the_meter_under_the_pointer(self, overview: Page) -> None:
        box = overview.locator(".stage canvas").bounding_box()
        assert box is not None

        # Somewhere in the middle band there is a meter every few pixels.
        for step in range(60):
            overview.mouse.move(box["x"] + box["width"] * (20 + step) / 100, box["y"] + 120)
            if overview.locator(".inspector").is_visible():
                break

        expect(overview.locator(".inspector [data-fact=serial]")).to_contain_text("MTR-")

    def test_zooms_by_button_and_region(self, overview: Page) -> None:
        outline = overview.locator("svg[data-layer=outlines] g")
        fitted = outline.get_attribute("transform")

        overview.get_by_role("button", name="Zoom in").click()
        expect(outline).not_to_have_attribute("transform", fitted or "")
        overview.get_by_role("button", name="Fit").click()
        expect(outline).to_have_attribute("transform", fitted or "")
        overview.get_by_label("Show on the map").select_option("West")
        expect(outline).not_to_have_attribute("transform", fitted or "")

    def test_redraws_5000_meters_fast_enough(self, overview: Page) -> None:
        spent_ms = overview.evaluate(
            """async () => {
              const { MeterMap } = await import("/static/console/map.js");
              const stage = document.querySelector(".stage");
              const many = Array.from({ length: 5000 }, (_, place) => place);
              const board = {
                meters: 5000,
                states: Uint8Array.from(many, (place) => place % 50 ? 0 : (place / 50) % 4),
                topology: { meters: { region: many.map(() => 0) } },
              };
              const map = new MeterMap(stage, board);
              map.place({ regions: [], meters: {
                longitude: many.map((place) => 4 + (place % 71) / 700),
                latitude: many.map((place) => 50 + (place % 83) / 900),
              } });
              const spent = Array.from({ length: 15 }, () => map.draw()).sort((a, b) => a - b);
              return spent[7];
            }"""
        )

        assert spent_ms < BUDGET_MS

    def test_reads_the_frames_that_the_server_writes(self, overview: Page) -> None:
        before = np.array([0, 1, 2, 3, 0, 0, 3], np.uint8)
        after = np.array([0, 1, 0, 3, 0, 2, 3], np.uint8)
        moment = mapframes.Moment(9, 4, 1_764_000_000_000.0, 1_763_999_998_500.0)
        frames = [mapframes.snapshot(before, moment), mapframes.delta(after, before, moment)]

        whole, change = overview.evaluate(
            """async (frames) => {
              const { decode } = await import("/static/console/frames.js");
              return frames.map((bytes) => {
                const frame = decode(Uint8Array.from(bytes).buffer);
                const [states, changes] = [frame.states ?? [], frame.changes ?? []];
                return { ...frame, states: [...states], changes: [...changes] };
              });
            }""",
            [list(frame) for frame in frames],
        )

        assert whole["states"] == before.tolist()
        assert (whole["seq"], whole["topology"], whole["count"]) == (9, 4, 7)
        assert (whole["reporting"], whole["silent"]) == (5, 2)
        assert (whole["asOf"], whole["newest"]) == (1_764_000_000_000, 1_763_999_998_500)
        assert change["changes"] == [2 * 4 + 0, 5 * 4 + 2]


class TestList:
    def test_says_in_words_what_the_map_shows(self, overview: Page) -> None:
        rows = overview.get_by_role("region", name="Meters by region").get_by_role("button")

        expect(rows).to_have_count(5)
        expect(rows.first).to_contain_text("High load")
        expect(rows.last).to_contain_text("Silent")

    def test_opens_a_meter_on_the_map(self, overview: Page) -> None:
        row = overview.get_by_role("region", name="Meters by region").get_by_role("button").last

        row.click()

        serial = row.locator(".meter-row-serial").inner_text()
        expect(overview.locator(".inspector [data-fact=serial]")).to_have_text(serial)


class TestLines:
    def test_have_their_values_as_a_table(self, overview: Page) -> None:
        overview.get_by_text("The chart as a table").click()

        table = overview.get_by_role("region", name="Load by region, newest minute first")
        expect(table.get_by_role("row")).to_have_count(61)
        expect(table).to_contain_text("%")  # the newest minutes may not be closed yet

    def test_change_their_measure_and_their_time(self, overview: Page) -> None:
        overview.get_by_role("radio", name="kW").check()
        overview.get_by_text("The chart as a table").click()
        expect(overview.locator(".table-scroll")).to_contain_text("kW")
        overview.get_by_role("radio", name="15 min").check()

        expect(overview.locator(".table-scroll tr")).to_have_count(16)


class TestPage:
    def test_shows_the_time_of_the_site_with_its_zone(self, overview: Page) -> None:
        shown = overview.locator("#clock").inner_text()
        hour = datetime.now(ZoneInfo("Europe/Brussels")).hour

        assert int(shown.split(":")[0]) in {hour, (hour + 1) % 24, (hour - 1) % 24}
        assert overview.locator("#clock-zone").inner_text() in {"CET", "CEST", "GMT+1", "GMT+2"}

    def test_complains_of_nothing(self, overview: Page, complaints: list[str]) -> None:
        overview.get_by_role("button", name="Dark theme").click()
        overview.get_by_role("radio", name="kW").check()
        overview.get_by_label("Map of every meter").press("n")
        overview.reload()
        chromium.settled(overview)

        assert complaints == []

    def test_remembers_the_theme(self, overview: Page) -> None:
        overview.get_by_role("button", name="Dark theme").click()
        overview.reload()

        assert overview.evaluate("document.documentElement.dataset.bsTheme") == "dark"

    def test_needs_no_sideways_scrolling_on_a_phone(self, visit: Callable[..., Page]) -> None:
        page = visit(OLGA, size=chromium.PHONE)
        chromium.settled(page)

        page.get_by_text("The chart as a table").click()

        assert chromium.width(page) == 390

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("size", [chromium.DESKTOP, chromium.PHONE], ids=["desktop", "phone"])
    def test_is_accessible(
        self, visit: Callable[..., Page], theme: str, size: tuple[int, int]
    ) -> None:
        page = visit(OLGA, theme=theme, size=size)
        chromium.settled(page)

        assert chromium.violations(page) == ""

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_of_the_sign_in_is_accessible(
        self, visit: Callable[..., Page], stage: Stage, theme: str
    ) -> None:
        page = visit(theme=theme)
        page.goto(f"{stage.web.address}/sign-in/")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("This field is required.")).to_have_count(2)

        assert chromium.violations(page) == ""

    def test_offers_targets_of_24_pixels(self, overview: Page) -> None:
        small = overview.evaluate(
            """() => [...document.querySelectorAll("a, button, select, input, summary")]
              .filter((element) => element.type !== "hidden" && element.checkVisibility())
              .filter((element) => !element.classList.contains("skip-link"))
              .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
              .filter(([, { width, height }]) => width < 24 || height < 24)
              .map(([html]) => html)"""
        )

        assert small == []
