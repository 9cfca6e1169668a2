"""Real machines for tests: a Debian or Ubuntu tree booted by its own systemd, with a real sshd.

A tree (made once by `scripts/audit_targets.sh`) is the lower layer of an overlay, so that every
machine is fresh; a dress (a shell script) makes it compliant or broken before it boots. It runs in
namespaces of its own (systemd-nspawn), with a network of its own between two virtual cables.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.audit.sshd_hosts import key

HERE = Path(__file__).parent
ROOT = HERE.parent.parent.parent
TREES = Path(os.environ.get("QINGLANG_AUDIT_TREES") or ROOT / "var" / "audit-trees")
CGROUPS = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One that runs. `top` is its file system as seen from here."""

    name: str
    address: str
    folder: Path
    top: Path
    known_hosts: Path

    def ssh(self, user: str, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        """The plain client, with our key."""
        return subprocess.run(
            ["ssh", *more, "-F", "none", "-i", str(self.folder / "client"), "-o", "BatchMode=yes",
             "-o", f"UserKnownHostsFile={self.known_hosts}", f"{user}@{self.address}", command],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip


def lacking(tree: str) -> str:
    """Why a machine of this tree cannot be had here, or ""."""
    if os.geteuid() != 0:
        return "only root can boot machines"
    if not shutil.which("systemd-nspawn"):
        return "systemd-container is not here"
    if not (TREES / tree / ".done").exists():
        return f"no tree {tree}: make audit-targets"
    return ""


def run(*words: str, check: bool = True, given: str = "") -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, input=given, timeout=300
    )
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout[-600:]} {done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def layered(folder: Path, layers: list[Path]) -> Iterator[Path]:
    """An overlay over read-only layers, the top one first."""
    for name in ("upper", "work", "top"):
        (folder / name).mkdir()
    lower = ":".join(map(str, layers))
    said = f"lowerdir={lower},upperdir={folder / 'upper'},workdir={folder / 'work'}"
    run("mount", "-t", "overlay", "overlay", "-o", said, str(folder / "top"))
    try:
        yield folder / "top"
    finally:
        run("umount", "-l", str(folder / "top"), check=False)


@contextmanager
def network(name: str, number: int) -> Iterator[str]:
    """A network namespace with one cable to us; its address."""
    ours, theirs = f"qa{number}h", f"qa{number}m"
    inside = ("ip", "netns", "exec", name)
    run("ip", "netns", "add", name)
    try:
        run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs)
        run("ip", "link", "set", theirs, "netns", name, "name", "host0")
        run("ip", "addr", "add", f"10.213.{number}.1/30", "dev", ours)
        run("ip", "link", "set", ours, "up")
        run(*inside, "ip", "addr", "add", f"10.213.{number}.2/30", "dev", "host0")
        run(*inside, "ip", "link", "set", "host0", "up")
        run(*inside, "ip", "link", "set", "lo", "up")
        yield f"10.213.{number}.2"
    finally:
        run("ip", "link", "del", ours, check=False)
        run("ip", "netns", "del", name, check=False)


def own_group(name: str) -> None:
    """Into a control group of our own, so that two systemds do not share one."""
    for top in CGROUPS:
        if (Path(top) / "cgroup.procs").exists():
            place = Path(top) / name
            place.mkdir(exist_ok=True)
            (place / "cgroup.procs").write_text("0")


def nspawn(top: Path, name: str, *more: str) -> list[str]:
    return ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "-D", str(top),
            f"--machine={name}", "--resolv-conf=off", "--timezone=off",
            "--link-journal=no", *more]  # fmt: skip


def dressed(top: Path, name: str, dress: str, public: str) -> None:
    """Run a dress in the tree before it boots."""
    text = f"CLIENT_KEY='{public}'\n" + "".join(
        (HERE / "dress" / f"{one}.sh").read_text() for one in ("common", dress)
    )
    run(*nspawn(top, name, "--pipe", "/bin/sh", "-eus"), given=text)


@contextmanager
def machine(folder: Path, tree: str, dress: str, number: int) -> Iterator[Machine]:
    """A machine that has booted, and answers."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"qinglang-{os.getpid()}-{number}"
    layers = [TREES / tree]
    if (TREES / tree / ".base").exists():
        layers.append(TREES / (TREES / tree / ".base").read_text().strip())
    with ExitStack() as open_now:
        top = open_now.enter_context(layered(folder, layers))
        public = key(folder / "client")
        dressed(top, name, dress, public)
        address = open_now.enter_context(network(name, number))
        known = folder / "known_hosts"
        own = (top / "etc/ssh/ssh_host_ed25519_key.pub").read_text().rsplit(" ", 1)[0]
        known.write_text(f"{address} {own}\n")
        command = nspawn(top, name, "-b", "--console=read-only",
                         "--capability=CAP_NET_ADMIN,CAP_SYS_TIME,CAP_AUDIT_CONTROL,CAP_AUDIT_READ",
                         f"--network-namespace-path=/run/netns/{name}")  # fmt: skip
        wanted = top / "etc/sysctl.d/90-hardened.conf"
        if wanted.exists():
            run("ip", "netns", "exec", name, "sysctl", "-q", "--load", str(wanted), check=False)
        log = open_now.enter_context((folder / "console").open("wb"))
        running = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, "SYSTEMD_NSPAWN_TMPFS_TMP": "0"},
            preexec_fn=lambda: own_group(name),  # noqa: PLW1509 - a test, one thread
        )  # fmt: skip
        try:
            answers(address, running, folder)
            yield Machine(name=name, address=address, folder=folder, top=top, known_hosts=known)
        finally:
            stop(running)
            for place in CGROUPS:
                empty(Path(place) / name)


def stop(running: subprocess.Popen[bytes]) -> None:
    """Cut the power: the first process of the machine takes the others with it."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    for child in children.read_text().split() if children.exists() else ():
        os.kill(int(child), signal.SIGKILL)
    try:
        running.wait(5)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait(10)


def empty(group: Path) -> None:
    """Remove a control group and what is below it."""
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            Path(folder).rmdir()
        except OSError:
            return


def answers(address: str, running: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until sshd greets."""
    for _ in range(600):
        if running.poll() is not None:
            raise RuntimeError((folder / "console").read_text(errors="replace")[-3000:])
        try:
            with socket.create_connection((address, 22), 1) as probe:
                if probe.recv(4) == b"SSH-":
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError((folder / "console").read_text(errors="replace")[-3000:])
