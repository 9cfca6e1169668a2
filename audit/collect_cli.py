"""`qinglang audit collect…`: the collector script, collecting here or over SSH, importing, scopes.

Exit codes: 0 everything was collected · 1 of some targets nothing · 2 bad input · 3 the world
failed. A door: arguments in, evidence files and lines of text out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from audit.model import Evidence, ObjectClass, Target
from audit.probes import collect, local, shelf
from audit.probes.linux import facts
from audit.probes.web.collected import all_evidence
from audit.sampling import sample
from audit.scope import Scope
from audit.targets import Inventory, load_inventory, within
from rules.load import DataError, Problem, WorldError

IMPORTED = "离线采集后导入 / collected offline, then imported"


def register(commands: Any) -> None:
    """Add the commands of collecting to `audit`."""
    one = commands.add_parser(
        "collect-script", help="只读采集脚本 / the read-only collector script"
    )
    one.add_argument("--output", type=Path, metavar="FILE")
    one.add_argument("--show", action="store_true", help="列出读取的内容 / list what it reads")
    one.add_argument("--facts", action="store_true", help="事实文档说明 / page of the facts")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_script)

    one = commands.add_parser("import-collected", help="导入采集结果 / import what it printed")
    one.add_argument("files", type=Path, nargs="+", metavar="FILE")
    one.add_argument(
        "--target", default="", metavar="ID", help="对象 / target (default: file name)"
    )
    one.add_argument("--output", type=Path, metavar="DIR", help="证据目录 / folder for evidence")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_import)

    one = commands.add_parser("collect", help="采集证据 / collect evidence: here or over SSH")
    one.add_argument("--target", default="", metavar="local|ID")
    one.add_argument("--inventory", type=Path, metavar="FILE")
    one.add_argument(
        "--system", default="", metavar="ID", help="定级对象 / for foreign inventories"
    )
    one.add_argument("--scope", type=Path, metavar="FILE", help="签名的授权范围 / the signed scope")
    one.add_argument("--signers", type=Path, metavar="FILE")
    one.add_argument("--user", default="audit")
    one.add_argument("--key", type=Path, action="append", default=[], metavar="FILE")
    one.add_argument("--known-hosts", type=Path, metavar="FILE")
    one.add_argument("--sudo", action="store_true", help="sudo -n，不输口令 / never asks")
    one.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS")
    one.add_argument("--sample", type=int, metavar="SEED", help="按抽样计划 / by the sampling plan")
    one.add_argument("--again", action="store_true", help="已有的也重采 / also what is there")
    one.add_argument("--output", type=Path, metavar="DIR", help="证据目录 / folder for evidence")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_collect)

    one = commands.add_parser("sample", help="抽样计划 / the sampling plan")
    one.add_argument("--inventory", type=Path, required=True, metavar="FILE")
    one.add_argument("--system", default="", metavar="ID")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_sample)

    room = commands.add_parser("scope", help="授权范围：签名、核验 / the scope: sign, verify")
    inner = room.add_subparsers(dest="scope_command", required=True, metavar="COMMAND")
    one = inner.add_parser("key", help="新的签名密钥 / a new signing key")
    one.add_argument("id")
    one.add_argument("--out", type=Path, required=True, metavar="FILE")
    one.set_defaults(run=_scope_key)
    one = inner.add_parser("sign", help="签名 / sign")
    one.add_argument("scope", type=Path, metavar="FILE")
    one.add_argument("--signer", required=True, metavar="ID")
    one.add_argument("--key", type=Path, required=True, metavar="FILE")
    one.set_defaults(run=_scope_sign)
    one = inner.add_parser("verify", help="核验 / verify")
    one.add_argument("scope", type=Path, metavar="FILE")
    one.add_argument("--signers", type=Path, required=True, metavar="FILE")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_scope_verify)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _bad(place: str, message: str, remedy: str = "") -> DataError:
    return DataError([Problem(file=place, line=1, column=1, message=message, remedy=remedy)])


def _script(options: argparse.Namespace) -> int:
    listed = collect.allow_list()
    if options.json:
        rows = [asdict(one) for one in listed.sections]
        _say(json.dumps({"version": collect.version(), "sections": rows}, ensure_ascii=False))
    elif options.facts:
        from audit.probes.linux.facts_page import page

        sys.stdout.write(page())
    elif options.show:
        for one in listed.sections:
            root = " [root]" if one.root else ""
            what = " ".join(one.command) if one.command else " ".join(one.paths)
            _say(f"{one.id:18} {one.kind:8} {one.zh} / {one.en}{root}\n{'':27} {what}")
    elif options.output:
        options.output.write_text(collect.script(), encoding="utf-8")
        _say(f"{options.output}  version {collect.version()}  sections {len(listed.sections)}")
    else:
        sys.stdout.write(collect.script())
    return 0


def _row(one: Evidence) -> dict[str, Any]:
    document = one.document or {}
    system = document.get("os") or {}
    return {
        "target": one.target,
        "id": one.id,
        "digest": one.digest,
        "problem": one.problem,
        "os": system.get("id"),
        "version": system.get("version"),
        "families": system.get("families", []),
        "root": (document.get("collection") or {}).get("root"),
        "whole": (document.get("collection") or {}).get("whole"),
        "facts": facts.count(_facts(document)),
        "gaps": [gap["path"] for gap in document.get("gaps", ())],
    }


def _facts(document: dict[str, Any]) -> dict[str, Any]:
    aside = ("format", "platform", "gaps", "sources", "collection")
    return {name: one for name, one in document.items() if name not in aside}


def _told(found: Sequence[Evidence], options: argparse.Namespace, **more: Any) -> int:
    failed = [one for one in found if one.problem]
    if options.json:
        rows = [_row(one) for one in found]
        _say(json.dumps({"evidence": rows, "failed": len(failed), **more}, ensure_ascii=False))
    else:
        for one in found:
            row = _row(one)
            known = f"{row['os']} {row['version']}" if row["os"] else one.probe
            state = one.problem or f"{known} · {row['facts']} 项事实 / facts"
            gaps = f" · {len(row['gaps'])} 处未能查看 / gaps" if row["gaps"] else ""
            _say(f"{one.target:24} {state}{gaps}")
    return 1 if failed else 0


def _import(options: argparse.Namespace) -> int:
    if options.target and len(options.files) > 1:
        raise _bad("--target", "只能用于一个文件 / is for one file only")
    found: list[Evidence] = []
    for path in options.files:
        if path.stat().st_size > collect_limit():
            raise _bad(str(path), "文件过大 / the file is too large")
        taken = time.time()
        name = options.target or path.stem
        raw = path.read_bytes()
        some = all_evidence(name, raw, method=IMPORTED, taken=taken, live=False)
        if some[0].document is None:
            raise _bad(str(path), some[0].problem, "qinglang audit collect-script")
        found += some
    for one in found:
        if options.output:
            shelf.keep(options.output, one)
    return _told(found, options)


def collect_limit() -> int:
    from audit.probes.collected import MAX_OUTPUT

    return MAX_OUTPUT


def _collect(options: argparse.Namespace) -> int:
    if options.target == "local":
        here = local.all_evidence()
        for one in here if options.output else ():
            shelf.keep(options.output, one)
        return _told(here, options, cpu_seconds=round(local.cpu_seconds(), 2))
    if not options.inventory:
        raise _bad("--inventory", "需要 --target local 或 --inventory / one of them is needed")
    inventory = _chosen(load_inventory(options.inventory, options.system), options)
    if inventory.left_behind:
        sys.stderr.write(
            f"{options.inventory}: 有 {inventory.left_behind} 个口令未被导入"
            f" / {inventory.left_behind} passwords were left behind\n"
        )
    return _over_ssh(inventory, options)


def _chosen(inventory: Inventory, options: argparse.Namespace) -> Inventory:
    targets = tuple(
        one for one in inventory.targets if one.kind in (ObjectClass.SERVER, ObjectClass.TERMINAL)
    )
    chosen = replace(inventory, targets=targets)
    if options.target:
        chosen = within(chosen, (options.target,))
        if not chosen.targets:
            raise _bad("--target", f"`{options.target}` 不在清单中 / is not in the inventory")
    if options.sample is not None:
        chosen = within(chosen, sample(chosen.targets, options.sample).chosen)
    return chosen


def _over_ssh(inventory: Inventory, options: argparse.Namespace) -> int:
    for name in ("scope", "signers", "known_hosts"):
        if getattr(options, name) is None:
            raise _bad(f"--{name.replace('_', '-')}", "SSH 采集需要 / collecting over SSH needs it")
    scope = believed(options.scope, options.signers)
    there = shelf.taken(options.output) if options.output and not options.again else set()
    wanted = [one for one in inventory.targets if one.id not in there]
    found: list[Evidence] = []

    def keep(one: Evidence) -> None:
        found.append(one)
        if options.output:
            shelf.keep(options.output, one)

    _run_all(wanted, scope, keep, options)
    return _told(sorted(found, key=lambda one: one.target), options, skipped=sorted(there))


def _run_all(
    wanted: list[Target], scope: Scope, keep: Callable[[Evidence], None], given: argparse.Namespace
) -> None:
    """Targets of the kind `local` here, the rest over SSH."""
    here = [one for one in wanted if one.access.get("via") == "local"]
    for one in here:
        for each in local.all_evidence(one.id):
            keep(each)
    over_ssh([one for one in wanted if one.access.get("via", "ssh") == "ssh"], scope, keep, given)


def over_ssh(
    targets: Sequence[Target],
    scope: Scope,
    keep: Callable[[Evidence], None],
    given: argparse.Namespace,
) -> None:
    """Collect from every target with the login of the command line; progress on a terminal."""
    from audit.probes import ssh

    def progress(step: ssh.Progress) -> None:
        if sys.stderr.isatty():
            mark = "×" if step.problem else "✓"
            sys.stderr.write(f"\r\x1b[K{step.done}/{step.total} {mark} {step.target}")
            sys.stderr.write("\n" if step.done == step.total else "")

    login = ssh.Login(
        user=given.user,
        keys=tuple(given.key),
        known_hosts=given.known_hosts,
        sudo=given.sudo,
        host_seconds=given.timeout,
    )
    ssh.run(targets, login=login, scope=scope, keep=keep, progress=progress)


def believed(path: Path, signers: Path) -> Any:
    """The scope that enough people signed. Raises DataError."""
    from audit.scope import ScopeError, believe
    from policies.bundle import Signers
    from rules.load import load

    signatures = path.with_name(path.name + ".sig")
    if not signatures.is_file():
        raise _bad(
            str(signatures), "没有签名 / there are no signatures", "qinglang audit scope sign"
        )
    try:
        return believe(
            path.read_bytes(), signatures.read_bytes(), load(Signers, signers), str(path)
        )
    except ScopeError as error:
        raise _bad(str(path), str(error)) from error


def _sample(options: argparse.Namespace) -> int:
    plan = sample(load_inventory(options.inventory, options.system).targets, options.seed)
    if options.json:
        _say(json.dumps(asdict(plan), ensure_ascii=False))
        return 0
    for name, population, taken in plan.strata:
        _say(f"{name:50} {taken}/{population}")
    _say("\n".join(plan.chosen))
    return 0


def _scope_key(options: argparse.Namespace) -> int:
    import base64
    import os

    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    try:
        handle = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise _bad("--out", f"{options.out} 已存在 / exists already") from error
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    text = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    _say(f"  - {{id: {options.id}, key: {text}}}")
    return 0


def _scope_sign(options: argparse.Namespace) -> int:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit.scope import signed
    from rules.load import load

    load(Scope, options.scope)  # nobody signs what cannot be read
    try:
        key = form.load_pem_private_key(options.key.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise WorldError(f"{options.key}: 私钥不可用 / the key cannot be used") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise WorldError(f"{options.key}: 不是 Ed25519 私钥 / no Ed25519 key")
    path = options.scope.with_name(options.scope.name + ".sig")
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(signed(options.scope.read_bytes(), options.signer, key, before))
    _say(f"{path}")
    return 0


def _scope_verify(options: argparse.Namespace) -> int:
    scope = believed(options.scope, options.signers)
    if options.json:
        _say(json.dumps(asdict(scope), ensure_ascii=False))
    else:
        _say(f"{scope.id}: {len(scope.targets)} 个对象 / targets, {scope.begins} – {scope.ends}")
    return 0
