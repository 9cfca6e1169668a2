"""Whole answers: status, headers, and a page that a parser and a screen reader can follow."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.page import Page, PageKind, PageMaker, Want
from policies.model import Action, Depth, Moment, Reason, Verdict
from rules.load import load_folder
from rules.model import Basis, Category, Gap, Status, Text

ROOT = Path(__file__).parents[3]
CATEGORIES = tuple(load_folder(Category, ROOT / "rules/categories").values())
MAKER = PageMaker.load(
    CATEGORIES, contact="区教育信息中心 <1>", appeal_url="https://appeal.example/new?a=1"
)
MOMENT = Moment(timestamp=0.0, day="2026-11-23", weekday=0, minute=875)
VOID = {"meta", "link", "br", "hr", "img", "input"}


def verdict(*deciding: str) -> Verdict:
    return Verdict(
        action=Action.BLOCK,
        enforced=Action.BLOCK,
        clause="district/harmful",
        reason=Reason(
            clause="district/harmful",
            title=Text(zh="违法信息一律拦截", en="Illegal content is blocked"),
            text=Text(zh="法律禁止。", en="Forbidden by law."),
            basis=(Basis(source="某条例", clause="第一条", status=Status.SECONDARY),),
        ),
        trace="t",
        snapshot="s",
        profile="junior",
        depth=Depth.CONTENT,
        inspect=True,
        settled=True,
        mask=0,
        deciding=deciding,
    )


def make(kind: PageKind = PageKind.BLOCK, *deciding: str, **more: object) -> Page:
    asked = {
        "want": Want.HTML,
        "language": "zh",
        "host": "bet.xn--fiqs8s",
        "verdict": verdict(*(deciding or ("gambling",))),
        "code": "QL-7F3K",
        "moment": MOMENT,
        **more,
    }
    return MAKER.make(kind, **asked)  # type: ignore[arg-type]


class Outline(HTMLParser):
    """Reads a page strictly: balanced tags, attributes, ids, links, visible words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()
        if self.open:
            raise ValueError(f"left open: {self.open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            raise ValueError(f"</{tag}> closes {self.open[-3:]}")
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words += data

    def values(self, name: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(name)) is not None]


def outline(page: Page) -> Outline:
    return Outline(page.body.decode())


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", PageKind)
def test_every_page_is_well_formed_and_accessible(kind: PageKind, language: str) -> None:
    page = outline(make(kind, language=language, continue_url="/c?t=1", gap=None))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for target in [*page.values("aria-labelledby"), *(h[1:] for h in page.values("href"))]:
        assert target in ids or not re.fullmatch(r"[\w-]+", target), target
    names = [tag for tag, _ in page.tags]
    assert {"header", "main", "footer", "nav", "h1"} <= set(names)
    assert page.tags[0] == ("html", {"lang": "zh-CN" if language == "zh" else "en"})
    assert not {"script", "iframe", "img", "form", "object", "link", "base"} & set(names)
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on") or a == "style"]
    for tag, attrs in page.tags:
        if tag == "svg":
            assert attrs["aria-hidden"] == "true"


def test_a_block_page_says_everything_in_both_languages() -> None:
    words = outline(make(stage="junior")).words
    for text in (
        "已拦截",
        "Blocked",
        "赌博",
        "Gambling",
        "bet.中国",
        "bet.xn--fiqs8s",
        "法律禁止。",
        "Forbidden by law.",
        "《某条例》 第一条",
        "待核实",
        "to be verified",
        "QL-7F3K",
        "2026-11-23 周一 14:35",
        "区教育信息中心 <1>",
        "违法信息一律拦截",
        "上网小提示",
        "换个好去处",
    ):
        assert text in words, text
    assert words.index("已拦截") < words.index("Blocked")
    english = outline(make(language="en")).words
    assert english.index("Blocked") < english.index("已拦截")


def test_links_of_a_block_page() -> None:
    found = outline(make()).values("href")
    assert "https://appeal.example/new?a=1&code=QL-7F3K" in found
    assert "#en" in found
    assert any(link.startswith("https://") and "appeal" not in link for link in found)


def test_crisis_help_stands_before_everything_else() -> None:
    page = outline(make(PageKind.BLOCK, "self-harm"))
    assert page.values("href").index("tel:12355") < page.values("href").index("#main", 2)
    assert page.words.index("你并不孤单") < page.words.index("已拦截", page.words.index("清朗"))
    assert "tel:12355" not in outline(make()).values("href")


def test_the_warning_page_has_the_way_on() -> None:
    link = "/.well-known/qinglang/continue?t=a.b&to=/x%26y"
    page = make(PageKind.WARN, "horror", continue_url=link)
    assert page.status == 403
    assert outline(page).values("href").count(link) == 2  # once in each language
    assert "继续访问" not in outline(make(PageKind.WARN, continue_url="javascript:x")).words


@pytest.mark.parametrize(
    ("kind", "gap", "status"),
    [
        (PageKind.BLOCK, None, 403),
        (PageKind.BLOCK, Gap.UNDECODABLE, 403),
        (PageKind.WARN, None, 403),
        (PageKind.ERROR, None, 502),
        (PageKind.ERROR, Gap.UPSTREAM, 502),
        (PageKind.ERROR, Gap.BAD_CERT, 502),
        (PageKind.REFUSED, None, 400),
        (PageKind.REFUSED, Gap.MALFORMED, 400),
        (PageKind.REFUSED, Gap.TOO_LARGE, 431),
        (PageKind.REFUSED, Gap.TOO_SLOW, 408),
        (PageKind.REFUSED, Gap.NAME_CONFLICT, 421),
        (PageKind.REFUSED, Gap.FORBIDDEN_DESTINATION, 403),
        (PageKind.REFUSED, Gap.FOREIGN_CLIENT, 403),
        (PageKind.MARKER, None, 200),
        (PageKind.PORTAL, None, 200),
    ],
)
def test_status(kind: PageKind, gap: Gap | None, status: int) -> None:
    for want in Want:
        assert make(kind, gap=gap, want=want).status == status


@pytest.mark.parametrize("want", Want)
def test_headers_of_every_form(want: Want) -> None:
    page = make(want=want, language="en")
    headers = dict(page.headers)
    assert len(headers) == len(page.headers)
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Qinglang-Code"] == "QL-7F3K"
    assert headers["Content-Language"] == "en"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_the_style_is_admitted_by_its_hash() -> None:
    page = make()
    sheet = re.findall(r"<style>(.*?)</style>", page.body.decode(), re.DOTALL)[0]
    digest = b64encode(sha256(sheet.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in dict(page.headers)["Content-Security-Policy"]


def test_a_picture_is_xml() -> None:
    page = make(want=Want.IMAGE)
    assert ElementTree.fromstring(page.body).tag == "{http://www.w3.org/2000/svg}svg"
    assert "赌博" in page.body.decode()
    assert dict(page.headers)["Content-Type"].startswith("image/svg+xml")


def test_json_for_scripts() -> None:
    found = json.loads(make(want=Want.JSON).body)
    assert (found["error"], found["code"], found["category"]) == ("blocked", "QL-7F3K", "gambling")
    assert found["reason"] == {"zh": "法律禁止。", "en": "Forbidden by law."}


@pytest.mark.parametrize(
    ("want", "body"),
    [
        (Want.MEDIA, b""),
        (Want.FONT, b""),
        (Want.WEBSOCKET, b'{"error":"blocked","code":"QL-7F3K"}'),
        (Want.SCRIPT, "/* Qinglang 清朗: blocked QL-7F3K */\n".encode()),
        (Want.STYLE, "/* Qinglang 清朗: blocked QL-7F3K */\n".encode()),
    ],
)
def test_small_answers(want: Want, body: bytes) -> None:
    assert make(want=want).body == body


def test_an_empty_code_has_no_header() -> None:
    assert "X-Qinglang-Code" not in dict(make(code="\r\n").headers)


def test_an_unknown_language_reads_as_chinese() -> None:
    assert make(language="tlh") == make(language="zh")


def test_the_same_event_gives_the_same_page() -> None:
    assert make(stage="junior") == make(stage="junior")


def test_every_category_has_a_page() -> None:
    for category in CATEGORIES:
        words = outline(make(PageKind.BLOCK, category.id)).words
        assert category.title.zh in words
        assert category.title.en in words


def test_a_page_is_small() -> None:
    assert len(make().body) < 20_000


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(PageKind),
    want=st.sampled_from(Want),
    language=st.text(max_size=5),
    host=st.text(max_size=80),
    code=st.text(max_size=80),
    stage=st.text(max_size=20),
    continue_url=st.text(max_size=60),
    detail=st.text(max_size=80) | st.just("<script>"),
    gap=st.none() | st.sampled_from(Gap),
)
def test_fuzz_make_is_total_and_safe(kind: PageKind, want: Want, **more: object) -> None:
    page = make(kind, want=want, **more)
    for name, value in page.headers:
        assert name.isascii()
        assert value.isascii()
        assert value.isprintable()
    if want is Want.HTML:
        assert "script" not in [tag for tag, _ in outline(page).tags]
    elif want is Want.IMAGE:
        ElementTree.fromstring(page.body)
    elif want in (Want.JSON, Want.WEBSOCKET):
        json.loads(page.body)
