"""Evidence of a host: digest of canonical bytes, secrets out, clocks compared."""

from dataclasses import asdict, replace
from hashlib import sha256

import pytest

from audit.probes.host import canonical, evidence, nothing, redact
from tests.audit.seen import RECORDINGS

RAW = (RECORDINGS / "debian12.txt").read_bytes()


def test_evidence_of_a_recording() -> None:
    one = evidence("web01", RAW, method="m", taken=1795459700.0, live=False)
    assert one.problem == ""
    assert one.dated == 1795459607.0
    assert one.digest == sha256(canonical(one.document)).hexdigest()
    assert one.id == f"web01:linux:{one.digest[:16]}"
    assert one == evidence("web01", RAW, method="m", taken=1795459700.0, live=False)
    assert canonical(asdict(replace(one, id="x"))) != canonical(asdict(one))


def test_a_clock_that_is_wrong_is_measured() -> None:
    one = evidence("web01", RAW, method="m", taken=1795459000.0, live=True)
    assert one.dated == 1795459000.0
    assert one.document["collection"]["clock_skew_seconds"] == 607


def test_what_is_no_output_is_a_problem() -> None:
    one = evidence("x", b"<html>", method="m", taken=1.0, live=True)
    assert one.document is None
    assert "采集脚本" in one.problem
    assert nothing("x", "a" * 900, method="m", taken=1.0).problem == "a" * 500


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("$6$abcdefgh$hashhashhash", "(hidden)"),
        ("x $y$j9T$abcdefgh$zzz y", "x (hidden) y"),
        ("mysqldump --password=geheim x", "mysqldump --(hidden) x"),
        ("token: abc", "(hidden)"),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAA", "(hidden)"),
        ("password (hidden)", "password (hidden)"),
        ("password requisite pam_pwquality.so", "password requisite pam_pwquality.so"),
        ("普通文字", "普通文字"),
    ],
)
def test_secrets_are_taken_out(text: str, kept: str) -> None:
    assert redact({"a": [text, 1, None, True]}) == {"a": [kept, 1, None, True]}
