"""Small parsers of configuration lines."""

import pytest

from audit.probes.linux.lines import days_since, key, number, pairs, real_lines


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("-1", -1), ("90d", 90), ("", None), (None, None), ("x", None), ("9" * 40, None)],
)
def test_numbers(text: str | None, value: int | None) -> None:
    assert number(text) == value


def test_keys() -> None:
    assert key("/etc/ssh/sshd_config.d") == "etc/ssh/sshd_config_d"
    assert key("/") == "slash"
    assert key("a b.c") == "a_b_c"


def test_lines_and_pairs() -> None:
    text = '# c\n\n a = 1 # x\nB  two\nc\n[section]\nd: "q"\n'
    assert list(real_lines("# a\n  b \n")) == ["b"]
    assert dict(pairs(text)) == {"a": "1", "b": "two", "c": "", "d": "q"}


def test_days_never_run_backwards() -> None:
    assert days_since(10.0, 5.0) == 0
    assert days_since(None, 5.0) is None
    assert days_since(0.0, 86400.0 * 2.5) == 2
