"""A small education application: pupils of two classes as JSON, page, table and worse.

What it says is a function of the request; `tests/origins.py` speaks it over real HTTPS. The
pupils are invented, and their numbers of a range that is never given out.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tests.pages import Asked, Reply

JSON = ("content-type", "application/json; charset=utf-8")
ISSUER = "https://login.school.example"
AUDIENCE = "pupils"
CLASSES = ("3-1", "3-2")
EACH = 20  # pupils of a class


def pupil(number: int) -> dict[str, Any]:
    """One invented pupil."""
    return {
        "id": number,
        "class_id": CLASSES[number % 2],
        "seat": number // 2,
        "name": f"测{chr(0x4E00 + number)}",
        "student_no": f"2099{number:06d}",
        "phone": f"169{number:08d}",
        "guardian_phone": f"169{number + 5000:08d}",
        "home": f"虚构路{number}号",
        "note": f"请联系 parent{number}@mail.example，谢谢",
    }


PUPILS = tuple(pupil(number) for number in range(EACH * 2))


def secrets(*names: str) -> list[bytes]:
    """The plain values of these fields, as they stand in an answer."""
    return [str(one[name]).encode() for one in PUPILS for name in names]


def page(rows: list[dict[str, Any]]) -> bytes:
    """The pupils of a class as an HTML page."""
    cells = "".join(
        f"<tr><td>{one['seat']}</td><td>{one['name']}</td><td><b>{one['phone']}</b></td></tr>"
        for one in rows
    )
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><title>班级</title>'
        f"<table><tr><th>座号</th><th>姓名</th><th>电话</th></tr>{cells}</table>"
    ).encode()


def answer(asked: Asked) -> Reply | None:
    """What the application says."""
    path = asked.target.partition("?")[0]
    parts = path.split("/")
    if path == "/api/pupils":
        return _json({"pupils": PUPILS, "total": len(PUPILS)})
    if path.startswith("/classes/") and path.endswith("/page.html"):
        rows = [one for one in PUPILS if one["class_id"] == parts[2]]
        return Reply(body=page(rows))
    if path.startswith("/static/"):
        return Reply(headers=(("content-type", "text/css"), ("etag", '"1"')), body=b"b{color:red}")
    made = _ODD.get(path)
    return made(asked) if made is not None else _json({"error": f"没有 {path}"}, 404)


def _json(value: Any, status: int = 200, *more: tuple[str, str]) -> Reply:
    body = json.dumps(value, ensure_ascii=False).encode()
    kept = (JSON, ("etag", '"7"'), ("last-modified", "Tue, 01 Sep 2026 00:00:00 GMT"), *more)
    return Reply(status=status, headers=kept, body=body)


def _said(kind: str, body: bytes, *more: tuple[str, str], status: int = 200) -> Any:
    headers = (("content-type", kind), *more)
    return lambda _: Reply(status=status, headers=headers, body=body)


ONE = json.dumps(PUPILS[0], ensure_ascii=False).encode()
_TWICE = b'{"phone": "' + secrets("phone")[0] + b'", "phone": "x"}'
_CSV = "\r\n".join(
    ["class_id,name,phone", *(f"{p['class_id']},{p['name']},{p['phone']}" for p in PUPILS), ""]
)
_ODD: Mapping[str, Callable[[Asked], Reply]] = {
    "/api/export.csv": _said("text/csv; charset=utf-8", _CSV.encode()),
    "/api/gb.csv": _said("text/csv; charset=gb18030", _CSV.encode("gb18030")),
    "/api/lines": _said(
        "application/x-ndjson", b"".join(json.dumps(p).encode() + b"\n" for p in PUPILS)
    ),
    "/api/gzip": _said("application/json", gzip.compress(ONE), ("content-encoding", "gzip")),
    "/api/broken": _said("application/json", ONE[:-1]),
    "/api/twice": _said("application/json", _TWICE),
    "/api/utf16": _said("application/json", ONE.decode().encode("utf-16")),
    "/api/events": _said("text/event-stream", b"data: " + ONE + b"\n\n"),
    "/api/table.xlsx": _said(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04" + ONE
    ),
    "/api/file.pdf": _said("application/pdf", b"%PDF-1.7 " + ONE),
    "/api/unknown": _said("", ONE),
    "/api/page": _said("text/html; charset=utf-8", page(list(PUPILS))),
    "/api/strange": _said("application/json", ONE, ("content-encoding", "x-own")),
    "/api/bomb": _said(
        "application/json", gzip.compress(b" " * (64 << 20) + ONE), ("content-encoding", "gzip")
    ),
    "/api/large": _said("application/json", b" " * (9 << 20) + ONE),
    "/api/part": _said("application/json", ONE, ("content-range", "bytes 0-9/99"), status=206),
    "/api/failed": lambda _: _json({"error": "电话 " + PUPILS[0]["phone"], "phone": 1}, 500),
    "/api/moved": _said(
        "text/plain", b"", ("location", "/api/pupils?mail=parent1@mail.example"), status=302
    ),
    "/api/linked": lambda _: _json(
        {"id": 1}, 200, ("link", "</p?m=parent1@mail.example>"), ("set-cookie", "a=b")
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who signs the tokens: a key of its own, and its JWKS."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def jwks(self, path: Path) -> Path:
        """The public half, as a file."""
        row = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        path.write_text(json.dumps({"keys": [{**row, "kid": "1", "use": "sig", "alg": "ES256"}]}))
        return path

    def token(self, role: str, *classes: str, **more: Any) -> str:
        """A token for somebody of this role and these classes."""
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": f"{role}-1", "role": role,
            "classes": list(classes), "iat": now, "exp": now + 600,
        }  # fmt: skip
        return jwt.encode({**claims, **more}, self.key, "ES256", headers={"kid": "1"})
