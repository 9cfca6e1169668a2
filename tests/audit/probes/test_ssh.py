"""The collector over real SSH: strict keys, scope before every connection, problems as evidence."""

import asyncio
import getpass
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from audit.model import Evidence, ObjectClass, Target
from audit.probes import ssh
from audit.probes.collect import script
from audit.scope import Scope
from rules.load import WorldError
from tests.audit import sshd_hosts

SCOPE = Scope(
    id="s",
    system="oa",
    targets=("a", "b", "c", "d"),
    begins="2020-01-01T00:00",
    ends="2099-01-01T00:00",
    per_minute=6000,
)
RECORDING = Path(__file__).parent.parent / "recordings" / "debian12.txt"
needs_sshd = pytest.mark.skipif(shutil.which("sshd") is None, reason="openssh-server is not here")


def target(name: str, port: int, **access: str) -> Target:
    said = {"port": str(port), **access}
    return Target(
        id=name, name=name, system="oa", kind=ObjectClass.SERVER, address="127.0.0.1", access=said
    )


def login(folder: Path, **more: object) -> ssh.Login:
    known = {"user": getpass.getuser(), "keys": (folder / "client",), "host_seconds": 60.0}
    return ssh.Login(known_hosts=folder / "known_hosts", **(known | more))  # type: ignore[arg-type]


def gather(targets: list[Target], who: ssh.Login, scope: Scope = SCOPE) -> dict[str, Evidence]:
    found: dict[str, Evidence] = {}
    ssh.run(targets, login=who, scope=scope, keep=lambda one: found.update({one.target: one}))
    return found


@needs_sshd
@pytest.mark.wire
def test_three_hosts_of_different_settings(tmp_path: Path) -> None:
    """One runs the script, one answers with a recording, one prints rubbish."""
    rubbish = "ForceCommand head -c 3000000 /dev/urandom"
    recorded = f"ForceCommand cat {RECORDING}\nMaxAuthTries 2\nCiphers aes128-ctr"
    with sshd_hosts.hosts(tmp_path, ["LogLevel ERROR", recorded, rubbish]) as up:
        found = gather(
            [target(name, host.port) for name, host in zip("abc", up, strict=True)],
            login(tmp_path),
        )
    assert found["a"].document["collection"]["whole"] is True
    assert found["a"].document["os"]["kernel"] == os.uname().release
    assert found["b"].document["os"]["hostname"] == "web01"
    assert found["c"].document is None
    assert "not the output" in found["c"].problem


@needs_sshd
@pytest.mark.wire
def test_what_goes_wrong_is_evidence(tmp_path: Path) -> None:
    hang = "ForceCommand sleep 60"
    with sshd_hosts.hosts(tmp_path, ["", "AuthorizedKeysFile none", hang]) as up:
        lines = (tmp_path / "known_hosts").read_text().splitlines()
        lines[0] = lines[0].rsplit(" ", 1)[0] + " " + lines[1].rsplit(" ", 1)[1]  # a changed key
        (tmp_path / "known_hosts").write_text("\n".join(lines) + "\n")
        targets = [target(name, host.port) for name, host in zip("abc", up, strict=True)]
        closed = target("d", sshd_hosts.free_port())
        found = gather([*targets, closed], login(tmp_path, host_seconds=3.0))
    assert [found[name].problem.split(":")[0] for name in "abcd"] == [
        "host-key", "login", "timeout", "unreachable"
    ]  # fmt: skip
    assert all(one.document is None for one in found.values())


@needs_sshd
@pytest.mark.wire
def test_through_a_jump_host(tmp_path: Path) -> None:
    with sshd_hosts.hosts(tmp_path, ["", f"ForceCommand cat {RECORDING}"]) as up:
        me = getpass.getuser()
        away = target("a", up[1].port, jump=f"{me}@127.0.0.1:{up[0].port}")
        found = gather([away], login(tmp_path))
    assert found["a"].document["os"]["id"] == "debian"


@needs_sshd
@pytest.mark.wire
def test_sudo_is_tried_and_not_asked_for(tmp_path: Path) -> None:
    with sshd_hosts.hosts(tmp_path, [""]) as up:
        found = gather([target("a", up[0].port, sudo="yes")], login(tmp_path))
    assert found["a"].document["collection"]["whole"] is True


def fake(folder: Path) -> ssh.Login:
    (folder / "known_hosts").write_text("")
    return ssh.Login(user="x", keys=(), known_hosts=folder / "known_hosts", connect_seconds=1)


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (replace(SCOPE, targets=("z",)), "not within the signed scope"),
        (replace(SCOPE, ends="2021-01-01T00:00"), "outside the signed time"),
        (replace(SCOPE, addresses=("10.0.0.0/8",)), "the address is not"),
    ],
    ids=["another target", "too late", "another address"],
)
def test_the_scope_is_asked_first(tmp_path: Path, scope: Scope, said: str) -> None:
    found = gather([target("a", 1)], fake(tmp_path), scope)
    assert said in found["a"].problem


def test_a_kill_file_stops_everything(tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    stop.touch()
    found = gather([target("a", 1)], fake(tmp_path), replace(SCOPE, kill_file=str(stop)))
    assert "kill file" in found["a"].problem


def test_keys_of_others_and_missing_files_are_refused(tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.write_text("x")
    loose.chmod(0o644)
    with pytest.raises(WorldError, match="chmod 600"):
        ssh.loaded_keys([loose])
    loose.chmod(0o600)
    with pytest.raises(WorldError, match="cannot be used"):
        ssh.loaded_keys([loose])
    nobody = replace(fake(tmp_path), known_hosts=tmp_path / "none")
    with pytest.raises(WorldError, match="known_hosts"):
        gather([target("a", 1)], nobody)


def test_pace_is_kept() -> None:
    async def three() -> list[float]:
        pace = ssh._Pace(6000)
        loop = asyncio.get_running_loop()
        begun = []
        for _ in range(3):
            await pace.turn()
            begun.append(loop.time())
        return begun

    begun = asyncio.run(three())
    assert begun[2] - begun[0] >= 0.015


def test_the_script_travels_whole() -> None:
    assert script().rstrip().endswith('say "done"')
