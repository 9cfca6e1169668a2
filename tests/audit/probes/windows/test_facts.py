"""Recorded Windows exports: every check both ways, gaps unknown, foreign bytes harmless."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.checks import load_checks
from audit.judge import judge
from audit.model import Evidence, State
from audit.probes.windows.facts import read

HERE = Path(__file__).parents[2] / "recordings" / "windows"
NOW = 1_793_500_000.0


@cache
def recorded(name: str) -> Evidence:
    return read((HERE / name).read_bytes(), target="w", taken=NOW)


def states(seen: Evidence) -> dict[str, State]:
    return {
        check.id: judge(check, seen, target="w", now=NOW).state
        for check in load_checks().values()
        if check.probe == "windows"
    }


def test_every_check_passes_the_good_and_fails_the_bad() -> None:
    good, bad = states(recorded("server2022-good.txt")), states(recorded("server2012-bad.txt"))
    assert len(good) >= 40
    assert set(good.values()) == {State.PASS}
    assert set(bad.values()) == {State.FAIL}


def test_what_was_not_exported_is_unknown() -> None:
    seen = read(
        b"#qinglang-windows 1 00\n#section secedit\n#failed denied\n", target="w", taken=NOW
    )
    assert set(states(seen).values()) == {State.UNKNOWN}
    assert {"policy", "settings"} <= {one["path"] for one in seen.document["gaps"]}
    cut = (HERE / "server2022-good.txt").read_bytes()[:2000]
    assert set(states(read(cut, target="w", taken=NOW)).values()) <= {State.PASS, State.UNKNOWN}


def test_the_date_is_that_of_the_host() -> None:
    assert recorded("server2022-good.txt").dated == 1793491200.0
    assert recorded("server2012-bad.txt").document["hotfixes"]["newest_days"] > 2000


def test_an_archive_of_files_made_by_hand() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        policy = "[System Access]\r\nMinimumPasswordLength = 12\r\n"
        archive.writestr("host/secpol.inf", policy.encode("utf-16"))
        archive.writestr("../../escape.txt", "x")
    seen = read(held.getvalue(), target="w", taken=NOW)
    assert seen.document["policy"] == {"min_length": 12}
    assert read(b"PK\x03\x04 no archive", target="w", taken=NOW).problem


def test_what_is_no_export_is_a_problem() -> None:
    for raw in (b"", b"hello", b"\xff\xfe", b"x#qinglang-windows 1 "):
        assert read(raw, target="w", taken=NOW).problem


LINES = (HERE / "server2022-good.txt").read_text("utf-8-sig").splitlines()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=80))
def test_any_lines_come_to_evidence(lines: list[str]) -> None:
    raw = ("#qinglang-windows 1 0\n" + "\n".join(lines)).encode("utf-8", "replace")
    seen = read(raw, target="w", taken=NOW)
    assert seen.problem or json.dumps(seen.document)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_come_to_evidence(raw: bytes) -> None:
    assert read(raw, target="w", taken=NOW).target == "w"
    assert read(b"PK\x03\x04" + raw, target="w", taken=NOW).problem
