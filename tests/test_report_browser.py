"""The report in a real browser: what a reader can do with it, and that nothing else happens."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from reports import CSIM, FRAMES, HOSTILE, VARIANTS, fake_run, info

from reenactbench.report import long_csv, write_report
from reenactbench.report.contents import contents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    Open = Callable[..., Page]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIDE = 64
TRUTH = info(())["dataset"] | {"truth": {"cross": "rendered", "self": "given"}, "fps": {"1": 12.5, "7": 12.5}}
TELLING = [{"method": "ours", "variant": CSIM, "what": "worst", "pair_id": "cross/1/2"}]
LIGHT, DARK = "rgb(255, 254, 251)", "rgb(23, 24, 26)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs a browser: chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    run = fake_run(folder / "run", side=SIDE, dataset=TRUTH, telling=TELLING)
    return write_report([run], folder, "html")[0]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a page; at the end of the test fails if it said anything, asked for anything or opened a dialog."""
    contexts, surprises = [], []

    def call(path: Path, width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: surprises.append(message.text))
        page.on("pageerror", lambda error: surprises.append(str(error)))
        page.on("dialog", lambda dialog: surprises.append(dialog.message))
        local = (path.as_uri(), "data:", "blob:", (path.parent / f"{path.stem}_files").as_uri())
        page.on("request", lambda asked: asked.url.startswith(local) or surprises.append(asked.url))
        page.goto(path.as_uri())
        return page

    yield call
    for context in contexts:
        context.close()
    assert surprises == []


def shown(rows: Locator) -> list[str]:
    return [row.get_attribute("data-method") or "" for row in rows.all() if row.is_visible()]


def middles(page: Page) -> list[int]:
    """The grey in the middle of each tile of the first film."""
    levels: list[int] = page.locator(".moving").first.evaluate(
        """figure => [...figure.querySelectorAll('canvas')].map(canvas => {
            const dot = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
            dot.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
            return dot.getImageData(0, 0, 1, 1).data[0];
        })"""
    )
    return levels


def settled(page: Page, place: int) -> list[int]:
    """The tiles once the first film is at that frame."""
    number = re.compile(rf"frame {FRAMES[place]} \({place + 1} of {len(FRAMES)}\)")
    page.locator(".moving").first.locator("span.place").filter(has_text=number).wait_for()
    page.wait_for_function("() => !document.querySelector('.moving video').seeking")
    return middles(page)


def film(page: Page) -> Locator:
    figure = page.locator(".moving").first
    figure.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.moving video').readyState >= 2")
    return figure


def test_columns_sort_the_better_side_first_then_the_other_way_then_as_written(open_page: Open, report: Path) -> None:
    page = open_page(report)
    table = page.locator("table.results", has_text="protocol self: identity seen").last
    head = table.locator("thead th").nth(1)
    rows = table.locator("tbody tr")
    assert shown(rows) == ["ours", "theirs"]
    for direction, order in (("descending", ["theirs", "ours"]), ("ascending", ["ours", "theirs"])):
        head.locator("button").click()
        assert (head.get_attribute("aria-sort"), shown(rows)) == (direction, order)
    head.locator("button").click()
    assert (head.get_attribute("aria-sort"), shown(rows)) == (None, ["ours", "theirs"])


def test_tables_are_filtered_by_protocol_split_and_method(open_page: Open, report: Path) -> None:
    page = open_page(report)
    page.locator(".filters [name=protocol]").select_option("self")
    assert {table.get_attribute("data-protocol") for table in page.locator(".result:visible").all()} == {"self"}
    page.get_by_label("ours", exact=True).uncheck()
    assert "ours" not in shown(page.locator(".result tr[data-method]"))
    assert "theirs" in shown(page.locator(".result tr[data-method]"))


def test_a_metric_explains_itself_on_hover_and_to_the_keyboard(open_page: Open, report: Path) -> None:
    page = open_page(report)
    name = page.locator("a.variant", has_text="csim").first
    name.hover()
    assert page.locator("#tip").inner_text() == f"What {CSIM} is."
    page.mouse.move(0, 0)
    assert not page.locator("#tip").is_visible()
    name.focus()
    assert page.locator("#tip").is_visible()


def test_a_film_is_scrubbed_frame_by_frame_and_everybody_is_at_that_frame(open_page: Open, report: Path) -> None:
    page = open_page(report)
    figure = film(page)
    assert settled(page, 0) == pytest.approx([0] * 5, abs=4)
    figure.get_by_role("slider").fill("4")
    assert settled(page, 4) == pytest.approx([0, 40, 40, 40, 40], abs=4)
    assert figure.locator(".tile").nth(3).inner_text().split("\n")[-2:] == ["CSIM 0.470", "SSIM 0.470"]
    figure.get_by_role("slider").focus()
    page.keyboard.press(".")
    assert settled(page, 5) == pytest.approx([0, 50, 50, 50, 50], abs=4)
    page.keyboard.press(",")
    settled(page, 4)


def test_a_click_into_a_curve_goes_to_that_frame_and_the_line_is_there(open_page: Open, report: Path) -> None:
    page = open_page(report)
    figure = film(page)
    curve = figure.locator(".curve").first
    box = curve.bounding_box()
    assert box is not None
    first, last = (float(curve.get_attribute(f"data-{name}") or "") for name in ("first", "last"))
    at = box["width"] * (first + (last - first) * 3 / 5)
    curve.click(position={"x": at, "y": box["height"] / 2})
    assert settled(page, 3) == pytest.approx([0, 30, 30, 30, 30], abs=4)
    line = curve.locator(".cursor").bounding_box()
    assert line is not None
    assert line["x"] - box["x"] == pytest.approx(at, abs=2)


def test_a_film_plays_in_step_and_pauses(open_page: Open, report: Path) -> None:
    page = open_page(report)
    figure = film(page)
    figure.get_by_label("Speed").select_option("0.25")
    figure.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('.moving video').currentTime > 0.1")
    target, *moving = middles(page)
    assert target == pytest.approx(0, abs=4)
    assert moving == pytest.approx([moving[0]] * 4, abs=4)
    figure.get_by_role("button", name="Pause").click()
    assert figure.evaluate("figure => figure.querySelector('video').paused")


def test_a_picture_is_enlarged_by_click_or_key_and_arrow_keys_move(open_page: Open, report: Path) -> None:
    page = open_page(report)
    first = page.locator("table.pictures").first.locator("img").first
    first.focus()
    page.keyboard.press("ArrowRight")
    focused = page.locator("img:focus")
    assert focused.get_attribute("alt") == "Driver 1, frame 10"
    page.keyboard.press("Enter")
    look = page.locator("#look")
    assert look.is_visible()
    page.keyboard.press("ArrowDown")
    assert look.locator("#look-words").inner_text() == "Driver 1, frame 24"
    box = look.locator("img").bounding_box()
    assert box is not None
    assert box["width"] > 400
    page.keyboard.press("Escape")
    assert not look.is_visible()
    assert page.locator("img:focus").get_attribute("alt") == "Driver 1, frame 24"


def test_error_maps_can_be_put_away(open_page: Open, report: Path) -> None:
    page = open_page(report)
    error = page.locator("img.error").first
    assert error.is_visible()
    page.get_by_label("Error maps").uncheck()
    assert not error.is_visible()


def test_a_table_is_exported_as_the_command_line_would_write_it(open_page: Open, report: Path, tmp_path: Path) -> None:
    page = open_page(report)
    with page.expect_download() as started:
        page.locator(".result").first.get_by_role("button", name="CSV").click()
    started.value.save_as(tmp_path / "table.csv")
    (part,) = contents([fake_run(tmp_path / "run", dataset=TRUTH)])
    assert started.value.suggested_filename == "table-1.csv"
    assert (tmp_path / "table.csv").read_text() == long_csv.table_text(part.all[0])


def test_one_comparison_is_shown_at_a_time(open_page: Open, report: Path) -> None:
    page = open_page(report)
    matrices = page.locator(".matrices .scroll")
    page.locator(".matrices").get_by_label("Pairs").select_option("self: identity seen")
    assert [matrix.get_attribute("data-pairs") for matrix in matrices.all() if matrix.is_visible()] == [
        "self: identity seen"
    ]


def test_colours_follow_the_system_and_the_button(open_page: Open, report: Path) -> None:
    page = open_page(report, color_scheme="dark")
    ground = "() => getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == DARK
    for expected in (LIGHT, DARK, DARK):
        page.get_by_role("button", name="Theme").click()
        assert page.evaluate(ground) == expected


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (360, "dark")], ids=["wide and light", "phone and dark"]
)
def test_axe_finds_nothing_serious_and_the_page_never_scrolls_sideways(
    open_page: Open, report: Path, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(report, width, color_scheme=scheme)
    page.locator("details").first.evaluate("element => { element.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page).response["violations"]
    assert [
        (item["id"], item["nodes"][0]["html"][:120]) for item in found if item["impact"] in ("serious", "critical")
    ] == []


def test_the_page_says_everything_without_its_script(open_page: Open, report: Path) -> None:
    page = open_page(report, java_script_enabled=False)
    assert page.locator(".moving video").first.is_visible()
    assert page.locator("table.pictures img").first.is_visible()
    assert not page.locator(".scripted").first.is_visible()


def test_a_page_with_a_folder_of_assets_plays_from_there(open_page: Open, tmp_path: Path) -> None:
    run = fake_run(tmp_path / "run", side=SIDE, dataset=TRUTH)
    path = write_report([run], tmp_path / "web", "html", assets="folder")[0]
    page = open_page(path)
    film(page).get_by_role("slider").fill("2")
    page.locator(".moving").first.locator("span.place", has_text="frame 17 (3 of 6)").wait_for()
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")


def test_hostile_names_change_nothing(open_page: Open, report: Path, tmp_path: Path) -> None:
    pairs = [item | {"source": HOSTILE} if item["kind"] == "cross" else item for item in info(())["pairs"]]
    run = fake_run(
        tmp_path / "run",
        (HOSTILE, "theirs"),
        side=SIDE,
        name=HOSTILE,
        command=HOSTILE,
        dataset=TRUTH | {"name": HOSTILE, "crop": HOSTILE, "excluded": {HOSTILE: 1}, "missing": [HOSTILE]},
        variants=[entry | {"title": HOSTILE, "definition": HOSTILE, "unit": HOSTILE} for entry in VARIANTS],
        pairs=pairs,
        failures=[{"method": HOSTILE, "pair_id": "self/8", "reason": HOSTILE, "traceback": [HOSTILE]}],
    )
    (path,) = write_report([run], tmp_path, "html", {HOSTILE: lambda runs: ""})
    wild, calm = open_page(path), open_page(report)
    sections = "() => [...document.querySelectorAll('main > section')].length"
    assert wild.evaluate(sections) == calm.evaluate(sections) + 1
    assert wild.evaluate("document.documentElement.scrollWidth") == 1280
    assert wild.evaluate("document.querySelectorAll('[onerror], img[src=x]').length") == 0
    assert film(wild).locator("canvas").count() == 4
    wild.locator(".filters [name=protocol]").select_option("self")
    assert {table.get_attribute("data-protocol") for table in wild.locator(".result:visible").all()} == {"self"}
