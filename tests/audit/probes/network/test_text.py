"""What was on the screen: paging, cursor movements, encodings."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.probes.network.text import NotTextError, decode, lines, shown


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("  ---- More ----\x1b[42D" + " " * 42 + "\x1b[42D local-user a", " local-user a"),
        ("  ---- More ----[16D" + " " * 16 + "[16D acl 1", " acl 1"),
        (" --More-- " + "\x08" * 10 + " " * 10 + "\x08" * 10 + "line vty 0 4", "line vty 0 4"),
        ("--More--\rline con 0   ", "line con 0"),
        ("abc\x08\x08X", "aXc"),
        ("\x1b[1mbold\x1b[0m", "bold"),
        ("abcdef\r\x1b[Kxy", "xy"),
        ("\x1b[3Cxy", "   xy"),
        ("bell\x07", "bell"),
    ],
)
def test_the_line_as_it_was_seen(raw: str, seen: str) -> None:
    assert shown(raw) == seen


def test_encodings() -> None:
    text = "description 教学楼"
    for code in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        assert decode(text.encode(code)) == text
    plain = "hostname a\n" * 20
    assert decode(plain.encode("utf-16-le")) == plain
    assert decode(plain.encode("utf-16-be")) == plain
    with pytest.raises(NotTextError):
        decode(b"ab" * 100 + b"\0" * 30)


@given(st.text(alphabet="ab \x1b[]DCK0129;\x08\r-More", max_size=80))
def test_any_line_is_shown(text: str) -> None:
    assert "\x1b" not in shown(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_lines_or_no_text(raw: bytes) -> None:
    with contextlib.suppress(NotTextError):
        assert isinstance(lines(raw), list)
