"""`qinglang policy bundle …`: make, sign, check, apply, take back, fetch and serve bundles.

Exit codes: 0 done · 1 refused or taken back · 2 bad input, nothing changed · 3 the world failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.commands import Commands, command, node_of
from gateway.node import Address
from rules.load import DataError, Problem, WorldError, load

if TYPE_CHECKING:
    from policies.bundle import Bundle

DATA_SUFFIXES = (".yaml", ".txt", ".csv", ".json")


def register_bundle(subs: Any) -> None:
    """Add `bundle` and its sub-commands to `policy`."""
    room = subs.add_parser("bundle", help="签名的策略包 / signed policy bundles")
    inner: Commands = room.add_subparsers(dest="bundle_command", required=True, metavar="COMMAND")
    key = command(inner, "key", _guarded(_key), "新的签名密钥 / a new signing key")
    key.add_argument("id", help="签名人 / who signs, e.g. li")
    key.add_argument("--out", type=Path, required=True, metavar="FILE")
    create = command(inner, "create", _guarded(_create), "制作 / make a bundle")
    create.add_argument("folder", type=Path, metavar="DIR", help="策略目录，可含 rules/")
    create.add_argument("--district", required=True, metavar="ID")
    create.add_argument("--revision", type=int, required=True, metavar="N")
    create.add_argument("--note", default="", metavar="TEXT")
    create.add_argument("--created", default="", metavar="TIME")
    create.add_argument(
        "--probation", type=Path, metavar="FILE", help="试用期阈值 / thresholds, YAML"
    )
    create.add_argument("--out", type=Path, required=True, metavar="FILE")
    sign = command(inner, "sign", _guarded(_sign), "签名 / add a signature")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE")
    verify = command(inner, "verify", _guarded(_verify), "核验 / check content and signatures")
    apply = command(inner, "apply", _guarded(_apply), "在本节点生效 / put in force on this node")
    for sub in (sign, verify, apply):
        sub.add_argument("bundle", type=Path, metavar="FILE")
    rollback = command(inner, "rollback", _guarded(_rollback), "撤回 / go back to the previous")
    rollback.add_argument("--why", default="人工撤回 by hand", metavar="TEXT")
    command(inner, "status", _guarded(_status), "生效中的策略包 / what is in force")
    pull = command(inner, "pull", _guarded(_pull), "下载并生效 / fetch and put in force")
    pull.add_argument("url", metavar="URL")
    pull.add_argument("--school", action="append", default=[], metavar="ID")
    pull.add_argument("--every", type=float, default=0.0, metavar="SECONDS")
    serve = command(inner, "serve", _guarded(_serve), "提供下载 / serve to the nodes")
    serve.add_argument("bundle", type=Path, metavar="FILE")
    serve.add_argument("--former", type=Path, metavar="FILE", help="其余节点 / for the others")
    serve.add_argument("--rollout", type=Path, metavar="FILE")
    serve.add_argument("--listen", type=Address.parse, default="127.0.0.1:8443")


def _guarded(handler: Any) -> Any:
    """A handler whose refusals are a sentence and exit code 1."""

    def run(options: argparse.Namespace) -> int:
        from policies.bundle import BundleError

        try:
            return int(handler(options))
        except BundleError as error:
            sys.stderr.write(f"拒绝 refused: {error}\n")
            return 1

    return run


def _key(options: argparse.Namespace) -> int:
    """A private key (owner only), and the line for signers.yaml."""
    import base64

    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gateway.authority import write_private

    if options.out.exists():
        raise _bad("--out", f"{options.out} 已存在 / exists already")
    key = Ed25519PrivateKey.generate()
    write_private(
        options.out,
        key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()),
    )
    text = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    if options.json:
        return _print({"id": options.id, "key": text, "out": str(options.out)})
    sys.stdout.write(f"  - {{id: {options.id}, key: {text}}}\n")
    return 0


def _create(options: argparse.Namespace) -> int:
    from gateway.authority import write_private
    from policies.bundle import create, read
    from policies.rollout import Thresholds

    data = create(
        dict(_files(options.folder)),
        district=options.district,
        revision=options.revision,
        created=options.created or datetime.now(UTC).isoformat(timespec="seconds"),
        note=options.note,
        probation=load(Thresholds, options.probation) if options.probation else None,
    )
    bundle = read(data)
    write_private(options.out, data)
    return _tell(bundle, (), options.json)


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The policy files of a folder and the lists in its `rules/`, by their bundle paths."""
    from policies.load import load_policies

    load_policies([folder])  # every problem, with its place, before anything is made
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix not in DATA_SUFFIXES:
            continue
        name = path.relative_to(folder).as_posix()
        yield (name if name.startswith("rules/") else f"policies/{name}"), path.read_bytes()


def _sign(options: argparse.Namespace) -> int:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    from gateway.authority import write_private
    from policies.bundle import read, sign

    try:
        key = load_pem_private_key(options.key.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise _bad("--key", f"{options.key}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _bad("--key", f"{options.key} 不是 Ed25519 密钥 / is not an Ed25519 key")
    data = sign(read(options.bundle.read_bytes()), key)
    write_private(options.bundle, data)
    bundle = read(data)
    return _tell(bundle, tuple(one.key for one in bundle.signatures), options.json)


def _verify(options: argparse.Namespace) -> int:
    from gateway.bundles import checked

    bundle, by = checked(node_of(options.data), options.bundle.read_bytes())
    return _tell(bundle, by, options.json)


def _apply(options: argparse.Namespace) -> int:
    from gateway.bundles import apply

    done = apply(node_of(options.data), options.bundle.read_bytes(), time.time())
    if options.json:
        return _print(asdict(done))
    said = "已生效 / in force" if done.changed else "没有变化 / nothing changed"
    sys.stdout.write(f"{said}: {done.revision} {done.digest[:16]} ({', '.join(done.signed_by)})\n")
    return 0


def _rollback(options: argparse.Namespace) -> int:
    from gateway.bundles import rollback

    back = rollback(node_of(options.data), options.why)
    if options.json:
        return _print({"in_force": back})
    sys.stdout.write(f"已撤回，现为 / rolled back to: {back or '本地策略 own folders'}\n")
    return 0


def _status(options: argparse.Namespace) -> int:
    """Exit code 0 whole, 1 where what is unpacked is not what was signed."""
    from gateway import bundles

    node = node_of(options.data)
    known = bundles.state(node)
    problem = ""
    try:
        bundles.folders(node)
    except DataError as error:
        problem = str(error)
    place = bundles.in_force(node)
    if options.json:
        _print({"in_force": place, "problem": problem, **asdict(known)})
    else:
        sys.stdout.write(f"生效 in force: {place or '-'}  ({', '.join(known.signed_by)})\n")
        for text in filter(None, (known.note, known.refused, problem)):
            sys.stdout.write(f"  {text}\n")
    return 1 if problem else 0


def _pull(options: argparse.Namespace) -> int:
    """Look once, or for ever; while a bundle is on probation, also look at ourselves."""
    from gateway.bundle_follow import look, schools
    from gateway.bundle_pull import Pull

    node = node_of(options.data)
    while True:
        try:
            asked = tuple(options.school) or schools(node)
            done, back = look(node, options.url, asked, time.time())
            if back:
                sys.stderr.write(f"已自动撤回 / rolled back: {back}\n")
        except WorldError as error:
            if not options.every:
                raise
            sys.stderr.write(f"qinglang: {error}\n")
        else:
            if options.json:
                _print({**asdict(done), "rolled_back": back})
            elif done.outcome is not Pull.UNCHANGED or not options.every:
                sys.stdout.write(f"{done.outcome} {done.revision} {done.said}\n")
            if not options.every:
                return 1 if done.outcome is Pull.REFUSED or back else 0
        sys.stdout.flush()
        time.sleep(options.every)


def _serve(options: argparse.Namespace) -> int:
    from gateway.bundle_server import Offer, server
    from gateway.rollouts import rollout_of
    from policies.bundle import read

    for path in filter(None, (options.bundle, options.former)):
        read(path.read_bytes())
    offer = Offer(
        bundle=options.bundle,
        former=options.former,
        rollout=rollout_of(options.rollout) if options.rollout else None,
        data=options.data,
    )
    listen = Address.parse(options.listen) if isinstance(options.listen, str) else options.listen
    with server(offer, listen, lambda line: print(line, file=sys.stderr)) as running:  # noqa: T201
        host, port = running.server_address[:2]
        sys.stdout.write(f"http://{host!s}:{port}/bundle\n")
        sys.stdout.flush()
        running.serve_forever()
    return 0


def _tell(bundle: Bundle, by: tuple[str, ...], as_json: bool) -> int:
    told: Mapping[str, Any] = {
        "revision": bundle.manifest.revision,
        "district": bundle.manifest.district,
        "digest": bundle.digest,
        "files": len(bundle.manifest.entries),
        "note": bundle.manifest.note,
        "signed_by": list(by),
    }
    if as_json:
        return _print(told)
    sys.stdout.write(
        f"第 {told['revision']} 版 revision {bundle.digest[:16]}, {told['files']} 个文件 files, "
        f"签名 signed: {', '.join(by) or '-'}\n"
    )
    return 0


def _print(value: object) -> int:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
    return 0


def _bad(option: str, message: str) -> DataError:
    return DataError([Problem(file=f"command line {option}", line=1, column=1, message=message)])
