"""Real sshd on loopback ports, each with its own configuration, host key and forced command."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


@dataclass(frozen=True, kw_only=True)
class Host:
    port: int
    public: str


def key(path: Path) -> str:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True
    )
    return path.with_suffix(".pub").read_text().rsplit(" ", 1)[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def hosts(folder: Path, extra: Sequence[str], *, ports: int = 1) -> Iterator[list[Host]]:
    """One sshd for each text of settings (its first word wins), serving `ports` ports (≤ 16)."""
    folder.chmod(0o755)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    public = key(folder / "client")
    (folder / "authorized").write_text(public + "\n")
    (folder / "authorized").chmod(0o600)
    found, running = [], []
    try:
        for at, settings in enumerate(extra):
            own = key(folder / f"host{at}")
            numbers = [free_port() for _ in range(ports)]
            listen = "\n".join(f"ListenAddress 127.0.0.1:{number}" for number in numbers)
            (folder / f"sshd{at}").write_text(
                f"{settings}\n{listen}\nHostKey {folder}/host{at}\nPidFile none\nUsePAM no\n"
                f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\n"
                f"PermitRootLogin prohibit-password\nMaxStartups 500:30:1000\n"
            )
            running.append(
                subprocess.Popen(
                    [SSHD, "-D", "-f", str(folder / f"sshd{at}")],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            found += [Host(port=number, public=own) for number in numbers]
        known = [f"[127.0.0.1]:{host.port} {host.public}" for host in found]
        (folder / "known_hosts").write_text("\n".join(known) + "\n")
        for host in found:
            _wait(host.port)
        yield found
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(10)


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"no sshd on {port}")
