"""`qinglang up`: from a plan to a running node, and back to nothing left behind.

Folders, CA and keys, sockets, node.json, the first publication, the children's
command lines, the status port, the supervisor. Each step is done elsewhere; here
is their order, and what is put away again at the end. What people read is in
`gateway/announce.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from gateway import authority
from gateway.launch import LIFELINE
from gateway.node import Node
from gateway.reload import ROOMS, Publication, Result, in_force, read_publication
from gateway.settings import Plan
from gateway.sockets import Opened, open_all
from gateway.status import Desk, StatusServer
from gateway.supervisor import PUBLICATION, RELOAD_REQUEST, Supervisor
from gateway.workers import Pool, Spec
from rules.load import DataError, Problem, WorldError

PYTHON = (sys.executable, "-O", "-P")
LOCK = "supervisor.lock"
PID = "supervisor.pid"
CORES_PER_DNS = 4  # one DNS process answers more than four workers' pages ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A node about to run: what the announcement tells."""

    plan: Plan
    node: Node
    opened: Opened
    authority: authority.Authority
    publication: Publication


Say = Callable[[str], None]


def up(plan: Plan, *, say: Say, log: Say, ready: Callable[[Prepared], None]) -> int:
    """Run the node until it is told to stop; the value is the exit code.

    `say` tells of progress, `log` of what happens later. Raises DataError where
    nothing good was ever in force, WorldError where a port, folder or key cannot be had.
    """
    data_folders(plan.node)
    _more_files()
    with _alone(plan.node), contextlib.ExitStack() as stack:
        found = authority.ensure(plan.node.ca, datetime.now(UTC))
        authority.ensure_keys(plan.node.data / "keys")
        _secrets(plan.node)
        _images(plan.node)
        if plan.node.applications:
            from gateway.masking.keyring import usable

            usable(plan.node.applications)
        opened = open_all(plan)
        stack.callback(opened.close)
        node = replace(opened.node, data=plan.node.data)
        clean_run(node)
        stack.callback(clean_run, node)
        node_file = node.run / "node.json"
        node.write(node_file)
        environment = child_environment(node, os.environ)
        say("正在编译规则与策略（首次可能需要半分钟）… / compiling rules and policies …")
        publication = first_publication(node, node_file, environment)
        prepared = Prepared(
            plan=plan, node=node, opened=opened, authority=found, publication=publication
        )
        return _serve(prepared, node_file, environment, log, lambda: ready(prepared))


def _serve(
    prepared: Prepared,
    node_file: Path,
    environment: Mapping[str, str],
    log: Say,
    ready: Callable[[], None],
) -> int:
    node, plan = prepared.node, prepared.plan
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = environment["PROMETHEUS_MULTIPROC_DIR"]
    from gateway import metrics  # reads that variable when it is imported

    metrics.Metrics().built(version("qinglang"))
    folder = node.run / "metrics"
    pool = Pool(
        specs(node, node_file, prepared.opened),
        environment=environment,
        clock=time.monotonic,
        say=log,
        buried=lambda pid: metrics.forget(folder, pid),
    )
    supervisor = Supervisor(node, pool, publish=publish_command(node_file), say=log, ready=ready)
    (node.run / PID).write_text(f"{os.getpid()}\n", encoding="ascii")
    server = None
    if prepared.opened.metrics is not None:
        desk = Desk(
            node=node,
            status=supervisor.status,
            metrics=lambda: metrics.render(folder),
            scrape=plan.scrape,
            pac_direct=plan.pac_direct,
            pac_fallback=plan.pac_fallback,
        )
        server = StatusServer(prepared.opened.metrics, desk)
        server.start()
    try:
        return supervisor.run()
    finally:
        if server is not None:
            server.shutdown()
            server.server_close()
        pool.kill()
        pool.close()


def specs(node: Node, node_file: Path, opened: Opened) -> tuple[Spec, ...]:
    """The children of a node. The writer ends last: the others hand it their events."""
    found = [
        Spec(
            name="writer",
            argv=_module("gateway.writer", "--node", str(node_file)),
            ready=node.run / "writer.ready",
            rank=1,
        ),
        Spec(
            name="care",
            argv=_module("gateway.carer", "--node", str(node_file)),
            ready=node.run / "care.ready",
        ),
    ]
    found.append(_identity(node, node_file, opened))
    if node.listeners:
        found += [_worker(node, node_file, opened, index) for index in range(node.workers)]
    if node.bundle:
        argv = _module("gateway.bundle_follow", "--node", str(node_file))
        found.append(Spec(name="bundles", argv=argv))
    if opened.dns_udp is not None and opened.dns_tcp is not None:
        udp, tcp = opened.dns_udp.fileno(), opened.dns_tcp.fileno()
        for index in range(max(1, node.workers // CORES_PER_DNS)):
            options = ("--fd-udp", str(udp), "--fd-tcp", str(tcp))
            found.append(
                Spec(
                    name=f"dns-{index}",
                    argv=_module(
                        "gateway.dns.server",
                        *("--node", str(node_file), "--index", str(index), *options),
                    ),
                    fds=(udp, tcp),
                    ready=node.run / f"dns-{index}.ready",
                    recycle=True,
                    follows=True,
                )
            )
    if node.listeners:
        found.append(
            Spec(
                name="usage",
                argv=_module("gateway.usage_service", "--node", str(node_file)),
                ready=node.run / "usage.ready",
                rank=1,
            )
        )
    if node.signer is None:
        found.append(_signer(node))
    return tuple(found)


def _secrets(node: Node) -> None:
    """Refuse bad secrets and directories at the start, not in a child.

    Raises DataError, WorldError.
    """
    if node.radius is not None:
        from gateway.identity.senders import clients

        clients(node)
    if node.directory is not None:
        from gateway.identity import directory, ldap

        try:
            ldap.context(directory.read(node.directory))
        except OSError as error:
            raise WorldError(f"{node.directory}: trusted_ca: {error}") from error
    if node.oidc is not None:
        from gateway.identity import portal_login

        portal_login.read(node.oidc)[1].close()


def _images(node: Node) -> None:
    """Refuse a bad image model at the start, not in a child. Raises DataError, WorldError."""
    if node.images is not None:
        paths = (node.images.model, node.images.labels, *node.rules)
        done = subprocess.run(
            [*PYTHON, "-m", "gateway.images", *map(str, paths)],
            env=child_environment(node, os.environ),
            capture_output=True,
            check=False,
        )
        said = done.stderr.decode("utf-8", "replace").strip()
        if done.returncode == 2:
            raise RefusedError((said,))
        if done.returncode:
            raise WorldError(said)


def _identity(node: Node, node_file: Path, opened: Opened) -> Spec:
    """The identity service; it outlives the workers, who follow it."""
    given = (("--fd-radius", opened.radius), ("--fd-api", opened.identity_api))
    fds = [(option, each.fileno()) for option, each in given if each is not None]
    options = [word for option, number in fds for word in (option, str(number))]
    return Spec(
        name="identity",
        argv=_module("gateway.identity.service", "--node", str(node_file), *options),
        fds=tuple(number for _, number in fds),
        ready=node.run / "identity.ready",
        rank=1,
    )


def _signer(node: Node) -> Spec:
    """A signer of our own; it ends after the writer, which has its last seal signed."""
    places = node.anchors or (f"file:{node.data / 'anchors'}",)
    return Spec(
        name="signer",
        argv=_module(
            "gateway.signer",
            *("--folder", str(node.data / "signer"), "--socket", str(node.signer_socket)),
            *("--node", node.name, "--ready", str(node.run / "signer.ready")),
            *(word for place in places for word in ("--anchor", place)),
        ),
        ready=node.run / "signer.ready",
        rank=2,
    )


def _worker(node: Node, node_file: Path, opened: Opened, index: int) -> Spec:
    listeners = [
        {"fd": each.fileno(), "kind": str(node.listeners[place].kind), "listener": place}
        for place, each in enumerate(opened.listeners)
    ]
    return Spec(
        name=f"worker-{index}",
        argv=_module(
            "gateway.mitm.worker",
            *("--node", str(node_file), "--index", str(index)),
            *("--listeners", json.dumps(listeners)),
        ),
        fds=tuple(each.fileno() for each in opened.listeners),
        ready=node.run / f"worker-{index}.ready",
        recycle=True,
        follows=True,
    )


def _module(*argv: str) -> tuple[str, ...]:
    return (*PYTHON, "-m", "gateway.launch", *argv)


def publish_command(node_file: Path) -> tuple[str, ...]:
    """One publication in a process of its own: it may need much memory, the supervisor not."""
    return _module("gateway.reload", "--node", str(node_file))


def first_publication(node: Node, node_file: Path, environment: Mapping[str, str]) -> Publication:
    """Publish before anything serves. A refusal is fatal only where nothing good exists."""
    (node.run / PUBLICATION).unlink(missing_ok=True)
    lifeline, end = os.pipe()
    try:
        done = subprocess.run(
            publish_command(node_file),
            env={**environment, LIFELINE: str(lifeline)},
            pass_fds=(lifeline,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
    finally:
        os.close(lifeline)
        os.close(end)
    found = read_publication(node.run / PUBLICATION)
    if found is None:
        raise WorldError(f"编译进程异常退出 / the compiling process ended with {done.returncode}")
    if not found.good and not in_force(node).snapshot:
        if found.result is Result.REFUSED:
            raise RefusedError(found.problems)
        raise WorldError("; ".join(found.problems))
    return found


class RefusedError(DataError):
    """The first publication's problems, already told with their places."""

    def __init__(self, said: tuple[str, ...]) -> None:
        Exception.__init__(self, "\n".join(said))
        self.problems: tuple[Problem, ...] = ()


def data_folders(node: Node) -> None:
    """The data folders, for the owner only."""
    for path in (node.data, node.run, node.ca, node.events, node.rulebase, node.snapshot):
        authority.private_folder(path)
    authority.private_folder(node.data / "keys")


def _more_files() -> None:
    """As many open files as the system lets us have; the usual 1024 is 500 connections."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def clean_run(node: Node) -> None:
    """Remove what a run leaves: pid and ready files, sockets, metrics; never data."""
    shutil.rmtree(node.run / "metrics", ignore_errors=True)
    (node.run / "metrics").mkdir(mode=0o700, exist_ok=True)
    for pattern in ("*.ready", "*.sock", "*.tmp", PID, RELOAD_REQUEST):
        for path in node.run.glob(pattern):
            path.unlink(missing_ok=True)


def child_environment(node: Node, inherited: Mapping[str, str]) -> dict[str, str]:
    """What children may see of our environment, and where they find code and metrics."""
    kept = {
        name: value
        for name, value in inherited.items()
        if name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONDONTWRITEBYTECODE")
        or name.startswith("QINGLANG_")
    }
    return {
        **kept,
        "PYTHONPATH": str(ROOMS),
        "PYTHONUTF8": "1",
        "PROMETHEUS_MULTIPROC_DIR": str(node.run / "metrics"),
    }


@contextlib.contextmanager
def _alone(node: Node) -> Iterator[None]:
    """Hold the data folder: two gateways on one would write over each other."""
    handle = os.open(node.run / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise WorldError(
            f"{node.data}: 已有一个网关在用这个数据目录 / another gateway uses this folder"
        ) from error
    try:
        yield
    finally:
        os.close(handle)  # the file stays: removing it would let two in at once


def running(node: Node) -> int:
    """The supervisor's pid; 0 where none runs on this data folder."""
    try:
        handle = os.open(node.run / LOCK, os.O_RDWR)
    except OSError:
        return 0
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with contextlib.suppress(OSError, ValueError):
            return int((node.run / PID).read_text(encoding="ascii"))
    finally:
        os.close(handle)
    return 0
