"""`qinglang events reveal|approve|approver|review|looks`: arguments in, text out.

The passphrase of an approver's key comes from a terminal, or from the environment
variable QINGLANG_PASSPHRASE where there is none. Nothing is decided here.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import getpass
import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import Commands, node_of
from gateway.evidence_cli import add, bad, code_of, said

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gateway.reveal import Book, Lookup, Request

PASSPHRASE = "QINGLANG_PASSPHRASE"  # noqa: S105 - the name of a variable


def register_reveal(kinds: Commands) -> None:
    """Add the commands of re-identification to `events`."""
    look = add(kinds, "reveal", _reveal, "查看身份 who was it? needs two approvals")
    look.add_argument("code", help="事件编号 event code")
    look.add_argument("--reason", default="", help="理由 why (opens a request)")
    look.add_argument("--by", required=True, help="申请人 who asks")
    look.add_argument("--hours", type=float, default=24.0, help="有效期 hours it stands (24)")
    look.add_argument("--request", default="", metavar="ID", help="已有申请 a request made before")
    look.add_argument("--approve", action="append", default=[], metavar="NAME:SIGNATURE")
    look.add_argument(
        "--break-glass", action="store_true", help="紧急保护,立即查看,事后复核 emergency"
    )
    approve = add(kinds, "approve", _approve, "批准一份申请 approve a request with your key")
    approve.add_argument("request", metavar="ID")
    approve.add_argument("--key", type=Path, required=True, metavar="PEM")
    approve.add_argument("--name", required=True, help="批准人 approver")
    approver = add(kinds, "approver", _approver, "登记批准人 make somebody an approver")
    approver.add_argument("name")
    approver.add_argument("--by", required=True, help="登记人 who registers")
    approver.add_argument("--out", type=Path, metavar="PEM", help="生成私钥 make a key here")
    approver.add_argument("--public", type=Path, metavar="PEM", help="已有公钥 a key made already")
    review = add(kinds, "review", _review, "复核紧急查看 review an emergency")
    review.add_argument("request", metavar="ID")
    review.add_argument("--by", required=True)
    verdict = review.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--justified", action="store_true")
    verdict.add_argument("--unjustified", action="store_true")
    review.add_argument("--note", default="")
    add(kinds, "looks", _looks, "谁看过 every look on record")


def _book(options: argparse.Namespace) -> Book:
    from gateway.evidence import open_evidence
    from gateway.reveal import book

    return book(open_evidence(node_of(options.data)).chain.checkpoints)


def _request_of(known: Book, identifier: str) -> Request:
    found = known.requests.get(identifier)
    if found is None:
        raise bad(f"没有申请 {identifier} / there is no request {identifier}")
    return found


def _reveal(options: argparse.Namespace) -> int:
    """Exit code 0 shown, 1 on record but not approved yet, 2 refused."""
    from gateway import reveal
    from gateway.evidence import signing_of
    from gateway.export import Archive

    code = code_of(options.code)
    found = Archive(data=options.data, url=options.url).find(code)
    if found is None:
        raise bad(f"没有事件 {code} / there is no event {code}")
    event, _ = found
    sign = signing_of(node_of(options.data)).sign
    try:
        if options.request:
            known = _book(options)
            request = _request_of(known, options.request)
            if request.code != code:
                raise reveal.RefusedError("申请是给另一事件的 / the request is for another event")
        else:
            request = reveal.ask(
                code,
                event.school,
                reason=options.reason,
                by=options.by,
                hours=options.hours,
                identifier=secrets.token_hex(5),
                sign=sign,
                break_glass=options.break_glass,
            )
            known = _book(options)
            if not options.break_glass:
                said(
                    {"request": request.id, "needed": reveal.NEEDED},
                    options.json,
                    f"申请 request {request.id} 已记录,需 {reveal.NEEDED} 人批准 / is on record, "
                    f"{reveal.NEEDED} approvals are needed:\n"
                    f"  qinglang events approve {request.id} --name … --key …",
                )
                return 1
        name, signed = reveal.look(
            request,
            event.token,
            approvals=options.approve,
            known=known,
            by=options.by,
            now=time.time(),
            sign=sign,
            lookup=default_lookup(node_of(options.data).data),
        )
    except reveal.RefusedError as error:
        raise bad(str(error)) from error
    text = name or "无对应人员 nobody is known behind it"
    if request.break_glass:
        text += f"\n七日内须由另一人复核 / to be reviewed within 7 days: events review {request.id}"
    said({"name": name, "request": request.id, "checkpoint": signed.seq}, options.json, text)
    return 0


def default_lookup(data: Path) -> Lookup:
    """The table of names of the identity service, where it is installed and has a key."""

    def lookup(token: str, _school: str) -> str | None:
        import importlib

        try:
            names = importlib.import_module("gateway.identity.names")
            key = (data / "keys" / "names.key").read_bytes()
        except (ModuleNotFoundError, OSError):
            return None
        found = names.Names(data / "identity" / "names.sqlite", key, write=False).get(token)
        return None if found is None else str(found.name or found.user) or None

    return lookup


def _approve(options: argparse.Namespace) -> int:
    from gateway import reveal

    known = _book(options)
    request = _request_of(known, options.request)
    if not options.json:
        print(
            f"申请 request {request.id}: 事件 {request.code}, 学校 {request.school or '-'}, "
            f"申请人 {request.by}\n理由 reason: {request.reason}",
            file=sys.stderr,
        )
    text = reveal.approve(request, options.name, private_key(options.key))
    try:
        reveal.approvers_of(request, [text], known)
    except reveal.RefusedError as error:
        raise bad(str(error)) from error
    said({"approval": text}, options.json, text)
    return 0


def private_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key of a PEM file, with its passphrase asked for. Raises DataError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pem = path.read_bytes()
    try:
        secret = passphrase() if b"ENCRYPTED" in pem else None
        found = load_pem_private_key(pem, secret)
    except (ValueError, TypeError) as error:
        raise bad(f"{path}: 钥匙或口令不对 / wrong key or passphrase") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise bad(f"{path}: not an Ed25519 key")
    return found


def passphrase() -> bytes:
    """From the environment variable, else from the terminal."""
    said_so = os.environ.get(PASSPHRASE)
    return (said_so if said_so is not None else getpass.getpass("口令 passphrase: ")).encode()


def _approver(options: argparse.Namespace) -> int:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gateway import reveal
    from gateway.evidence import public_key, signing_of

    if (options.out is None) == (options.public is None):
        raise bad("给出 --out 或 --public 之一 / give one of --out and --public")
    if options.public is not None:
        public = public_key(options.public)
    else:
        secret = passphrase()
        if len(secret) < 8:
            raise bad("口令至少 8 个字符 / the passphrase has at least 8 characters")
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(secret),
        )
        handle = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        public = made.public_key()
    try:
        sign = signing_of(node_of(options.data)).sign
        signed = reveal.register(options.name, public, by=options.by, sign=sign)
    except reveal.RefusedError as error:
        raise bad(str(error)) from error
    said(
        {"name": options.name, "checkpoint": signed.seq},
        options.json,
        f"已登记 {options.name} / is an approver, on record as checkpoint {signed.seq}",
    )
    return 0


def _review(options: argparse.Namespace) -> int:
    from gateway import reveal
    from gateway.evidence import signing_of

    known = _book(options)
    try:
        signed = reveal.review(
            _request_of(known, options.request),
            by=options.by,
            justified=options.justified,
            note=options.note,
            known=known,
            sign=signing_of(node_of(options.data)).sign,
        )
    except reveal.RefusedError as error:
        raise bad(str(error)) from error
    said({"checkpoint": signed.seq}, options.json, f"已复核 reviewed: {signed.seq}")
    return 0


def _looks(options: argparse.Namespace) -> int:
    """Exit code 1 where an emergency waits for its review longer than it may."""
    from gateway.pack import local

    known = _book(options)
    late = known.unreviewed(time.time())
    told = [
        {
            "checkpoint": one.seq,
            "at": local(one.time),
            **{k: one.body.get(k) for k in ("request", "code", "by", "approvers", "break_glass")},
            "reviewed": str(one.body.get("request")) in known.reviews,
        }
        for one in known.looks
    ]
    if options.json:
        found = {"looks": told, "late": [one.id for one in late]}
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        for each in told:
            print("  ".join(str(value) for value in each.values()))
        for one in late:
            print(f"✗ 逾期未复核 not reviewed in time: {one.id} {one.by}")
    return 1 if late else 0
