"""The collector here: it decides hundreds of facts, and the file system is what it was before."""

import os
import subprocess
from pathlib import Path

import pytest

from audit.probes import local
from audit.probes.linux.facts import ROOMS, count
from rules.load import WorldError

WATCHED = tuple(
    f"/{name}"
    for name in (
        "etc root home var/lib var/spool var/cache usr/bin usr/sbin boot opt srv run".split()  # noqa: SIM905
    )
)

FREE = ("/var/lib/systemd/timesync", "/run/user", "/run/sshd", "/root/.cache", "/run/netns",
        "/var/lib/postgresql", "/run/postgresql", "/run/lock")  # fmt: skip


def state() -> dict[str, tuple[int, int, int, int]]:
    """Every file of the watched directories: inode, mode, size, time of change."""
    found = {}
    for top in WATCHED:
        for folder, _, names in os.walk(top):
            if folder.startswith(FREE):
                continue
            for path in (folder, *(f"{folder}/{name}" for name in names)):
                try:
                    one = Path(path).lstat()
                except OSError:
                    continue
                if not path.startswith(FREE):
                    found[path] = (one.st_ino, one.st_mode, one.st_size, one.st_ctime_ns)
    return found


@pytest.mark.wire
def test_this_machine() -> None:
    one = local.evidence("here")
    assert one.problem == ""
    assert one.document["collection"]["whole"]
    assert one.document["os"]["kernel"] == os.uname().release
    decided = {name: one.document[name] for name in ROOMS if name not in ("packages", "files")}
    assert count(decided) > 500


@pytest.mark.wire
def test_nothing_is_changed() -> None:
    """Others work on this machine too: what differs must differ without us as well."""
    for _ in range(5):
        before = state()
        local.run()
        after = state()
        changed = {
            path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
        }
        if not changed:
            return
    pytest.fail(f"files changed in every run: {sorted(changed)[:20]}")


@pytest.mark.wire
def test_an_ordinary_user_is_told_what_is_missing() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    from audit.probes.collect import script
    from audit.probes.host import evidence

    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-s"],
        input=script().encode(), capture_output=True, check=False, cwd="/",
    )  # fmt: skip
    found = evidence("here", done.stdout, method="m", taken=0.0, live=False).document
    paths = {gap["path"] for gap in found["gaps"]}
    assert found["collection"]["root"] is False
    assert {"accounts.empty_password", "sudo"} <= paths
    assert "os" not in paths


def test_too_slow_keeps_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "script", lambda: "echo '#qinglang-collect 1 ab'; sleep 5")
    assert local.run(seconds=0.5) == b"#qinglang-collect 1 ab\n"


def test_no_shell_is_the_worlds_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(WorldError):
        local.run()
