"""Host names on the page: IDN both ways, spoofs as A-labels, hostile text made harmless."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.page.hostname import LONGEST, ShownHost, shown


@pytest.mark.parametrize(
    ("host", "name", "ascii_form"),
    [
        ("example.com", "example.com", ""),
        ("EXAMPLE.com.", "example.com", ""),
        ("xn--fiqs8s", "中国", "xn--fiqs8s"),
        ("bet.xn--fsqu00a.xn--fiqs8s", "bet.例子.中国", "bet.xn--fsqu00a.xn--fiqs8s"),
        ("xn--mnchen-3ya.de", "münchen.de", "xn--mnchen-3ya.de"),
        ("xn--", "xn--", ""),
        ("xn--a", "xn--a", ""),
        ("xn--abc-", "xn--abc-", ""),
        ("xn--\x00", "xn--?", ""),
        ("xn--zzzzzzzzzzzzzzzz99999999", "xn--zzzzzzzzzzzzzzzz99999999", ""),
        ("xn--ls8h.la", "xn--ls8h.la", ""),  # an emoji is no letter
        ("1.2.3.4", "1.2.3.4", ""),
        ("[2001:db8::1]", "[2001:db8::1]", ""),
        ("", "", ""),
        ("<script>.com", "?script?.com", ""),
        ("a\r\nb.com", "a??b.com", ""),
        ("例子.com", "??.com", ""),
        ("\u202egnp.exe", "?gnp.exe", ""),
    ],
)
def test_shown(host: str, name: str, ascii_form: str) -> None:
    assert shown(host) == ShownHost(name=name, ascii=ascii_form)


def test_a_long_name_keeps_its_end() -> None:
    name = shown("login.bank.cn." + "a." * 100 + "evil.example").name
    assert len(name) == LONGEST
    assert name.startswith("…")
    assert name.endswith("evil.example")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.text(st.sampled_from("xn-.abz0189"), max_size=60))
def test_fuzz_shown_is_total_and_harmless(host: str) -> None:
    found = shown(host)
    for text in (found.name, found.ascii):
        assert len(text) <= LONGEST
        assert not set(text) & set("<>&\"'` \r\n\t\x00")
        assert text.isprintable()
