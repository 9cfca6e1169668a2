"""Personal data with letters in it: each shape, its neighbours, its false friends."""

import pytest

from rules.personal_files import load_finder
from rules.recognise.personal.labels import Reading
from rules.recognise.personal.words import TOLD, find, value

FINDER = load_finder()
HITS = [
    ("联系a.b@example.com谢谢", "email", "a.b@example.com"),
    ("邮箱：x_1@mail.example.cn，", "email", "x_1@mail.example.cn"),
    ("邮箱ａ１＠example.com", "email", "ａ１＠example.com"),
    ("client_ip=10.0.0.1 ", "ip", "10.0.0.1"),
    ("登录2001:db8::1成功", "ip", "2001:db8::1"),
    ("mac 00-1A-2B-3C-4D-5E", "mac", "00-1A-2B-3C-4D-5E"),
    ("mac=00:1a:2b:3c:4d:5e;", "mac", "00:1a:2b:3c:4d:5e"),
    ("id 00000000-0000-4000-8000-000000000000", "uuid", "00000000-0000-4000-8000-000000000000"),
    ("车牌京A00000", "plate", "京A00000"),
    ("车牌：沪AD00000。", "plate", "沪AD00000"),
    ("鄂A·0000学", "plate", "鄂A·0000学"),
    ("军字第0000000号", "officer_id", "军字第0000000号"),
    ("微信：abc_000", "wechat", "abc_000"),
    ("加VX abcdef0", "wechat", "abcdef0"),
    ("WeChat id: abc-def", "wechat", "abc-def"),
    ("key sk-" + "a0" * 12, "secret", "sk-" + "a0" * 12),
    ("LTAI" + "0" * 16, "secret", "LTAI" + "0" * 16),
]
MISSES = [
    "a@b", "@media (x)", "版本10.2.3.4", "第3.2.1.4节", "图 12.3.4.1", "1.2.3.4.5", "256.1.1.1",
    "01.02.03.04", "v10.1.2.3", "08:15:22", "12:30", "::", "aa:bb", "京ICP备00000000号", "微信支付很方便",  # noqa: E501
    "mvx abcdef0", "task-0123456789abcdef0123", "字第00号", "鲁ABCDEF",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), HITS)
def test_hits(text: str, kind: str, value: str) -> None:
    hits = [hit for hit in FINDER.find(text) if hit.kind == kind]
    assert [text[hit.start : hit.end] for hit in hits] == [value]


@pytest.mark.parametrize("text", MISSES)
def test_misses(text: str) -> None:
    assert FINDER.find(text) == ()


KEY = "AKIA" + "X" * 16


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"sk-{KEY}", ["secret"]),  # the hint of one key begins inside that of another
        ("02:42:ac:11:00:02,fe80::2", ["mac", "ip"]),
        (".02-42-ac-11-00-02", ["mac"]),
        ("@" * 50 + "t1@example.org", ["email"]),
        ("t1@t2@example.org", ["email"]),
        ("a@b@c, t1@example.org", ["email"]),
        ("123e4567-e89b-42d3-a456-426614174000", ["uuid"]),
        ("12:30:45 2026-09-01", []),
    ],
)
def test_hints_beside_hints(text: str, kinds: list[str]) -> None:
    found = [str(hit.kind) for hit in find(text, 0, len(text), Reading(FINDER.labels, text))]
    assert sorted(found) == sorted(kinds)


def test_every_kind_has_its_hints() -> None:
    assert all(told.hints for told in TOLD)
    assert {told.kind for told in TOLD} >= {"email", "ip", "mac", "plate"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [("a@example.com", "email"), ("10.0.0.1", "ip"), ("京A00000", "plate"), ("你好", None)],
)
def test_whole_cells(text: str, kind: str | None) -> None:
    assert value(text) == kind
