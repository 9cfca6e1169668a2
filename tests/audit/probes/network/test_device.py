"""Recorded devices: one document for all vendors, every check both ways, nothing secret."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.checks import load_checks
from audit.judge import judge
from audit.model import Evidence, State
from audit.probes.network.device import read, read_all

HERE = Path(__file__).parents[2] / "recordings" / "network"
NOW = 1_793_500_000.0
NAMES = sorted(path.name for path in HERE.iterdir())


@cache
def recorded(name: str) -> Evidence:
    return read((HERE / name).read_bytes(), target="d", taken=NOW)


@cache
def states(name: str) -> dict[str, State]:
    return {
        check.id: judge(check, recorded(name), target="d", now=NOW).state
        for check in load_checks().values()
        if check.probe == "network-device"
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_platform_is_recognised(name: str) -> None:
    assert recorded(name).problem == ""
    platform = name.partition("-")[0].replace("usg", "vrp")
    assert recorded(name).document["platform"] == platform
    assert recorded(name).document["gaps"] == []


def test_every_check_passes_somewhere_and_fails_somewhere() -> None:
    seen: dict[str, set[State]] = defaultdict(set)
    for name in NAMES:
        for check, state in states(name).items():
            seen[check].add(state)
    assert [one for one, found in seen.items() if State.PASS not in found] == []
    assert [one for one, found in seen.items() if State.FAIL not in found] == []


@pytest.mark.parametrize("platform", ["vrp", "comware", "ios", "ruijie"])
def test_good_and_bad_are_told_apart(platform: str) -> None:
    good, bad = states(f"{platform}-good.cfg"), states(f"{platform}-bad.cfg")
    assert sum(one is State.PASS for one in good.values()) >= 80
    assert sum(one is State.FAIL for one in good.values()) <= 5
    assert sum(one is State.FAIL for one in bad.values()) >= 65


def test_no_secret_is_in_a_document() -> None:
    for name in NAMES:
        text = json.dumps(recorded(name).document)
        for secret in ("example", "admin123", "private", "0000", "$1$", "$h$"):
            assert secret not in text, (name, secret)


def test_a_cut_file_is_unknown_in_what_it_does_not_show() -> None:
    raw = (HERE / "vrp-good.cfg").read_bytes()[:3000]
    seen = read(raw, target="d", taken=NOW)
    assert seen.document["gaps"][0]["why"] == "cut"
    checks = [one for one in load_checks().values() if one.probe == "network-device"]
    found = {judge(one, seen, target="d", now=NOW).state for one in checks}
    assert State.PASS not in found


def test_several_devices_of_one_log() -> None:
    raw = b"\n".join((HERE / name).read_bytes() for name in ("usg-good.log", "usg-none.log"))
    found = read_all(raw, target="site", taken=NOW)
    assert [one.target for one in found] == ["site-gate-one", "site-gate-two"]
    assert found[0].document["load"]["processor_percent"] == 41
    plain = b"\n".join((HERE / name).read_bytes() for name in ("vrp-good.cfg", "ios-good.cfg"))
    pair = read_all(plain, target="s", taken=NOW)
    assert [one.document["platform"] for one in pair] == ["vrp", "ios"]


@pytest.mark.parametrize("code", ["gb18030", "utf-16", "utf-8-sig"])
def test_encodings_and_line_ends_change_nothing(code: str) -> None:
    text = (HERE / "comware-good.cfg").read_text("utf-8").replace("class room", "教室")
    changed = read(text.replace("\n", "\r\n").encode(code), target="d", taken=NOW)
    assert changed.document == recorded("comware-good.cfg").document


def test_what_is_none_of_the_four_is_a_problem() -> None:
    for text in (
        "", "\n\n", "hello\nworld\nagain\n", "set system host-name a\nset system login b\nx\n",
        "! device: sw (DCS, EOS-4.20)\nhostname a\ninterface Ethernet1\nend\n",
    ):  # fmt: skip
        assert read(text.encode(), target="d", taken=NOW).problem
    assert read(b"\x00\x01\x02" * 1000, target="d", taken=NOW).problem


def test_a_large_configuration_stays_linear() -> None:
    rules = "".join(f" rule {n} permit tcp source 192.0.2.{n % 250} 0\n" for n in range(60_000))
    text = f"!Software Version V200R019\n#\nsysname a\nacl number 3000\n{rules}#\nreturn\n"
    found = read(text.encode(), target="d", taken=NOW).document
    assert found["filters"]["rules"] == 60_000


LINES = [
    line for name in NAMES for line in (HERE / name).read_text("utf-8").splitlines() if line
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES) | st.text(max_size=40), max_size=60))
def test_any_lines_come_to_evidence(lines: list[str]) -> None:
    for one in read_all("\n".join(lines).encode("utf-8", "replace"), target="d", taken=NOW):
        value: Any = one.document
        assert bool(one.problem) == (value is None)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_come_to_evidence(raw: bytes) -> None:
    assert read(raw, target="d", taken=NOW).target == "d"


def test_lines_that_a_file_leaves_out_are_not_known_to_be_closed() -> None:
    raw = b"#\n version 5.170, Release V200\n#\n sysname edge\n#\ninterface Vlanif10\n#\nreturn\n"
    seen = read(raw, target="d", taken=NOW)
    checks = load_checks()
    for name in ("net-lines-ssh-only", "net-no-open-lines", "net-idle-timeout",
                 "net-no-shared-password", "net-vty-acl"):  # fmt: skip
        assert judge(checks[name], seen, target="d", now=NOW).state is State.UNKNOWN, name
    nothing = ("net-routing-authenticated", "net-users-have-passwords")
    for name in nothing:
        state = judge(checks[name], seen, target="d", now=NOW).state
        assert state is State.NOT_APPLICABLE, name
