"""Files and key files destroyed: from the rules to a certificate; cut short and finished."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from audit.lifecycle import due_files, key_files
from audit.lifecycle.destroy_files import AUDIT, opens
from audit.lifecycle.vault import SealedVault
from audit.store import Store
from audit.vault import fresh_keys, read_keys, shut
from tests.audit.lifecycle.expiring import Case, data, states

RULES = """
district: 示例区
sources: [{name: forms}]
datasets:
  - id: forms
    name: 报名表
    owner: 招生管理员
    purpose: 招生
    holds: [{source: forms, files: ["**/*.txt"]}]
    minors: true
    collection: {columns: ["*"]}
    legal: {ground: duty}
    access: {}
    storage: {place: 机房}
    retention:
      - {id: old, files: ["**/*.txt"], period: 3 years, then: destroy}
    export: {allowed: false}
    destruction: {approvers: [甲, 乙]}
    legal-holds: HOLDS
"""
HOLD = (
    "[{id: f1, reason: 复核, document: {number: 示教函2号}, since: 2026-01-01,"
    " files: [held/*.txt]}]"
)
OLD = 1_500_000_000.0  # 2017


def made(folder: Path, held: str = HOLD) -> Case:
    case = Case(url="", folder=folder, extra=())
    case.rules.write_text(RULES.replace("HOLDS", held), encoding="utf-8")
    return case


def retain(case: Case, *more: str | Path) -> tuple[int, dict[str, Any]]:
    case.people()
    code, said = data("retain", case.rules, "--at", "2026-09-01", "--book", case.book,
                      "--out", case.plan, *more)  # fmt: skip
    assert code in (0, 1), said
    found: dict[str, Any] = json.loads(case.plan.read_text(encoding="utf-8"))["plan"]
    return code, found


def run(case: Case, *more: str | Path) -> tuple[int, str]:
    return data("destroy", "run", case.plan, "--rules", case.rules, "--book", case.book,
                "--out", case.paper, *more)  # fmt: skip


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")


@pytest.fixture
def forms(tmp_path: Path) -> Path:
    root = tmp_path / "forms"
    for name in ("a/one.txt", "a/two.txt", "held/three.txt", "new.txt", "other.csv"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"虚构报名 {name}", encoding="utf-8")
        if name != "new.txt":
            os.utime(path, (OLD, OLD))
    (root / "link.txt").symlink_to(root / "new.txt")
    (root / "hard.txt").write_text("x", encoding="utf-8")
    os.utime(root / "hard.txt", (OLD, OLD))
    (root / "hard2.dat").hardlink_to(root / "hard.txt")
    return root


def test_files_from_rules_to_certificate(tmp_path: Path, forms: Path) -> None:
    case = made(tmp_path)
    code, plan = retain(case, "--folder", f"forms={forms}")
    assert code == 0
    (one,) = plan["files"]
    assert (one["due"]["count"], one["held"]["count"]) == (2, 2)
    assert "hard links" in one["notes"][0]
    assert "one.txt" not in case.plan.read_text(encoding="utf-8")
    case.approve()
    assert run(case)[0] == 1  # no folder
    code, said = run(case, "--folder", f"forms={forms}")
    assert code == 0, said
    left = {path.relative_to(forms).as_posix() for path in forms.rglob("*") if path.is_file()}
    kept = {"held/three.txt", "new.txt", "other.csv", "link.txt", "hard.txt", "hard2.dat"}
    assert left == kept
    assert (forms / "hard2.dat").read_text(encoding="utf-8") == "x"
    found = states(case.certificate(), "forms/old")
    assert found["query:文件名 names"] == "gone"
    assert found["blocks:存储介质 medium"] == "unknown"
    assert found["backup:—"] == "unknown"
    assert case.verify()[0] == 0


def test_changed_files_are_not_touched(tmp_path: Path, forms: Path) -> None:
    case = made(tmp_path)
    retain(case, "--folder", f"forms={forms}")
    case.approve()
    (forms / "a/one.txt").write_text("longer than it was before", encoding="utf-8")
    os.utime(forms / "a/one.txt", (OLD, OLD))
    assert run(case, "--folder", f"forms={forms}")[0] == 1
    assert (forms / "a/two.txt").exists()


def test_a_hold_on_files_set_since(tmp_path: Path, forms: Path) -> None:
    case = made(tmp_path)
    retain(case, "--folder", f"forms={forms}")
    case.approve()
    made(tmp_path, HOLD[:-1] + ", {id: f2, reason: 复核, document: {number: 示教函3号}, "
         "since: 2026-01-01, files: ['a/one.txt']}]")  # fmt: skip
    assert run(case, "--folder", f"forms={forms}")[0] == 0
    assert (forms / "a/one.txt").exists()
    assert not (forms / "a/two.txt").exists()


@pytest.mark.parametrize("when", ["before", "renamed"])
def test_cut_short_and_finished(
    tmp_path: Path, forms: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    case = made(tmp_path)
    retain(case, "--folder", f"forms={forms}")
    case.approve()

    def broken(path: Path) -> None:
        if when == "renamed":
            path.rename(path.with_name(due_files.LEFTOVER + "00"))
        raise OSError(28, "full")

    with monkeypatch.context() as patch:
        patch.setattr("audit.lifecycle.destroy_files.erase", broken)
        code, said = run(case, "--folder", f"forms={forms}")
    assert code == 3
    assert "in the book" in said
    code, said = run(case, "--folder", f"forms={forms}")
    assert code == 0, said
    assert not list(forms.rglob(due_files.LEFTOVER + "*"))
    assert not list(forms.glob("a/*"))
    (one,) = case.certificate()["sets"]
    assert one["done"] == 2


def test_a_vault_goes_with_its_key(tmp_path: Path) -> None:
    case = made(tmp_path, "[]")
    key, store = tmp_path / "keys" / "mask.key", tmp_path / "vault.db"
    key.parent.mkdir()
    key_files.rotate(key)
    vault = SealedVault(store, key_files.read(key), "test-copy")
    vault.tokens("name", ["虚构甲", "虚构乙"])
    vault.close()
    none = ("--folder", f"forms={key.parent}")
    option = (*none, "--erase-key", "forms", "vault:test-copy", key, store)
    wrong = ("--erase-key", "forms", "vault:another", key, store)
    assert retain(case, *wrong)[0] == 1
    _, plan = retain(case, *option)
    assert plan["keys"][0]["things"] == 2
    case.approve()
    copy = tmp_path / "copy-of-key.txt"
    shutil.copy(key, copy)
    code, said = run(case, *option)
    assert code == 0, said
    assert not key.exists()
    found = {one["level"]: one["state"] for one in case.certificate()["sets"][-1]["traces"]}
    assert found["key"] == "remains"  # the copy beside the store still opens it
    copy.unlink()
    assert store.exists()


def test_without_a_copy_the_cipher_text_no_longer_opens(tmp_path: Path) -> None:
    case = made(tmp_path, "[]")
    key, store = tmp_path / "mask.key", tmp_path / "vault.db"
    key_files.rotate(key)
    vault = SealedVault(store, key_files.read(key), "p")
    vault.tokens("name", ["虚构甲"])
    vault.close()
    (tmp_path / "none").mkdir()
    none = ("--folder", f"forms={tmp_path / 'none'}")
    option = (*none, "--erase-key", "forms", "vault:p", key, store)
    retain(case, *option)
    case.approve()
    key_files.rotate(key)  # another key file than the plan's
    assert run(case, *option)[0] == 1
    retain(case, *option)
    case.approve()
    assert run(case, *option)[0] == 0
    found = {one["level"]: one["state"] for one in case.certificate()["sets"][-1]["traces"]}
    assert found == {"key": "gone", "backup": "unknown", "blocks": "unknown"}
    assert case.verify()[0] == 0


def test_a_held_dataset_keeps_its_key(tmp_path: Path) -> None:
    case = made(tmp_path)
    key, store = tmp_path / "mask.key", tmp_path / "vault.db"
    key_files.rotate(key)
    SealedVault(store, key_files.read(key), "p").close()
    code, plan = retain(case, "--erase-key", "forms", "vault:p", str(key), str(store))
    assert code == 1
    assert "f1" in plan["keys"][0]["blocked"][-1]


def test_the_key_of_an_audit_store_is_known(tmp_path: Path) -> None:
    place, key = tmp_path / "audit.db", tmp_path / "audit.db.key"
    with Store.open(str(place)):
        pass
    keys = read_keys(key.read_bytes())
    wrapped = shut(keys.wrapping, b"\x01" * 32, "key:a", os.urandom)
    with sqlite3.connect(place) as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(assessments)")]
        values = {"id": "a", "wrapped": wrapped}
        file.execute(
            f"INSERT INTO assessments VALUES ({','.join('?' * len(columns))})",
            [values.get(one, "") for one in columns],
        )
    file.close()
    assert opens(AUDIT, key, place) == 1
    other = tmp_path / "other.key"
    other.write_bytes(fresh_keys(os.urandom))
    assert opens(AUDIT, other, place) == 0
