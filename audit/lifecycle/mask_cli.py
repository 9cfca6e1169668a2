"""`qinglang data mask|mask-key|certificate`: arguments in, text or JSON out.

Exit codes: 0 masked and clean (or the certificate holds) · 1 the scan found something and
nothing was published (or the certificate does not hold) · 2 bad input · 3 the world failed.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.lifecycle.recording import add_record, recording
from rules.load import DataError, Problem

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

    from audit.lifecycle.mask_inventory import Known
    from audit.lifecycle.mask_job import Done, Job

TELL_EVERY = 2.0  # seconds


def register(commands: Any) -> None:
    """Add the commands of static masking below `data`."""
    one = commands.add_parser("mask", help="脱敏成一份副本 / make a masked copy")
    one.add_argument("--policy", required=True, metavar="ID|FILE", help="test-copy, sharing, …")
    one.add_argument("--in", dest="source", required=True, metavar="FILE|URL")
    one.add_argument("--out", required=True, metavar="FILE|URL")
    one.add_argument("--in-schema", default="", help="源模式 schema that is read")
    one.add_argument("--out-schema", default="", help="目标模式 schema that is made")
    one.add_argument("--tables", default="", metavar="TABLE,…", help="缺省全部 all by default")
    one.add_argument(
        "--key-file", type=Path, help="缺省一次性密钥 without: a key for this job only"
    )
    one.add_argument(
        "--sign-key", type=Path, metavar="PEM", help="证书签名私钥 signs the certificate"
    )
    one.add_argument("--certificate", type=Path, metavar="FILE")
    one.add_argument("--vault", type=Path, metavar="FILE", help="令牌保险库 where tokens are kept")
    one.add_argument("--roster", type=Path, metavar="FILE")
    one.add_argument("--inventory", type=Path, metavar="JSON", help="`data discover --json`")
    one.add_argument("--plan", action="store_true", help="只看方案 show the plan, mask nothing")
    one.add_argument("--json", action="store_true")
    add_record(one)
    one.set_defaults(run=run_mask)
    key = commands.add_parser("mask-key", help="生成或轮换脱敏密钥 / make or rotate a masking key")
    key.add_argument("file", type=Path)
    key.set_defaults(run=run_key)
    papers = commands.add_parser("certificate", help="脱敏证书 / certificates of masking")
    subs = papers.add_subparsers(dest="certificate_command", required=True, metavar="COMMAND")
    check = subs.add_parser("verify", help="核验证书 / verify one")
    check.add_argument("file", type=Path)
    check.add_argument("--key", type=Path, metavar="PEM", help="信任的公钥 the public key trusted")
    check.add_argument("--result", type=Path, metavar="FILE", help="比对副本 compare the copy too")
    check.add_argument("--risk", type=Path, metavar="JSON",
                       help="副本的 `data risk --json` 报告 the report of the copy")  # fmt: skip
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=run_verify)


def _bad(file: str, message: str, remedy: str = "") -> DataError:
    return DataError([Problem(file=file, line=1, column=1, message=message, remedy=remedy)])


def _job(options: argparse.Namespace) -> Job:
    from audit.lifecycle import key_files
    from audit.lifecycle.mask_inventory import Known
    from audit.lifecycle.mask_job import Job
    from audit.lifecycle.vault import SealedVault
    from policies.masks_files import load_headers, load_mask
    from rules.personal_files import load_finder

    policy, digest = load_mask(options.policy)
    keys = key_files.read(options.key_file) if options.key_file else key_files.once()
    if options.vault is not None and not options.key_file:
        raise _bad("--vault", "保险库需要密钥文件 a vault needs --key-file")
    return Job(
        policy=policy,
        digest=digest,
        keys=keys,
        finder=load_finder(options.roster),
        headers=load_headers(),
        today=date.today(),  # noqa: DTZ011 - ages are of the day here
        known=inventory_of(options.inventory, options.in_schema) if options.inventory else Known(),
        vault=SealedVault(options.vault, keys, policy.purpose) if options.vault else None,
        tell=_teller() if sys.stderr.isatty() else (lambda _table, _rows: None),
    )


def _teller() -> Any:
    last = [0.0]

    def tell(table: str, rows: int) -> None:
        if time.monotonic() - last[0] > TELL_EVERY:
            last[0] = time.monotonic()
            print(f"\r{table}: {rows:,}", end="", file=sys.stderr, flush=True)

    return tell


def inventory_of(path: Path, schema: str) -> Known:
    """The inventory of a file. Raises DataError."""
    from audit.lifecycle.mask_inventory import read

    try:
        return read(path.read_text(encoding="utf-8"), path.name, schema)
    except (OSError, UnicodeDecodeError):
        raise _bad(path.name, "清单读不到 the inventory cannot be read") from None


def run_mask(options: argparse.Namespace) -> int:
    """Mask, scan, publish, certify."""
    databases = ["://" in options.source, "://" in options.out]
    if any(databases) and not all(databases):
        raise _bad("--out", "库到库或文件到文件 from database to database, or from file to file")
    if not any(databases) and not Path(options.source).is_file():
        raise _bad(Path(options.source).name, "没有这个文件 there is no such file")
    used = [options.source, options.out, *([str(options.roster)] if options.roster else [])]
    tables = [one for one in options.tables.split(",") if one]
    with recording(options, "mask-plan" if options.plan else "mask", used, fields=tables) as use:
        job = _job(options)
        if options.plan:
            return _show_plan(job, options)
        done, beside = _masked(job, options)
        found = done.body["tables"]
        use.subjects = max((table["rows"] for table in found), default=0)
        use.counts |= {"rows": sum(table["rows"] for table in found), "tables": len(found)}
    paper = _certify(done, options, options.certificate or beside)
    _said(done, paper, options)
    return 0 if done.published else 1


def _masked(job: Job, options: argparse.Namespace) -> tuple[Done, Path]:
    """What the job came to, and where its certificate goes."""
    if "://" in options.source:
        from audit.lifecycle.mask_db import Place, mask_database

        done = mask_database(
            job,
            Place(url=options.source, schema=options.in_schema),
            Place(url=options.out, schema=options.out_schema),
            tables=tuple(one for one in options.tables.split(",") if one),
        )
        return done, Path("mask.certificate.json")
    from audit.lifecycle.mask_job import mask_file

    done = mask_file(job, Path(options.source), Path(options.out))
    return done, Path(options.out + ".certificate.json")


def _show_plan(job: Job, options: argparse.Namespace) -> int:
    from audit.lifecycle.mask_job import plans_of
    from audit.lifecycle.mask_sheets import open_reader

    if "://" in options.source:
        from audit.lifecycle.mask_db import Place, plan_database

        tables = plan_database(job, Place(url=options.source, schema=options.in_schema))
    else:
        tables = [table for _, table in plans_of(job, open_reader(Path(options.source)))]
    told: list[dict[str, Any]] = [
        {"table": table.name, "columns": table.told()} for table in tables
    ]
    if options.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for table in told:
            for column in table["columns"]:
                said = column["kind"] or "未分类 unclassified"
                print(f"{table['table']}.{column['column']}: {said} → {column['algorithm']}")
    return 0


def _certify(done: Done, options: argparse.Namespace, place: Path) -> Path:
    """The signed certificate, beside the result; also where nothing was published."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit.lifecycle.certificate import issue

    key: Ed25519PrivateKey = (
        private_key(options.sign_key) if options.sign_key else Ed25519PrivateKey.generate()
    )
    body = {**done.body, "at": time.time(), "signer": "named" if options.sign_key else "once"}
    place.write_text(issue(body, key), encoding="utf-8")
    return place


def private_key(path: Path) -> Ed25519PrivateKey:
    """An Ed25519 key of a file. Raises DataError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise _bad(path.name, "私钥读不到 the private key cannot be read") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise _bad(path.name, "不是 Ed25519 私钥 not an Ed25519 key")
    return found


def _public(path: Path) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        found = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError):
        raise _bad(path.name, "公钥读不到 the public key cannot be read") from None
    if not isinstance(found, Ed25519PublicKey):
        raise _bad(path.name, "不是 Ed25519 公钥 not an Ed25519 key")
    return found


def _said(done: Done, paper: Path, options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps({**done.body, "published": done.published}, ensure_ascii=False))
        return
    rows = sum(table["rows"] for table in done.body["tables"])
    found = done.body["residual"]
    if done.published:
        print(f"✓ 已发布 published: {rows:,} 行 rows")
    else:
        print("✗ 未发布：副本中仍有个人信息 not published: personal data is left in the copy")
        for place, count in found["verified"].items():
            print(f"  {place} × {count}")
        if found["source_values"]:
            print(
                f"  源数据的直接标识符 direct identifiers of the source × {found['source_values']}"
            )
    print(f"证书 certificate: {paper}")


def run_key(options: argparse.Namespace) -> int:
    """A new key; those before it stay, to open what they sealed."""
    from audit.lifecycle import key_files

    print(f"密钥 key: {key_files.rotate(options.file)}")
    return 0


def run_verify(options: argparse.Namespace) -> int:
    """0: the signature holds and the job was clean (and the copy is the one it names)."""
    from audit.lifecycle.certificate import verify
    from audit.lifecycle.mask_job import digest_of
    from audit.lifecycle.standing import standing

    try:
        text = options.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _bad(options.file.name, "读不到 cannot be read") from None
    body, wrong = verify(text, _public(options.key) if options.key else None)
    if not wrong and not body.get("holds"):
        wrong = "作业未通过残留扫描 the job did not pass its scan"
    if not wrong and options.result is not None:
        named = body.get("result", {}).get("sha256")
        if not options.result.is_file() or digest_of(options.result) != named:
            wrong = "副本不是证书所指的那份 the copy is not the one it names"
    said = standing(body, _report_of(options.risk) if options.risk else None)
    if not wrong and said.wrong is not None:
        wrong = f"{said.wrong.zh} {said.wrong.en}"
    trusted = options.key is not None
    if options.json:
        told = {"still": said.still, "zh": said.text.zh, "en": said.text.en}
        print(json.dumps({"holds": not wrong, "wrong": wrong, "trusted": trusted,
                          "standing": told, "body": body}, ensure_ascii=False))  # fmt: skip
    elif wrong:
        print(f"✗ {wrong}")
    else:
        print("✓ 证书成立 the certificate holds")
        if not trusted:
            print(
                "  未指定信任的公钥 --key：只说明未被改动 no trusted key: it only was not changed"
            )
        print(f"  {said.text.zh} {said.text.en}")
    return 1 if wrong else 0


def _report_of(path: Path) -> object:
    """What a file says, whatever it is; a file that cannot be read is a DataError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise _bad(path.name, "风险报告读不到 the risk report cannot be read") from None
