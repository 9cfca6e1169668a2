"""A node with signers, and bundles to put on it."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.node import Node
from policies.bundle import create, read, sign
from policies.rollout import Thresholds

LI, WANG, MALLORY = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
SCHOOL = """id: s1
title: {{zh: 校, en: school}}
scope: school
clauses:
  - id: c
    title: {{zh: 题, en: t}}
    when: {{categories: [{category}]}}
    action: block
    reason: {{zh: 由, en: r}}
"""


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def ready(folder: Path, needed: int = 2) -> Node:
    """A node that trusts Li and Wang."""
    made = Node(name="n1", data=folder / "var")
    (made.data / "bundles").mkdir(parents=True)
    (made.data / "bundles" / "signers.yaml").write_text(
        f"district: east\nneeded: {needed}\nkeys:\n"
        f"  - {{id: li, key: {public(LI)}}}\n  - {{id: wang, key: {public(WANG)}}}\n"
    )
    return made


def bundle(
    revision: int,
    category: str = "video",
    keys: tuple[Ed25519PrivateKey, ...] = (LI, WANG),
    probation: Thresholds | None = None,
    **files: str,
) -> bytes:
    """A signed bundle with one school that blocks one category."""
    given = {"policies/schools/s1.yaml": SCHOOL.format(category=category).encode()}
    given |= {name: text.encode() for name, text in files.items()}
    data = create(
        given,
        district="east",
        revision=revision,
        created="2026-11-23",
        probation=probation,
    )
    for key in keys:
        data = sign(read(data), key)
    return data
