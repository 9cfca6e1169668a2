"""The HTML file: one file, nothing fetched, nothing hostile runs, rows chosen without script."""

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from audit.reports import page
from audit.reports.blocks import Tone, cell
from audit.reports.chapters import document
from tests.audit.reports.made import hostile, report


def test_one_file_that_fetches_nothing() -> None:
    text = page.render(report()).decode()
    assert not re.search(r'(?:src|href)\s*=\s*"(?!#)', text)
    assert "@import" not in text
    assert "url(" not in text
    assert "default-src 'none'" in text


def test_every_item_stands_in_the_filterable_table() -> None:
    tree = LexborHTMLParser(page.render(report()).decode())
    assert len(tree.css(".chosen tbody tr")) == 211
    assert len(tree.css(".choose input[type=checkbox]")) == 5
    assert len(tree.css("figure svg")) == 3
    assert tree.css_first("html").attributes["lang"] == "zh-CN"
    ids = {one.attributes["id"] for one in tree.css("h2[id]")}
    assert {one.attributes["href"][1:] for one in tree.css("nav a")} == ids


def test_hostile_texts_are_text() -> None:
    tree = LexborHTMLParser(page.render(hostile()).decode())
    assert len(tree.css("script")) == 1  # ours
    assert not tree.css("img, iframe, object, embed, form, link, b")
    for node in tree.css("*"):
        assert not any(name.startswith("on") for name in node.attributes)
    text = tree.body.text() if tree.body else ""
    assert "\u202e" not in text
    assert "\x00" not in text


def test_the_tone_of_a_row() -> None:
    assert page.row_tone((cell("a"), cell("b", Tone.BAD), cell("c", Tone.GOOD))) == "bad"
    assert page.row_tone((cell("a"),)) == "plain"


def test_the_label_stands_on_every_printed_page() -> None:
    style = page.margins(document(hostile()))
    assert "@top-left" in style
    assert "\\5185 \\90e8 " in style  # 内部
    assert "<" not in style


@pytest.mark.wire
@pytest.mark.browser
def test_in_a_browser(tmp_path: Path) -> None:
    """No overflow, wide or narrow; a box hides its rows with scripts off; search finds."""
    from playwright.sync_api import sync_playwright

    path = tmp_path / "r.html"
    path.write_bytes(page.render(hostile()))
    said: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        for script in (True, False):
            context = browser.new_context(java_script_enabled=script)
            tab = context.new_page()
            tab.on("console", lambda one: said.append(one.text))
            tab.on("dialog", lambda one: said.append(one.message))
            tab.goto(path.as_uri())
            for wide in (1100, 390):
                tab.set_viewport_size({"width": wide, "height": 800})
                box = tab.locator("main").bounding_box()
                assert box is not None
                assert box["width"] <= wide
            rows = tab.locator(".chosen tbody tr:visible")
            before = rows.count()
            tab.locator(".c-unsure").uncheck()
            assert 0 < rows.count() < before == 211
            if script:
                assert tab.evaluate("document.documentElement.scrollWidth") <= 390
                tab.locator("input[type=search]").fill("8.1.4.1.a")
                assert rows.count() <= 1
            assert said == []
            context.close()
        browser.close()
