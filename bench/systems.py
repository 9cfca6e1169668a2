"""The systems that are compared: how each is started, and what its process tree has cost.

Every system listens on loopback, is pinned to the same core, trusts the same test root and
keeps its files in a folder of its own. CPU is user + system time of the whole process tree
(for ours: supervisor, worker, DNS, event writer), from /proc.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
TICKS = os.sysconf("SC_CLK_TCK")
MOST_OF = 0.5  # of a large list's lines; names below a listed one need no entry of their own
START = 120.0  # seconds; ours may have three million hosts to compile
NAME = "site.bench.example"  # ours resolves it itself; the others know `localhost` alone
PRIVATE = "bank.bench.example"


class MissingError(Exception):
    """This system is not installed here, or did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the pages are."""

    http: int
    https: int
    root: Path  # the PEM root its certificate is signed by


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A running proxy."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    ca: Path  # what clients must trust
    host: str = "localhost"  # the name by which the origin is asked for
    private: str = "localhost"  # the name that is passed through undecrypted
    note: str = ""  # what was in force, for the report
    cases: frozenset[str] = frozenset()

    def cpu(self) -> float:
        """Seconds of CPU of the process tree so far."""
        return sum(spent(pid) for pid in tree(self.process.pid))

    def resident(self) -> int:
        """Bytes of the process tree, shared pages counted once (PSS)."""
        return sum(proportional(pid) for pid in tree(self.process.pid))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    found, at = [root], 0
    while at < len(found):
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{found[at]}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        at += 1
    return list(dict.fromkeys(found))


def spent(pid: int) -> float:
    """User + system seconds of one process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def proportional(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def pinned(argv: Sequence[str], core: int, log: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start a process on one core, in a group of its own, with its words in `log`."""
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    with log.open("ab") as file:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=clean,
            cwd=folder,
            process_group=0,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509 - one thread
        )


def answering(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def wait(name: str, process: subprocess.Popen[bytes], log: Path, up: Callable[[], bool]) -> None:
    """Until it is up. Raises MissingError with its last words."""
    end = time.monotonic() + START
    while not up():
        if process.poll() is not None or time.monotonic() > end:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise MissingError(f"{name} did not start: {log.read_text(errors='replace')[-1500:]}")
        time.sleep(0.1)


def ours(folder: Path, origin: Origin, core: int, hosts: Path | None) -> System:
    """`qinglang up --workers 1`: lists, URL rules, policy and events on."""
    lists, log, port = folder / "lists", folder / "log", free_port()
    write_lists(lists, hosts)
    free = ("--dns", "127.0.0.1:0", "--metrics", "127.0.0.1:0")
    argv = [
        *(str(BIN / "qinglang"), "up", "--data", str(folder / "var"), "--workers", "1", *free),
        *("--proxy", f"127.0.0.1:{port}", "--rules", str(lists), "--trusted-ca", str(origin.root)),
        *("--open", f"127.0.0.1:{origin.http}", f"127.0.0.1:{origin.https}"),
        *("--resolve", f"{NAME}=127.0.0.1", f"{PRIVATE}=127.0.0.1"),
    ]
    process = pinned(argv, core, log, folder)
    wait("qinglang", process, log, lambda: "Ctrl-C" in log.read_text(errors="replace"))
    entries = in_force(log)
    system = System(
        name="qinglang",
        port=port,
        process=process,
        ca=folder / "var" / "ca" / "qinglang-ca.pem",
        host=NAME,
        private=PRIVATE,
        note=f"qinglang: {entries:,} list entries in force",
        cases=frozenset({"http", "https", "new", "pass", "block"}),
    )
    if hosts is not None and entries < MOST_OF * lines(hosts):
        system.stop()
        raise MissingError(
            f"{hosts} is not in force ({entries} entries): {log.read_text()[-1500:]}"
        )
    return system


def in_force(log: Path) -> int:
    """How many list entries the gateway says it has loaded; the figures are for these."""
    found = re.search(r"(\d+) 条名单条目", log.read_text(errors="replace"))
    return int(found[1]) if found else 0


def lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


SIDECAR = """\
id: {id}
title: {{zh: "测量", en: "Benchmark"}}
format: {format}
files: [{file}]
licence: "local use"
source: "bench"
{more}
"""


def write_lists(folder: Path, hosts: Path | None) -> None:
    """Our two names, some thousand URL rules, and the large list where one is given."""
    own = folder / "bench"
    own.mkdir(parents=True)
    urls = "".join(f"{NAME}/bad{n}/ gambling\n" for n in range(2000))
    (own / "hosts.txt").write_text(f"{NAME} education\n{PRIVATE} banking\n{urls}")
    (own / "source.yaml").write_text(
        SIDECAR.format(id="bench", format="starter", file="hosts.txt", more="")
    )
    if hosts is not None:
        large = folder / "large"
        large.mkdir()
        (large / hosts.name).symlink_to(hosts.resolve())
        more = "mapping: ut1\ncolumns: [host, categories]\n"
        (large / "source.yaml").write_text(
            SIDECAR.format(id="large", format="csv", file=hosts.name, more=more)
        )


def mitmdump(folder: Path, origin: Origin, core: int, *, passing: bool = False) -> System:
    """Stock `mitmdump -q`; with `passing` it ignores the origin's host (TLS is not opened)."""
    port, log = free_port(), folder / "log"
    argv = [
        *(str(BIN / "mitmdump"), "-q", "--listen-host", "127.0.0.1", "-p", str(port)),
        *("--set", f"confdir={folder}"),
        *("--set", f"ssl_verify_upstream_trusted_ca={origin.root}"),
        *(("--ignore-hosts", "localhost") if passing else ()),
    ]
    process = pinned(argv, core, log, folder)
    wait("mitmdump", process, log, lambda: answering(port))
    return System(
        name="mitmdump --ignore-hosts" if passing else "mitmdump -q",
        port=port,
        process=process,
        ca=folder / "mitmproxy-ca-cert.pem",
        cases=frozenset({"pass"} if passing else {"http", "https", "new"}),
    )


SQUID = """\
http_port 127.0.0.1:{port} ssl-bump tls-cert={folder}/ca.pem generate-host-certificates=on \
dynamic_cert_mem_cache_size=4MB
sslcrtd_program /usr/lib/squid/security_file_certgen -s {folder}/certs -M 4MB
tls_outgoing_options cafile={root}
acl first at_step SslBump1
{bump}
http_access allow all
cache deny all
access_log none
cache_log {folder}/cache.log
cache_store_log none
pid_filename none
netdb_filename none
coredump_dir {folder}
shutdown_lifetime 1 seconds
visible_hostname bench
"""


def squid(folder: Path, origin: Origin, core: int, ca: Path, *, passing: bool = False) -> System:
    """Squid with ssl-bump (no content check), or splicing after a look at the name."""
    program = shutil.which("squid", path="/usr/sbin:/usr/bin")
    certgen = Path("/usr/lib/squid/security_file_certgen")
    if program is None or not certgen.exists():
        raise MissingError("squid: squid-openssl is not installed")
    port, log = free_port(), folder / "log"
    shutil.copy(ca, folder / "ca.pem")
    subprocess.run(
        [certgen, "-c", "-s", folder / "certs", "-M", "4MB"], check=True, capture_output=True
    )
    bump = "ssl_bump peek first\nssl_bump splice all" if passing else "ssl_bump bump all"
    config = folder / "squid.conf"
    config.write_text(SQUID.format(port=port, folder=folder, root=origin.root, bump=bump))
    if os.geteuid() == 0:  # squid gives up root for its own user
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "proxy", "proxy")
        if any(not parent.stat().st_mode & 1 for parent in folder.parents):
            raise MissingError(f"squid: its user cannot enter {folder}")
    process = pinned([program, "-N", "-f", str(config)], core, log, folder)
    wait("squid", process, log, lambda: answering(port))
    return System(
        name="squid splice" if passing else "squid bump",
        port=port,
        process=process,
        ca=ca,
        cases=frozenset({"pass"} if passing else {"http", "https", "new"}),
    )


def e2guardian(folder: Path, origin: Origin, core: int) -> System:
    """e2guardian with Debian's configuration and lists, phrase lists on: HTTP alone.

    It opens TLS on port 443 only, where our origin is not.
    """
    program = shutil.which("e2guardian", path="/usr/sbin:/usr/bin")
    if program is None or not Path("/etc/e2guardian").is_dir():
        raise MissingError("e2guardian: not installed")
    port, log, home = free_port(), folder / "log", folder / "etc"
    shutil.copytree("/etc/e2guardian", home, symlinks=False, ignore_dangling_symlinks=True)
    for path in [*home.rglob("*.conf"), *home.rglob("*list")]:
        text = path.read_bytes().replace(b"/etc/e2guardian", str(home).encode())
        path.write_bytes(text)
    config = home / "e2guardian.conf"
    settings = {
        "filterports": str(port),
        "filterip": "127.0.0.1",
        "loglevel": "0",
        "pidfilename": f"'{folder}/pid'",
        "loglocation": f"'{folder}/access.log'",
        "dockermode": "on",  # stay in the foreground
        "httpworkers": "100",
        "daemonuser": "'root'" if os.geteuid() == 0 else None,
        "daemongroup": "'root'" if os.geteuid() == 0 else None,
    }
    kept = [
        line
        for line in config.read_text(errors="surrogateescape").splitlines()
        if line.partition("=")[0].strip() not in settings
    ]
    kept += [f"{name} = {value}" for name, value in settings.items() if value is not None]
    config.write_text("\n".join(kept) + "\n", errors="surrogateescape")
    process = pinned([program, "-N", "-c", str(config)], core, log, folder)
    wait("e2guardian", process, log, lambda: answering(port))
    return System(
        name="e2guardian",
        port=port,
        process=process,
        ca=origin.root,
        cases=frozenset({"http"}),
    )
