"""A node as it should be and a broken one, and every check held against both."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from audit.checks import load_checks
from audit.judge import judge
from audit.model import Check, Evidence, State
from audit.probes.gateway.look import look
from tests.audit.own_samples import NOW, broken, compliant, seen, target

DAY = 86400.0
ABSENT = {  # what neither folder has: a bundle, LDAP, OIDC, emergencies, answered appeals, a year
    "gateway-answers-recorded", "gateway-bundle-signed", "gateway-emergencies-reviewed",
    "gateway-ldap-encrypted", "gateway-oidc-https", "gateway-pseudonyms-rotated",
}  # fmt: skip
MISSING = {"gateway-files-scanned", "gateway-signer-apart"}  # of the product, of this folder


@cache
def checks() -> dict[str, Check]:
    return {name: one for name, one in load_checks().items() if one.probe == "gateway"}


def states(evidence: Evidence, now: float = NOW) -> dict[str, State]:
    return {
        name: judge(one, evidence, target="gw", now=now).state for name, one in checks().items()
    }


@cache
def good() -> Evidence:
    data = Path(mkdtemp()) / "data"
    data.mkdir()
    compliant(data)
    found = seen(data)
    shutil.rmtree(data.parent)
    return found


def test_a_node_as_it_should_be() -> None:
    assert len(checks()) >= 50
    assert good().problem == ""
    assert good().document["gaps"] == []
    found = states(good())
    failing = {name for name, state in found.items() if state is State.FAIL}
    assert failing - {"gateway-not-root"} == MISSING  # tests may run as root
    assert {n for n, state in found.items() if state is State.NOT_APPLICABLE} == ABSENT
    assert State.UNKNOWN not in found.values()


def test_a_broken_node(tmp_path: Path) -> None:
    broken(tmp_path)
    found = states(seen(tmp_path))
    failing = {name for name, state in found.items() if state is State.FAIL}
    assert failing >= {
        "gateway-ledger-holds", "gateway-clients-private", "gateway-users-known",
        "gateway-allowed-listed", "gateway-internal-unreachable", "gateway-retention-ceiling",
        "gateway-orders-approved", "gateway-orders-not-self-approved", "gateway-orders-end",
        "gateway-orders-readable", "gateway-backup-recent", "gateway-pseudonyms-keyed",
        "gateway-keys-private", "gateway-ca-key-private", "gateway-files-ours",
        "gateway-data-private", "gateway-dns-filtered", "gateway-status-port-local",
        "gateway-content-control", "gateway-threats-blocked", "gateway-attacks-stopped",
        "gateway-publication-good", "gateway-lists-updated", "gateway-running-well",
        "gateway-care-on", "gateway-policy-tested", "gateway-locked-and-delegated",
    }  # fmt: skip


def test_a_node_nobody_cared_for_in_a_year(tmp_path: Path) -> None:
    compliant(tmp_path)
    later = NOW + 500 * DAY
    found = states(seen(tmp_path, later), later)
    for name in ("events-recent", "ledger-fresh", "lists-updated", "backup-recent",
                 "pseudonyms-rotated"):  # fmt: skip
        assert found[f"gateway-{name}"] is State.FAIL, name


def test_an_approver_of_his_own_and_a_short_floor(tmp_path: Path) -> None:
    compliant(tmp_path)
    (tmp_path / "retention.yaml").write_text("floor_months: 3\n", encoding="utf-8")
    evidence = seen(tmp_path)
    assert [gap["path"] for gap in evidence.document["gaps"]] == ["retention"]
    assert states(evidence)["gateway-retention-floor"] is State.UNKNOWN  # refused, so not in force


def test_nothing_secret_and_nobody_is_in_the_document(tmp_path: Path) -> None:
    compliant(tmp_path)
    said = json.dumps(seen(tmp_path).document, ensure_ascii=False)
    for hidden in ("PRIVATE KEY", "a.example", "张老师", "王主任"):
        assert hidden not in said
    for path in (tmp_path / "keys").glob("*.key"):
        assert path.read_bytes().hex() not in said


def test_looking_changes_nothing(tmp_path: Path) -> None:
    compliant(tmp_path)

    def state() -> dict[str, tuple[int, int, int]]:
        return {
            str(path): (path.stat().st_mode, path.stat().st_size, path.stat().st_mtime_ns)
            for path in tmp_path.rglob("*")
            if path.is_file() and not path.name.endswith(("-shm", "-wal"))
        }

    before = state()
    seen(tmp_path)
    assert state() == before


@pytest.mark.parametrize("text", [None, "", "{", '{"name": 3}', "\x00\x01"])
def test_no_node_is_a_problem_and_every_check_unknown(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "node.json").write_text(text, encoding="utf-8")
    evidence = look(target(tmp_path), now=NOW)
    assert evidence.document is None
    assert "不是网关的数据目录" in evidence.problem
    assert set(states(evidence).values()) == {State.UNKNOWN}


@pytest.mark.parametrize(
    "place",
    ["run/status.json", "run/publication.json", "snapshot/current", "rulebase/current/report.json",
     "ca/mitmproxy-ca.pem", "ledger/public.pem"],
)  # fmt: skip
def test_damage_is_a_gap_and_the_rest_is_seen(tmp_path: Path, place: str) -> None:
    compliant(tmp_path)
    (tmp_path / place).write_bytes(b"\xff\x00 nonsense {")
    evidence = seen(tmp_path)
    assert evidence.problem == ""
    assert evidence.document["gaps"]
    assert State.PASS in states(evidence).values()


def test_a_folder_that_was_moved_is_looked_at_where_it_is(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    compliant(first)
    shutil.copytree(first, second)
    shutil.rmtree(first)
    assert states(seen(second))["gateway-ledger-holds"] is State.PASS


def test_deep_json_is_a_gap(tmp_path: Path) -> None:
    compliant(tmp_path)
    (tmp_path / "snapshot" / "current").write_text("[" * 200_000, encoding="utf-8")
    assert [gap["path"] for gap in seen(tmp_path).document["gaps"]] == ["policy"]
