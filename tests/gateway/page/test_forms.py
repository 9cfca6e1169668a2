"""The forms: safe in their own syntax, complete in both languages, readable in contrast."""

import json
import re

import pytest

from gateway.page import forms
from gateway.page.material import HERE, Labels, Material
from gateway.page.model import PageKind, Want
from gateway.page.telling import Asked, Telling, tell
from policies.model import Action, Depth, Moment, Reason, Verdict
from rules.load import read_text
from rules.model import Text

MATERIAL = Material.load()
MESSAGES = MATERIAL.messages
STYLE = read_text(HERE / "page.css")
NASTY = '"><script>alert(1)</script>{{ 7*7 }}{% raw %}*/ --> ]]>'


def telling(kind: PageKind = PageKind.BLOCK, text: str = "字") -> Telling:
    said = Text(zh=text, en=text)
    verdict = Verdict(
        action=Action.BLOCK,
        enforced=Action.BLOCK,
        clause=text,
        reason=Reason(clause=text, title=said, text=said),
        trace="t",
        snapshot="s",
        profile=text,
        depth=Depth.CONTENT,
        inspect=True,
        settled=True,
        mask=0,
        deciding=(text,),
    )
    moment = Moment(timestamp=0.0, day="2026-11-23", weekday=6, minute=0)
    asked = Asked(
        kind=kind,
        host=text,
        verdict=verdict,
        code=text,
        moment=moment,
        detail=text,
        continue_url="/" + text,
    )
    return tell(asked, MATERIAL, {}, contact=text, appeal="/" + text)


def page(first: str = "zh", **more: object) -> str:
    pages = forms.compile_page(read_text(HERE / "page.html"), "", MESSAGES)
    return forms.html(pages[first], telling(**more), MESSAGES)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", PageKind)
@pytest.mark.parametrize("first", ["zh", "en"])
def test_nothing_escapes_from_the_page(kind: PageKind, first: str) -> None:
    found = page(first, kind=kind, text=NASTY)
    assert "<script" not in found
    assert "alert(1)</" not in found
    assert "49" not in re.sub(r"#[0-9a-f]{3,6}|\d{2}:\d{2}", "", found)


def test_nothing_escapes_from_the_picture() -> None:
    template = forms.compile_template(read_text(HERE / "picture.html"))
    found = forms.picture(template, telling(text=NASTY), "zh")
    assert "<script" not in found
    assert found.startswith("<svg ")


def test_nothing_escapes_from_a_comment() -> None:
    assert forms.comment(telling(text=NASTY)).count("*/") == 1


def test_json_is_json() -> None:
    found = json.loads(forms.report(telling(text=NASTY)))
    assert found["reason"] == {"zh": NASTY, "en": NASTY}
    wanted = {"error", "code", "category", "categories", "title", "reason"}
    assert set(found) == wanted | ({"detail"} if telling(text=NASTY).detail else set())
    assert set(json.loads(forms.short_report(telling()))) == {"error", "code"}


@pytest.mark.parametrize("kind", PageKind)
def test_every_kind_has_its_word(kind: PageKind) -> None:
    assert json.loads(forms.short_report(telling(kind)))["error"].replace("-", "").isalpha()


def test_json_always_has_a_reason() -> None:
    found = json.loads(forms.report(telling(PageKind.PORTAL)))
    assert found["reason"]["zh"] == MESSAGES.kinds[PageKind.PORTAL].lead.zh


def test_plain_text_in_both_languages_first_one_first() -> None:
    zh, en = (forms.plain(telling(), MESSAGES, first) for first in ("zh", "en"))
    assert zh.startswith("清朗 · 已拦截\n")
    assert "Qinglang · Blocked" in zh
    assert en.startswith("Qinglang · Blocked\n")


def test_every_want_has_a_media_type() -> None:
    assert set(forms.MEDIA_TYPE) == set(Want)


def test_labels_cannot_become_template_syntax() -> None:
    nasty = Text(zh="{{ 7*7 }}<b>{% if %}", en="[[ 7*7 ]]&")
    labels = Labels(**dict.fromkeys(Labels.__dataclass_fields__, nasty))
    messages = type(MESSAGES)(
        **{name: getattr(MESSAGES, name) for name in MESSAGES.__slots__} | {"labels": labels}
    )
    pages = forms.compile_page(read_text(HERE / "page.html"), "", messages)
    found = forms.html(pages["zh"], telling(), messages)
    assert "&#123;&#123; 7*7 }}&lt;b&gt;&#123;% if %}" in found
    assert "[[ 7*7 ]]&amp;" in found


def test_squeeze_keeps_the_meaning() -> None:
    assert forms.squeeze("/* c */ a { b : c ; d:e; }\n@media (x) {\n f g{h:i} }") == (
        "a{b : c;d:e}@media (x){f g{h:i}}"
    )
    assert forms.squeeze("") == ""
    assert "<" not in forms.squeeze(STYLE)


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+):(#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def themes() -> list[tuple[str, dict[str, str]]]:
    light, _, rest = STYLE.partition("@media (prefers-color-scheme:dark)")
    dark = rest.partition("*{box-sizing")[0]
    found = []
    for name, sheet in (("light", light), ("dark", dark)):
        root = colours(re.findall(r":root\{(.*?)\}", sheet, re.DOTALL)[0])
        found.append((name, root))
        for kind, body in re.findall(r"body\.([\w,.]+)\{(.*?)\}", sheet):
            found.append((f"{name} {kind}", root | colours(body)))
    return found


@pytest.mark.parametrize(("name", "theme"), themes(), ids=lambda value: str(value)[:20])
def test_contrast_is_wcag_aa(name: str, theme: dict[str, str]) -> None:
    pairs = [
        ("ink", "paper"),
        ("ink", "card"),
        ("soft", "paper"),
        ("soft", "card"),
        ("brand", "paper"),
        ("brand", "card"),
        ("tone", "wash"),
        ("tone", "card"),
        ("on", "tone"),
    ]
    for front, back in pairs:
        assert contrast(theme[front], theme[back]) >= 4.5, (name, front, back)


def test_themes_are_found() -> None:
    assert len(themes()) == 10
