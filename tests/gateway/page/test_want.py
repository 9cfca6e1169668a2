"""Which form of answer, which language: real browsers' headers, and nonsense."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.page.model import Want
from gateway.page.want import language_of, want_of

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("headers", "path", "want"),
    [
        ({}, "/", Want.HTML),
        ({}, "", Want.HTML),
        ({"accept": "*/*"}, "/", Want.HTML),  # curl
        ({"accept": CHROME}, "/a.png", Want.HTML),
        ({"sec-fetch-dest": "document", "accept": CHROME}, "/x.zip", Want.HTML),
        ({"sec-fetch-dest": "iframe"}, "/", Want.HTML),
        ({"sec-fetch-dest": "image", "accept": "image/avif,*/*"}, "/x", Want.IMAGE),
        ({"sec-fetch-dest": "empty", "sec-fetch-mode": "cors"}, "/api", Want.JSON),
        ({"sec-fetch-dest": "empty", "accept": "text/html"}, "/part", Want.JSON),
        ({"sec-fetch-dest": "script"}, "/a", Want.SCRIPT),
        ({"sec-fetch-dest": "serviceworker"}, "/sw.js", Want.SCRIPT),
        ({"sec-fetch-dest": "style"}, "/a", Want.STYLE),
        ({"sec-fetch-dest": "video"}, "/a", Want.MEDIA),
        ({"sec-fetch-dest": "font"}, "/a", Want.FONT),
        ({"sec-fetch-dest": " Image "}, "/a", Want.IMAGE),
        ({"sec-fetch-dest": "teapot", "accept": "image/*"}, "/a", Want.IMAGE),
        ({"upgrade": "websocket", "connection": "Upgrade"}, "/chat", Want.WEBSOCKET),
        ({"upgrade": "WebSocket", "sec-fetch-dest": "empty"}, "/chat", Want.WEBSOCKET),
        ({"sec-fetch-mode": "websocket", "sec-fetch-dest": "empty"}, "/", Want.WEBSOCKET),
        ({"upgrade": "h2c"}, "/", Want.HTML),
        ({"x-requested-with": "XMLHttpRequest"}, "/a.html", Want.JSON),
        ({"x-requested-with": "com.tencent.mm", "accept": CHROME}, "/", Want.HTML),
        ({"accept": "image/png,image/*;q=0.8,*/*;q=0.5"}, "/a", Want.IMAGE),
        ({"accept": "text/css,*/*;q=0.1"}, "/a", Want.STYLE),
        ({"accept": "application/json, text/plain, */*"}, "/a", Want.JSON),
        ({"accept": "application/vnd.api+json"}, "/a", Want.JSON),
        ({"accept": "application/javascript"}, "/a", Want.SCRIPT),
        ({"accept": "video/*"}, "/a", Want.MEDIA),
        ({"accept": "application/octet-stream"}, "/a", Want.OTHER),
        ({"accept": "application/octet-stream,*/*"}, "/a", Want.HTML),
        ({"accept": "*/*"}, "/photo.JPG?size=1.css", Want.IMAGE),
        ({"accept": "*/*"}, "/a.js", Want.SCRIPT),
        ({"accept": "*/*"}, "/a.woff2", Want.FONT),
        ({"accept": "*/*"}, "/seg-1.ts", Want.MEDIA),
        ({"accept": "*/*"}, "/data.json", Want.JSON),
        ({"accept": "*/*"}, "/setup.exe", Want.OTHER),
        ({"accept": "*/*"}, "/v1.2/page", Want.HTML),
        ({"accept": "*/*"}, "/页面.png", Want.IMAGE),
        ({"accept": "x" * 100_000}, "/a", Want.OTHER),
    ],
)
def test_want(headers: dict[str, str], path: str, want: Want) -> None:
    assert want_of(lambda name: headers.get(name.lower(), ""), path) is want


@pytest.mark.parametrize(
    ("accept_language", "language"),
    [
        ("", "zh"),
        ("*", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("en;q=0.3, zh;q=0.7", "zh"),
        ("EN", "en"),
        ("yue-HK,en;q=0.5", "zh"),
        ("fr-FR,fr;q=0.9", "zh"),
        ("fr,en;q=0.5", "en"),
        ("en;q=0", "zh"),
        ("en;q=0,zh;q=0", "zh"),
        ("en;q=banana", "zh"),
        ("en;q=7", "zh"),
        ("en;q=-1", "zh"),
        ("en;q=nan", "zh"),
        ("en;q=１", "zh"),
        ("en;q=0.5;x=1", "zh"),
        ("english", "zh"),
        ("zh-Hant-TW", "zh"),
        ("🐱,en", "en"),
        (",,,;;;===", "zh"),
        ("x," * 100_000 + "en", "zh"),
    ],
)
def test_language(accept_language: str, language: str) -> None:
    assert language_of(accept_language) == language


@settings(max_examples=200, deadline=None)
@given(values=st.dictionaries(st.text(max_size=20), st.text(max_size=40)), path=st.text())
def test_fuzz_want_is_total(values: dict[str, str], path: str) -> None:
    names = ["upgrade", "sec-fetch-dest", "sec-fetch-mode", "x-requested-with", "accept"]
    headers = dict(zip(names, values.values(), strict=False))
    assert want_of(lambda name: headers.get(name, ""), path) in Want


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text(st.sampled_from("enzh-,;q=0.19 \x00"), max_size=60))
def test_fuzz_language_is_total(text: str) -> None:
    assert language_of(text) in ("zh", "en")
