"""One application for the tests of gateway/masking: its file, tools, and lenses by role."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.masking.lens import Lens, Look, Tools
from gateway.masking.trust import Trust
from policies.applications import Application
from policies.masks_model import Keys
from rules.load import load, loads
from rules.personal_files import PERSONAL, load_finder
from rules.recognise.personal.headers import HeaderFile, Headers

FILE = """\
id: pupils
title: {zh: 学生, en: Pupils}
hosts: [pupils.school.example]
reason: {zh: 按岗位, en: by role}
basis: [{source: 个人信息保护法, clause: art. 51, status: confirmed}]
masks:
  phone: {algorithm: keep, keep: {first: 3, last: 4}}
  name: {algorithm: keep, keep: {first: 1}}
  student_number: {algorithm: pseudonym}
  score: {algorithm: pass}
roles:
  - id: teacher
    title: {zh: 班主任, en: class teacher}
    claims: {role: [teacher]}
    plain: [name, phone, email]
    fields: [pupil.extra]
    scope: {claim: classes, field: class_id}
  - id: office
    title: {zh: 教务, en: office}
    claims: {role: [office]}
    plain: [name]
  - id: officer
    title: {zh: 责任人, en: officer}
    claims: {role: [officer]}
    everything: 书面授权
parts:
  - {path: /static/**, untouched: 样式}
  - {path: "/classes/{scope}/page", unknown: scan}
  - path: /api/**
    largest: 4096
    fields:
      - {match: id, plain: 编号}
      - {match: class_id, plain: 编号}
      - {match: note, scan: true}
      - {match: seal, mask: {algorithm: pseudonym}}
      - {match: pupil.seat, plain: 座位号}
"""
PHONE = "16900000007"  # of a range that is never given out
MAIL = "parent7@mail.example"
TRUST = Trust(issuer="https://login.school.example", audience="pupils", cookie="session")
STATIC, PAGE, API = range(3)
NOW = 1_800_000_000.0


@cache
def application() -> Application:
    return loads(Application, FILE, "pupils.yaml")


@cache
def tools() -> Tools:
    return Tools(
        finder=load_finder(None),
        apart=load_finder(None),
        headers=Headers(load(HeaderFile, PERSONAL / "headers.yaml")),
        keys=Keys(id="test", master=bytes(range(32))),
        today=date(2026, 9, 1),
    )


def lens(role: str = "", part: int = API) -> Lens:
    """What a role (none: the least) sees of one part."""
    given = application()
    view = next((one for one in given.roles if one.id == role), None)
    return Lens(given, given.parts[part], view, tools())


def look(*own: str) -> Look:
    return Look(frozenset(own))


KEY = ec.generate_private_key(ec.SECP256R1())


def jwks(key: ec.EllipticCurvePrivateKey = KEY, **more: Any) -> dict[str, Any]:
    row = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"keys": [{**row, "kid": "1", "use": "sig", "alg": "ES256", **more}]}


def claims(**more: Any) -> dict[str, Any]:
    """Claims of a class teacher of 3-1, as they should be."""
    return {
        "iss": TRUST.issuer, "aud": TRUST.audience, "sub": "t1", "role": "teacher",
        "classes": ["3-1"], "iat": NOW - 5, "exp": NOW + 600, **more,
    }  # fmt: skip


def token(head: dict[str, Any] | None = None, **more: Any) -> str:
    """A signed token with these claims and head fields changed."""
    said = {name: value for name, value in claims(**more).items() if value is not None}
    return jwt.encode(said, KEY, "ES256", headers={"kid": "1", **(head or {})})


def bearer(text: str) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"Authorization", f"Bearer {text}".encode()),)


def masked_json(value: Any, role: str = "", *own: str) -> Any:
    """A JSON value as a role sees it under /api/."""
    from gateway.masking.tables import json_body

    text = json.dumps(value, ensure_ascii=False)
    return json.loads(json_body(text, lens(role), look(*own), inside=False))
