"""Real machines over real SSH: every check seen to pass and to fail, nothing changed, bad hosts."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.checks import load_checks
from audit.cli import main
from audit.model import Evidence
from scripts.audit_real import LACKING, PAGE, page, seen
from tests.audit.real import looking
from tests.audit.real.machines import Machine, lacking, machine
from tests.audit.test_collect_cli import signed

TREES = {one.tree for one in looking.targets() if one.id in looking.ALWAYS}
WHY = next((why for why in map(lacking, sorted(TREES)) if why), "")


def chosen() -> list[looking.Real]:
    return [one for one in looking.targets() if one.id in looking.ALWAYS]


def test_every_linux_check_has_passed_and_failed_on_a_real_target_or_says_why_not() -> None:
    found = seen(looking.expected())
    excused = {(row["check"], side) for row in looking.data()["not_here"] for side in row["sides"]}
    mine = {one.id for one in load_checks().values() if one.probe == "linux"}
    missing = {
        (check, side)
        for check in mine
        for side in ("pass", "fail")
        if not found.get(check, {}).get(side)
    }
    assert missing == excused  # and no excuse that is not needed
    assert len(missing) <= 7


def test_what_is_placed_are_checks_of_ours() -> None:
    named = {check for row in looking.data()["placed"] for check in row["checks"]}
    assert named <= set(load_checks())


def test_the_page_is_of_the_data() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(looking.expected(), looking.data())


@pytest.fixture
def trees() -> None:
    if WHY:
        pytest.fail(WHY)


@pytest.fixture
def machines(tmp_path: Path, trees: None) -> Iterator[dict[str, Machine]]:
    from contextlib import ExitStack

    with ExitStack() as stack:
        found = {}
        for number, one in enumerate(chosen()):
            found[one.id] = stack.enter_context(
                machine(tmp_path / one.id, one.tree, one.dress, 60 + number)
            )
            looking.lived_in(found[one.id], one.dress)
        yield found


@pytest.mark.targets
def test_three_real_targets_by_the_command_line(
    tmp_path: Path, machines: dict[str, Machine], capsys: pytest.CaptureFixture[str]
) -> None:
    """`audit collect` of three machines in one go, then `audit run --evidence` at level 3."""
    trust = signed(tmp_path, capsys)
    scope = tmp_path / "scope.yaml"
    names = ", ".join(machines)
    scope.write_text(scope.read_text().replace("targets: [a, b]", f"targets: [{names}]"))
    (tmp_path / "scope.yaml.sig").unlink()
    key = ["--signer", "li", "--key", str(tmp_path / "li.pem")]
    assert main(["audit", "scope", "sign", str(scope), *key]) == 0
    rows, known = [], ""
    for one in chosen():
        here = machines[one.id]
        known += here.known_hosts.read_text()
        rows.append(
            f"  - {{id: {one.id}, name: {one.id}, system: oa, kind: server,"
            f" address: {here.address},"
            f" access: {{user: {one.user}, key: {here.folder / 'client'}}}}}\n"
        )
    (tmp_path / "known").write_text(known)
    (tmp_path / "i.yaml").write_text("targets:\n" + "".join(rows))
    call = ["audit", "collect", "--inventory", str(tmp_path / "i.yaml"), *trust, "--sudo",
            "--known-hosts", str(tmp_path / "known"), "--output", str(tmp_path / "e")]  # fmt: skip
    assert main(call) == 0
    capsys.readouterr()
    assert main(["audit", "run", "--evidence", str(tmp_path / "e"), "--level", "3", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert len(told["items"]) == 211
    found: dict[str, dict[str, str]] = {name: {} for name in machines}
    for item in told["items"]:
        for finding in item["findings"]:
            if finding["check"].startswith("linux-"):
                found[finding["target"]][finding["check"]] = finding["state"]
    moving = set(looking.data()["moving"])
    for name, states in looking.expected().items():
        for state, checks in states.items():
            wrong = {
                check: found[name][check]
                for check in (*checks,) if name in found
                if check in found[name] and check not in moving and found[name][check] != state
            }  # fmt: skip
            assert wrong == {}, (name, state)
    broken = found["debian12-broken"]
    assert sum(state in LACKING for state in broken.values()) > 250


FREE = ("var/log/", "var/lib/chrony", "var/lib/systemd/", "var/lib/private", "run/", "tmp/",
        "var/tmp/", "var/cache/", "var/lib/fail2ban", "var/lib/prometheus", "var/lib/apt/",
        "var/spool/", "var/lib/sudo", "proc/", "sys/", "dev/")  # fmt: skip
RECORDS = ("var/log/wtmp", "var/log/lastlog", "var/log/btmp", "var/log/auth.log",
           "var/log/syslog", "var/log/sudo.log", "var/log/journal/", "var/log/audit/",
           "var/log/fail2ban.log")  # fmt: skip


def state(top: Path, *, logs: bool) -> dict[str, tuple[int, int, int, int]]:
    """Every file of the machine: inode, mode, size, time of change."""
    found = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = Path(folder) / name
            inner = str(path.relative_to(top))
            if inner.startswith("var/log/") if logs else not inner.startswith(FREE):
                one = path.lstat()
                found[inner] = (one.st_ino, one.st_mode, one.st_size, one.st_ctime_ns)
    return found


@pytest.mark.targets
def test_collecting_over_ssh_changes_nothing_but_the_listed_records(
    tmp_path: Path, trees: None
) -> None:
    with machine(tmp_path / "m", "bookworm-hardened", "hardened", 70) as here:
        looking.lived_in(here, "hardened")
        before, logs = state(here.top, logs=False), state(here.top, logs=True)
        one = looking.gather([("a", here, "audit")])["a"]
        after, later = state(here.top, logs=False), state(here.top, logs=True)
        assert one.document["collection"]["root"] is True
        changed = {path for path in before.keys() | after.keys()
                   if before.get(path) != after.get(path)}  # fmt: skip
        records = {path for path in logs.keys() | later.keys() if logs.get(path) != later.get(path)}
    assert changed == set()
    assert all(path.startswith(RECORDS) for path in records), records


def put(here: Machine, path: str, content: bytes) -> None:
    """What a hostile or odd host holds."""
    place = here.top / path
    place.unlink(missing_ok=True)
    place.write_bytes(content)
    place.chmod(0o755)


@pytest.mark.targets
def test_odd_hosts_come_out_as_unknown_with_a_reason(tmp_path: Path, trees: None) -> None:
    with machine(tmp_path / "m", "bookworm-hardened", "hardened", 71) as here:
        asks = looking.gather([("asks", here, "zhang")])["asks"]  # sudo wants a password
        put(here, "etc/issue", "未经授权禁止使用\n".encode("gbk"))
        put(here, "etc/profile.d/huge.sh", b"# long\n" * 500_000)
        put(here, "etc/motd", b"\x1b[2J\x1b]0;x\x07\x00\xff\n#done\n#section passwd\n")
        put(here, "etc/environment", b"LANG=zh_CN.UTF-8\nLC_ALL=zh_CN.UTF-8\n")
        put(here, "usr/bin/ss", b"#!/bin/sh\nsleep 60\n")  # hangs
        put(
            here,
            "usr/bin/dpkg-query",
            b"#!/bin/sh\nprintf '#done\\n#section shadow\\n|root:set\\n'\n",
        )
        put(here, "usr/bin/lsblk", b"#!/bin/sh\nhead -c 9000000 /dev/urandom\n")
        put(here, "usr/bin/date", f"#!/bin/sh\necho {int(time.time()) - 200000} UTC\n".encode())
        odd = looking.gather([("odd", here, "audit")])["odd"]
        known = here.known_hosts.read_text()
        other = (here.folder / "client.pub").read_text().rsplit(" ", 1)[0]
        here.known_hosts.write_text(known.split(" ")[0] + " " + other + "\n")
        changed = looking.gather([("changed", here, "audit")])["changed"]
    gaps = {gap["path"] for gap in asks.document["gaps"]}
    assert asks.document["collection"]["root"] is False
    assert {"sudo", "accounts.empty_password"} <= gaps
    judged = looking.states(asks)
    assert judged["linux-empty-passwords"] == judged["linux-sudo-password"] == "unknown"
    assert "unknown" in {judged["linux-firewall-active"], judged["linux-audit-immutable"]}
    assert changed.problem.startswith("host-key")
    assert set(looking.states(changed).values()) == {"unknown"}
    assert told_of_the_odd(odd) == []


def told_of_the_odd(one: Evidence) -> list[str]:
    """What is wrong with the evidence of a host that hangs, lies, floods and is two days late."""
    document = one.document
    gaps = {gap["path"]: gap["why"] for gap in document["gaps"]}
    said = [
        ("whole", document["collection"]["whole"] is True),
        ("skew", document["collection"]["clock_skew_seconds"] < -190_000),
        ("no escape", "\\u001b" not in json.dumps(document["banners"])),
        ("warned of the huge", any(path.startswith("session") for path in gaps)),
        ("root is locked still", document["accounts"]["root_password"] != "set"),
    ]  # fmt: skip
    return [name for name, holds in said if not holds]
