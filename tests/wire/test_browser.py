"""A pupil's browser behind the gateway: real Chromium, our CA in its store, local origins.

The browser trusts the gateway the way a school's device does: the CA file is imported into
its certificate store, and no check is turned off.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, sync_playwright

from tests.conftest import World
from tests.pages import digest
from tests.pages import page as origin_page
from tests.running import Gateway, environment

pytestmark = [pytest.mark.wire, pytest.mark.browser]

CHROMIUM = "/usr/bin/chromium"
SWITCHES = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--proxy-bypass-list=<-loopback>",  # loopback goes through the proxy too
)
BLOCKED = "https://gambling.test.qinglang.invalid/"


def home_that_trusts(folder: Path, ca: Path) -> Path:
    """A home directory whose NSS database trusts `ca`, as a device's would."""
    store = folder / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for words in (
        ("-N", "--empty-password"),
        ("-A", "-t", "C,,", "-n", "qinglang", "-i", str(ca)),
    ):
        subprocess.run(["certutil", "-d", f"sql:{store}", *words], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def launch(playwright: Playwright, gateway: Gateway, home: Path) -> Browser:
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=list(SWITCHES),
        proxy={"server": f"http://{gateway.proxy}"},
        env={**environment(), "HOME": str(home)},
    )


@pytest.fixture(scope="module")
def browser(
    playwright: Playwright, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    home = home_that_trusts(tmp_path_factory.mktemp("home"), gateway.ca)
    browser = launch(playwright, gateway, home)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="zh-CN")
    yield context
    context.close()


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    return context.new_page()


def test_the_block_page_is_seen_over_https(tab: Page, tmp_path: Path) -> None:
    answer = tab.goto(BLOCKED)
    assert answer is not None
    assert answer.status == 403
    assert answer.security_details() is not None
    assert "赌博" in tab.inner_text("h1") + tab.inner_text(".badge")
    said = tab.inner_text("#zh")
    assert "未成年人网络保护条例" in said
    assert answer.headers["x-qinglang-code"] in said
    shot = tab.screenshot(path=tmp_path / "block.png", full_page=True)
    assert len(shot) > 20_000
    colours = tab.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    assert colours != "rgba(0, 0, 0, 0)"  # the style sheet passed the page's own policy


def test_the_block_page_in_english(browser: Browser) -> None:
    context = browser.new_context(locale="en-GB")
    tab = context.new_page()
    tab.goto(BLOCKED)
    assert tab.evaluate("document.documentElement.lang") == "en"
    assert tab.is_visible("#en")
    context.close()


def test_a_browser_without_our_ca_refuses_the_page(
    playwright: Playwright, gateway: Gateway, tmp_path: Path
) -> None:
    """The counter-test: what is seen above is seen because the CA is trusted."""
    stranger = launch(playwright, gateway, tmp_path)
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        stranger.new_page().goto(BLOCKED)
    stranger.close()


def test_an_allowed_page_is_untouched(tab: Page, world: World) -> None:
    for scheme, place in (("http", world.http), ("https", world.h1), ("https", world.h2)):
        answer = tab.goto(f"{scheme}://{place_name(world, place)}:{place.port}/page")
        assert answer is not None
        assert answer.body() == origin_page()
        assert tab.inner_text("#title") == "校园网测试页"


def place_name(world: World, place: object) -> str:
    """A name per origin: what is known of one must not colour the other."""
    names = {id(world.http): "http", id(world.h1): "h1", id(world.h2): "h2"}
    return f"{names[id(place)]}.allowed.example"


def test_http2_to_the_gateway(tab: Page, world: World) -> None:
    tab.goto(f"https://h2.allowed.example:{world.h2.port}/page")
    protocol = tab.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
    assert protocol == "h2"
    assert world.origins.requests("/page")[-1].version == "2"


@pytest.mark.parametrize("kind", ["http", "h1", "h2"])
def test_a_warning_is_continued_and_remembered(
    tab: Page, context: BrowserContext, browser: Browser, world: World, kind: str
) -> None:
    scheme = "http" if kind == "http" else "https"
    port = getattr(world, kind).port
    url = f"{scheme}://www.warned.example:{port}/page?x=1&y=%E6%B8%85"
    seen = len(world.origins.requests("/page"))
    answer = tab.goto(url)
    assert answer is not None
    assert answer.status == 403
    assert "继续" in tab.inner_text("#zh .button")
    assert len(world.origins.requests("/page")) == seen

    tab.click("#zh .button")
    tab.wait_for_selector("#title")
    assert tab.url == url
    asked = world.origins.requests("/page")[-1]
    assert asked.target == "/page?x=1&y=%E6%B8%85"
    assert "__ql_ok" not in asked.header("cookie")

    again = context.new_page()
    again.goto(url)
    assert again.inner_text("#title") == "校园网测试页"

    other = context.new_page()  # another host of the same category: warned anew
    other.goto(f"{scheme}://other.warned.example:{port}/page")
    assert other.query_selector("#title") is None
    assert "继续" in other.inner_text("#zh .button")

    with_nothing = browser.new_context(locale="zh-CN")  # without the cookie: warned anew
    fresh = with_nothing.new_page()
    fresh.goto(url)
    assert fresh.query_selector("#title") is None
    with_nothing.close()


def test_a_ticket_is_good_for_its_own_subject_only(
    tab: Page, context: BrowserContext, gateway: Gateway, world: World
) -> None:
    """Another device that copies the cookie is warned all the same."""
    url = f"http://www.warned.example:{world.http.port}/page"
    tab.goto(url)
    tab.click("#zh .button")
    tab.wait_for_selector("#title")
    cookie = next(one for one in context.cookies() if one["name"] == "__ql_ok")
    value = f"__ql_ok={cookie['value']}"
    same = gateway.curl(url, "-H", f"Cookie: {value}")
    other = gateway.curl(url, "-H", f"Cookie: {value}", source="127.0.1.77")
    assert same.body == origin_page()
    assert other.body != origin_page()


@pytest.mark.parametrize("kind", ["http", "h1", "h2"])
def test_websocket_echo(tab: Page, world: World, kind: str) -> None:
    scheme = "http" if kind == "http" else "https"
    name = "plain" if kind == "h2" else kind  # WebSocket needs HTTP/1.1 to the origin
    tab.goto(f"{scheme}://{name}.allowed.example:{getattr(world, kind).port}/socket")
    tab.wait_for_function("document.getElementById('log').textContent.includes('closed')")
    assert tab.inner_text("#log").split("\n")[:2] == ["got 你好, qinglang", "closed 1005"]


def test_a_blocked_websocket_fails(tab: Page, world: World) -> None:
    tab.goto(f"http://www.allowed.example:{world.http.port}/small")
    said = tab.evaluate(
        """port => new Promise(done => {
            const s = new WebSocket(`ws://www.blocked.example:${port}/ws`);
            s.onopen = () => done("open"); s.onerror = () => done("error"); })""",
        world.http.port,
    )
    assert said == "error"


def test_a_blocked_image_shows_our_picture(tab: Page, world: World) -> None:
    port = world.http.port
    blocked = f"http://www.blocked.example:{port}/image.png"
    with tab.expect_response(blocked) as waiting:
        tab.goto(f"http://www.allowed.example:{port}/images?{blocked}")
    answer = waiting.value
    assert answer.headers["content-type"].startswith("image/svg+xml")
    tab.wait_for_function("document.getElementById('own').complete")
    tab.wait_for_function("document.getElementById('blocked').complete")
    size = tab.evaluate("[...document.images].map(one => one.naturalWidth)")
    assert size == [1, 320]  # the origin's pixel, and our picture in place of the blocked one


def test_fetch_gets_json_and_a_download_is_whole(tab: Page, world: World) -> None:
    tab.goto(f"https://h2.allowed.example:{world.h2.port}/page")
    data = tab.evaluate(
        """async () => { const bytes = new Uint8Array(await (await fetch("/bytes/3000000"))
            .arrayBuffer()); let text = ""; for (let i = 0; i < bytes.length; i += 8192)
            text += String.fromCharCode(...bytes.subarray(i, i + 8192)); return btoa(text); }"""
    )
    assert hashlib.sha256(base64.b64decode(data)).hexdigest() == digest(3_000_000)
    said = tab.evaluate(
        "async () => { const r = await fetch('/rta'); return [r.status, await r.json()]; }"
    )
    assert said[0] == 403
    assert "code" in str(said[1])
