"""The collector over SSH, on many hosts at once: one round trip each, nothing left behind. A door.

Strict host keys (an unknown or changed key is an error, never a question), keys only: no
password, no agent, no forwarding, no configuration of the user's. The scope is asked before
every connection, jump hosts are named in the inventory, and whatever goes wrong with a host
becomes Evidence that says so: a host that cannot be reached is unknown, never a pass.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from audit.model import Evidence, Target
from audit.probes import host
from audit.probes.collect import script
from audit.probes.collected import MAX_OUTPUT
from audit.probes.web.collected import all_evidence
from audit.scope import Scope, refusal
from rules.load import WorldError

METHOD = "SSH 采集脚本（只读，一次往返）/ the collector script over SSH, one round trip"
PLAIN = "exec sh -s"
WITH_SUDO = "sh -c 'if sudo -n sh -c : 2>/dev/null; then exec sudo -n sh -s; else exec sh -s; fi'"
CHUNK = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How hosts are entered. `keys` are private key files without a passphrase."""

    user: str
    keys: tuple[Path, ...]
    known_hosts: Path
    sudo: bool = False
    connect_seconds: float = 15.0
    host_seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    done: int
    total: int
    target: str
    problem: str


class _Pace:
    """At most `per_minute` connections begin in a minute."""

    def __init__(self, per_minute: int) -> None:
        self.gap = 60.0 / per_minute
        self.next = 0.0
        self.lock = asyncio.Lock()

    async def turn(self) -> None:
        async with self.lock:
            now = time.monotonic()
            wait = self.next - now
            self.next = max(now, self.next) + self.gap
        if wait > 0:
            await asyncio.sleep(wait)


def loaded_keys(paths: Sequence[Path]) -> list[Any]:
    """The private keys. Raises WorldError for one that is missing, locked or open to others."""
    found = []
    for path in paths:
        try:
            if path.stat().st_mode & 0o077:
                raise WorldError(f"{path}: 私钥对他人可读 / others may read it: chmod 600")
            found.append(asyncssh.read_private_key(str(path)))
        except (OSError, asyncssh.KeyImportError) as error:
            raise WorldError(f"{path}: 私钥不可用 / the key cannot be used: {error}") from error
    return found


async def collect(
    targets: Sequence[Target],
    *,
    login: Login,
    scope: Scope,
    keep: Callable[[Evidence], None],
    progress: Callable[[Progress], None] = lambda _: None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Collect from all targets; each Evidence is handed to `keep` as soon as it is there."""
    if not login.known_hosts.is_file():
        raise WorldError(f"{login.known_hosts}: 没有已知主机密钥文件 / no known_hosts file")
    keys = loaded_keys(login.keys)
    pace, room = _Pace(scope.per_minute), asyncio.Semaphore(scope.concurrency)
    done = 0

    async def one(target: Target) -> None:
        nonlocal done
        async with room:
            await pace.turn()
            found = await _evidence(target, login, keys, scope, clock)
        done += 1
        for each in found:
            keep(each)
        said = found[0].problem
        progress(Progress(done=done, total=len(targets), target=target.id, problem=said))

    async with asyncio.TaskGroup() as group:
        for target in targets:
            group.create_task(one(target))


async def _evidence(
    target: Target, login: Login, keys: list[Any], scope: Scope, clock: Callable[[], float]
) -> tuple[Evidence, ...]:
    """The host's evidence first, then that of the servers found on it."""
    taken = clock()
    killed = bool(scope.kill_file) and Path(scope.kill_file).exists()
    refused = refusal(scope, target, taken, killed=killed)
    if refused:
        said = f"scope: {refused.zh} / {refused.en}"
        return (host.nothing(target.id, said, method=METHOD, taken=taken),)
    raw, problem = await _raw(target, login, keys)
    if problem and not raw:
        return (host.nothing(target.id, problem, method=METHOD, taken=taken),)
    return await asyncio.to_thread(
        all_evidence, target.id, raw, method=METHOD, taken=clock(), live=True, problem=problem
    )


async def _raw(target: Target, login: Login, keys: list[Any]) -> tuple[bytes, str]:
    """What the host printed, and what went wrong."""
    output = bytearray()
    try:
        async with asyncio.timeout(login.host_seconds):
            await _session(target, login, keys, output)
    except TimeoutError:
        return bytes(output), f"timeout: 超过 {login.host_seconds:g} 秒 / took too long"
    except asyncssh.HostKeyNotVerifiable as error:
        return b"", f"host-key: 主机密钥不符或未知 / host key changed or unknown: {error.reason}"
    except asyncssh.PermissionDenied:
        return b"", "login: 密钥登录被拒 / the host refused our key"
    except asyncssh.Error as error:
        return bytes(output), f"ssh: {str(error.reason)[:200]}"
    except OSError as error:
        return bytes(output), f"unreachable: 无法连接 / {str(error)[:200]}"
    except ValueError as error:  # what a hostile server makes the protocol code raise
        return bytes(output), f"ssh: {type(error).__name__}"
    return bytes(output), "" if output else "ssh: 没有输出 / the host printed nothing"


async def _session(target: Target, login: Login, keys: list[Any], output: bytearray) -> None:
    access = target.access
    jumps = [hop for hop in access.get("jump", "").split(",") if hop]
    opened: list[Any] = []
    try:
        for hop in jumps:
            opened.append(await _connect(*_hop(hop, login), login, keys, opened))
        user = access.get("user", login.user)
        port = int(access.get("port", "22"))
        address = target.address or target.id
        chosen = loaded_keys([Path(access["key"])]) if access.get("key") else keys
        last = await _connect(address, port, user, login, chosen, opened)
        opened.append(last)
        await _run(last, access.get("sudo", "").lower() in ("yes", "true") or login.sudo, output)
    except WorldError as error:
        raise OSError(str(error)) from error
    finally:
        for connection in reversed(opened):
            connection.abort()


def _hop(text: str, login: Login) -> tuple[str, int, str]:
    user, at, place = text.rpartition("@")
    name, _, port = place.partition(":")
    return name, int(port or "22"), user if at else login.user


async def _connect(
    address: str, port: int, user: str, login: Login, keys: list[Any], opened: list[Any]
) -> Any:
    return await asyncssh.connect(
        address,
        port,
        username=user,
        client_keys=keys,
        known_hosts=str(login.known_hosts),
        tunnel=opened[-1] if opened else (),
        agent_path=None,
        agent_forwarding=False,
        x11_forwarding=False,
        config=[],
        preferred_auth="publickey",
        gss_host=None,
        password=None,
        client_host_keysign=False,
        compression_algs=["zlib@openssh.com", "none"],
        connect_timeout=login.connect_seconds,
        login_timeout=login.connect_seconds,
        keepalive_interval=15,
    )


async def _run(connection: Any, sudo: bool, output: bytearray) -> None:
    process = await connection.create_process(
        WITH_SUDO if sudo else PLAIN, encoding=None, request_pty=False, stderr=asyncssh.DEVNULL
    )
    process.stdin.write(script().encode())
    process.stdin.write_eof()
    while len(output) < MAX_OUTPUT:
        chunk = await process.stdout.read(CHUNK)
        if not chunk:
            return
        output += chunk
    process.kill()


def run(
    targets: Sequence[Target],
    *,
    login: Login,
    scope: Scope,
    keep: Callable[[Evidence], None],
    progress: Callable[[Progress], None] = lambda _: None,
) -> None:
    """`collect`, to its end. Raises WorldError."""
    try:
        asyncio.run(collect(targets, login=login, scope=scope, keep=keep, progress=progress))
    except* WorldError as group:
        raise group.exceptions[0] from None
