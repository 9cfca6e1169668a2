"""The bundles of one node: verified, unpacked, put in force in one step, taken back.

`<data>/bundles` holds `signers.yaml` (whose signatures count), `state.json` (the highest
revision ever taken, what was given back), the bundles as they came and one folder per
revision; the link `current` names the one in force. A folder whose files are not what
its bundle says is never compiled: the last good snapshot stays. A bundle that does not
compile is never linked. This module is a door to that folder; the clock is a parameter.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

from gateway.authority import private_folder, write_private
from gateway.node import Node
from gateway.orders import Orders
from policies.bundle import (
    MAX_BYTES,
    Accepted,
    Bundle,
    BundleError,
    Signers,
    admit,
    read,
    verify,
)
from rules.load import DataError, Problem, WorldError, load

CURRENT, PREVIOUS, STATE, SIGNERS = "current", "previous", "state.json", "signers.yaml"
SUFFIX = ".bundle"
KEPT = 5  # revisions kept on disk beside those the links name


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a node remembers about bundles. Times are Unix seconds."""

    revision: int = 0
    digest: str = ""
    withdrawn: tuple[str, ...] = ()
    applied_at: float = 0.0
    signed_by: tuple[str, ...] = ()
    note: str = ""  # the last thing that happened, for people
    etag: str = ""  # of the last answer of the server, refused ones too
    refused: str = ""  # why the last bundle was refused; empty where it was not


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A bundle that was put in force (or was so already)."""

    revision: int
    digest: str
    signed_by: tuple[str, ...]
    changed: bool


def root(node: Node) -> Path:
    return node.data / "bundles"


def folders(node: Node) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The policy and list folders of the bundle in force; both empty where there is none.

    Raises DataError where a file is not what the signed bundle says.
    """
    place = in_force(node)
    if not place:
        return (), ()
    _whole(root(node), place)
    made = root(node) / CURRENT
    policy, rules = made / "policies", made / "rules"
    return (
        (policy,) if policy.is_dir() else (),
        (rules,) if rules.is_dir() else (),
    )


def in_force(node: Node) -> str:
    """The name of the revision's folder that `current` names; empty where there is none."""
    return _target(root(node) / CURRENT)


def state(node: Node) -> State:
    """What this node remembers; a damaged file is an error, never a fresh start."""
    path = root(node) / STATE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return State(
            revision=int(found["revision"]),
            digest=str(found["digest"]),
            withdrawn=tuple(map(str, found["withdrawn"])),
            applied_at=float(found["applied_at"]),
            signed_by=tuple(map(str, found["signed_by"])),
            note=str(found["note"]),
            etag=str(found["etag"]),
            refused=str(found["refused"]),
        )
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorldError(f"{path}: 无法读取 / cannot be read: {error}") from error


def signers(node: Node) -> Signers:
    """Whose signatures count. Raises DataError where the file is absent or wrong."""
    return load(Signers, root(node) / SIGNERS)


def needed(node: Node) -> int:
    """How many signatures the district's policy in force asks for."""
    link = node.snapshot / CURRENT
    try:
        found = json.loads(link.read_text(encoding="utf-8"))
        return max(
            (int(one.get("signatures", 1)) for one in found["policies"] if one["id"] == "district"),
            default=1,
        )
    except FileNotFoundError:
        return 1  # nothing is in force yet: the signers' file decides alone
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorldError(f"{link}: 无法读取 / cannot be read: {error}") from error


def checked(node: Node, data: bytes) -> tuple[Bundle, tuple[str, ...]]:
    """The bundle in these bytes and who signed it. Raises BundleError, DataError."""
    bundle = read(data)
    return bundle, verify(bundle, signers(node), needed(node))


def apply(node: Node, data: bytes, now: float) -> Applied:
    """Verify, unpack, try, put in force. Raises BundleError or DataError: nothing changed."""
    with _alone(node):
        before = state(node)
        bundle, by = checked(node, data)
        admit(bundle, _accepted(before))
        place = _name(bundle)
        if in_force(node) == place and _is_whole(root(node), place):
            return _applied(bundle, by, changed=False)
        _shelve(node, bundle, data)
        fresh = State(
            revision=bundle.manifest.revision,
            digest=bundle.digest,
            withdrawn=before.withdrawn,
            applied_at=now,
            signed_by=by,
            note=f"第 {bundle.manifest.revision} 版已生效 / revision in force",
            etag=before.etag,
        )
        _remember(node, fresh)
        old = in_force(node)
        if old and old != place:
            _link(root(node) / PREVIOUS, old)
        _link(root(node) / CURRENT, place)
        _prune(node)
        return _applied(bundle, by, changed=True)


def rollback(node: Node, why: str) -> str:
    """Give the revision in force back; it is never taken again. Returns what is in force now.

    The previous bundle is read and verified anew; where there is none, the node goes back
    to its own policy folders (""). Raises WorldError, BundleError, DataError.
    """
    with _alone(node):
        now = in_force(node)
        if not now:
            raise WorldError("没有生效中的策略包 / no bundle is in force")
        before = state(node)
        old = _target(root(node) / PREVIOUS)
        if old:
            data = (root(node) / f"{old}{SUFFIX}").read_bytes()
            bundle, _ = checked(node, data)
            _shelve(node, bundle, data)
        gone = before.digest if now == _folder(before.revision, before.digest) else ""
        noted = f"{now} 已撤回：{why} / rolled back"
        withdrawn = tuple(filter(None, (*before.withdrawn, gone)))
        _remember(node, replace(before, withdrawn=withdrawn, note=noted, applied_at=0.0))
        if old:
            _link(root(node) / CURRENT, old)
        else:
            (root(node) / CURRENT).unlink()
        with suppress(FileNotFoundError):
            (root(node) / PREVIOUS).unlink()
        return old


def remember_answer(node: Node, etag: str, refused: str) -> None:
    """Note the server's last answer, so that a refused bundle is not fetched again and again."""
    with _alone(node):
        _remember(node, replace(state(node), etag=etag, refused=refused))


def current_bundle(node: Node) -> Bundle | None:
    """The bundle in force, as signed; None where there is none."""
    place = in_force(node)
    return read(_read(root(node) / f"{place}{SUFFIX}")) if place else None


# -- inside the folder --------------------------------------------------------------


def _accepted(known: State) -> Accepted:
    return Accepted(revision=known.revision, digest=known.digest, withdrawn=known.withdrawn)


def _applied(bundle: Bundle, by: tuple[str, ...], *, changed: bool) -> Applied:
    return Applied(
        revision=bundle.manifest.revision, digest=bundle.digest, signed_by=by, changed=changed
    )


def _name(bundle: Bundle) -> str:
    return _folder(bundle.manifest.revision, bundle.digest)


def _folder(revision: int, digest: str) -> str:
    return f"{revision:06d}-{digest[:16]}"


def _shelve(node: Node, bundle: Bundle, data: bytes) -> None:
    """Unpack beside, try to compile, then move into place. Half of it is never seen."""
    shelf, place = root(node), _name(bundle)
    fresh = shelf / ".new"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        private_folder(fresh)
        for path, content in bundle.files().items():
            target = fresh / path
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(target, content)
        _try(node, fresh)
        write_private(shelf / f"{place}{SUFFIX}", data)
        _away(shelf / place)
        fresh.rename(shelf / place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _try(node: Node, fresh: Path) -> None:
    """Whether this would compile on this node. Raises DataError."""
    from policies.compile import compile_policies
    from policies.load import load_policies
    from rules.compile import load_knowledge

    own = (fresh / "rules",) if (fresh / "rules").is_dir() else ()
    knowledge = load_knowledge(node.data, (*node.rules, *own))
    policy = (fresh / "policies",) if (fresh / "policies").is_dir() else ()
    compile_policies(
        load_policies((*node.policy, *policy)),
        categories=knowledge.categories,
        rulebase="",
        orders=Orders(node.data / "orders.jsonl").load(0.0),
    )


def _away(path: Path) -> None:
    """Remove a folder in one step, so that nobody reads half of it."""
    if path.exists():
        old = path.with_name(f".old-{path.name}")
        shutil.rmtree(old, ignore_errors=True)
        path.rename(old)
        shutil.rmtree(old, ignore_errors=True)


def _whole(shelf: Path, place: str) -> None:
    """Raise DataError unless the unpacked files are exactly those of the bundle."""
    try:
        bundle = read(_read(shelf / f"{place}{SUFFIX}"))
    except (BundleError, WorldError) as error:
        raise _wrong(shelf / f"{place}{SUFFIX}", str(error)) from error
    wanted = {entry.path: entry.sha256 for entry in bundle.manifest.entries}
    folder = shelf / place
    found = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    changed = sorted(found.keys() ^ wanted.keys())
    for name in found.keys() & wanted.keys():
        if sha256(_read(found[name])).hexdigest() != wanted[name]:
            changed.append(name)
    if _name(bundle) != place:
        changed.append(place)
    if changed:
        raise _wrong(folder / changed[0], "与签名的策略包不符 / not what was signed")


def _is_whole(shelf: Path, place: str) -> bool:
    try:
        _whole(shelf, place)
    except DataError:
        return False
    return True


def _wrong(path: Path, message: str) -> DataError:
    remedy = "apply the bundle again, or `qinglang policy bundle rollback`"
    return DataError([Problem(file=str(path), line=1, column=1, message=message, remedy=remedy)])


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise WorldError(f"{path}: 太大 / too large")
        return path.read_bytes()
    except OSError as error:
        raise WorldError(f"{path}: 无法读取 / cannot be read: {error.strerror}") from error


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remember(node: Node, known: State) -> None:
    write_private(root(node) / STATE, json.dumps(asdict(known), ensure_ascii=False).encode())


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _link(link: Path, target: str) -> None:
    fresh = link.with_name(f".{link.name}.tmp")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _prune(node: Node) -> None:
    """Remove the oldest revisions beyond KEPT, never those the links name."""
    shelf = root(node)
    named = {_target(shelf / CURRENT), _target(shelf / PREVIOUS)}
    old = sorted(path for path in shelf.glob(f"*{SUFFIX}") if path.stem not in named)
    for path in old[: max(0, len(old) - KEPT)]:
        shutil.rmtree(shelf / path.stem, ignore_errors=True)
        path.unlink()


@contextmanager
def _alone(node: Node) -> Iterator[None]:
    """One change at a time."""
    private_folder(root(node))
    handle = os.open(root(node) / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
