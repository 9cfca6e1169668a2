"""HTML masked in place: what a browser shows, and what stands beside it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.masking.pages import html_body
from gateway.masking.tables import Unmasked, UnmaskedError
from tests.gateway.masking_samples import API, MAIL, PAGE, PHONE, lens, look


def page(text: str, role: str = "", *, inside: bool = False) -> str:
    return html_body(text, lens(role, PAGE), look(), inside=inside)


def test_only_what_is_masked_changes() -> None:
    text = f'<!doctype html>\n<p class=x>写给 <b>{MAIL}</b> &amp; 谢谢\n<img src="/a.png">'
    assert page(text) == text.replace(MAIL, "***")
    assert page(text, "teacher", inside=True) == text
    assert page("<p>没有人<br>") == "<p>没有人<br>"


@pytest.mark.parametrize(
    "hidden",
    [
        "parent7<b>@mail</b>.example", "parent7&#64;mail.example", "parent7&#x40;mail.example",
        "parent7\u200b@mail.example", "parent7&shy;@mail.example", "<i>p</i>arent7@mail.example",
        "parent7&commat;mail.example",
    ],
)  # fmt: skip
def test_what_is_seen_counts_however_it_is_written(hidden: str) -> None:
    got = page(f"<p>{hidden}</p>")
    assert "***" in got
    assert "arent7" not in got
    assert "mail" not in got


def test_columns_and_rows_say_what_cells_are() -> None:
    table = (
        "<table><tr><th>姓名<th>电话<th>成绩</tr>"
        f"<tr><td>测试</td><td><b>{PHONE[:5]}</b>{PHONE[5:]}</td><td>98</td></tr></table>"
    )
    got = page(table)
    assert "<td>测*</td><td><b>169****0007</b></td><td>98</td>" in got
    assert page(table, "teacher", inside=True) == table
    rows = f"<table><tr><th>电话</th><td>{PHONE}</td></tr></table>"
    assert "<td>169****0007</td>" in page(rows)
    assert "169****0007" in page(f"<dl><dt>电话</dt><dd>{PHONE}</dd></dl>")
    inner = (
        f"<table><tr><th>电话</th></tr><tr><td><table><tr><td>1</table></td></tr><tr><td>{PHONE}"
    )
    assert PHONE not in page(inner)


def test_fields_attributes_comments_and_scripts() -> None:
    assert "169****0007" in page(f'<input name="phone" value="{PHONE}">')
    assert "169****0007" in page(f"<input value={PHONE} name=phone>")
    assert "169****0007" in page(f'<li data-phone="{PHONE}">')
    for text in (
        f'<a href="mailto:{MAIL}">', f'<a title="{MAIL}">', f"<!-- {MAIL} -->",
        f"<script>var a = '{MAIL}'</script>", f"<style>/* {MAIL} */</style>",
        '<a href="/?m=parent7%40mail.example">', f"<a title='x' {MAIL}", f"<!-- {MAIL}",
        f"<script>var a = '{MAIL}'", f"<textarea>{MAIL}</textarea>",
    ):  # fmt: skip
        got = page(text)
        assert "parent7" not in got, text
    state = f'<script type="application/json">{{"phone": "{PHONE}", "x": "<b>"}}</script>'
    assert '{"phone":"169****0007","x":"\\u003cb>"}' in page(state)
    assert "169****0007" in page(f'<div data-props=\'{{"phone": "{PHONE}"}}\'>')


def test_a_script_that_hides_somebody_does_not_pass() -> None:
    with pytest.raises(UnmaskedError) as caught:
        page("<script>var a = 'parent7\\u0040mail.example'</script>")
    assert caught.value.why is Unmasked.SCRIPT
    with pytest.raises(UnmaskedError):
        page('<script type="application/json">{"a": 1, "a": 2}</script>')


def test_a_part_that_names_fields_has_no_pages() -> None:
    with pytest.raises(UnmaskedError) as caught:
        html_body("<p>", lens(part=API), look(), inside=False)
    assert caught.value.why is Unmasked.NOT_NAMED


PIECES = st.sampled_from(
    ["<", ">", "<p>", "</p>", "<td>", "<th>电话", "<tr>", "<table>", "</table>", "<script>", "<!--",
     "-->", "</script>", '"', "'", "=", "<a href=", "&#64;", " ", "文", MAIL, f" {MAIL} ", "<b>"]
)  # fmt: skip


@settings(max_examples=80)
@given(st.lists(PIECES, max_size=12).map("".join))
@example(f"<a href=< {MAIL} >")
@example(f"</a {MAIL} >")
@example(f"<! {MAIL} >")
def test_any_page_is_masked_or_refused(text: str) -> None:
    try:
        got = page(text)
    except UnmaskedError:
        return
    assert f" {MAIL} " not in got
    assert MAIL in text or "电话" in text or got == text
