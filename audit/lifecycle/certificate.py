"""Certificates: of a masking job, of a destruction: what was done by which rule, what is left.

Signed with Ed25519 over canonical JSON. A certificate names digests and counts, never a value.
That of a masked copy says that it is still personal information unless a risk report says
otherwise, that of a destruction that a level is gone, remains or is unknown. Pure.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.ledger import canonical, key_id

KIND = "mask-certificate"
DESTROYED = "destruction-certificate"
STILL = {
    "zh": "脱敏后仍属个人信息，除非风险评估报告另有结论",
    "en": "still personal information, unless a risk report says otherwise",
}


LEFT = {
    "zh": "逐级写明 gone 已无、remains 仍在、unknown 未知；不等于处处均已销毁",
    "en": "gone, remains or unknown level by level; it does not say that nothing is left anywhere",
}
_STANDING = {KIND: STILL, DESTROYED: LEFT}
_NONE = {
    KIND: "不是脱敏证书 not a masking certificate",
    DESTROYED: "不是销毁证书 not a destruction certificate",
}


def issue(body: dict[str, Any], key: Ed25519PrivateKey, kind: str = KIND) -> str:
    """The certificate as text."""
    public = key.public_key()
    whole = {"type": kind, "version": 1, **body, "standing": _STANDING[kind], "key": key_id(public)}
    signature = key.sign(canonical(whole))
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    made = {
        **whole,
        "public": base64.b64encode(raw).decode("ascii"),
        "signature": base64.b64encode(signature).decode("ascii"),
    }
    return json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def verify(
    text: str, trusted: Ed25519PublicKey | None = None, kind: str = KIND
) -> tuple[dict[str, Any], str]:
    """The body, and what is wrong with it (empty: nothing). Never raises for foreign bytes.

    Without a trusted key the signature only says that nothing was changed since it was made.
    """
    try:
        found = json.loads(text)
        if not isinstance(found, dict) or found.get("type") != kind:
            raise ValueError
        signature = base64.b64decode(str(found.pop("signature")), validate=True)
        raw = base64.b64decode(str(found.pop("public")), validate=True)
        named = Ed25519PublicKey.from_public_bytes(raw)
        content = canonical(found)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        return {}, _NONE[kind]
    key = trusted or named
    if trusted is not None and key_id(trusted) != found.get("key"):
        return found, "不是这把钥匙签的 signed with another key"
    if found.get("key") != key_id(key):
        return found, "钥匙编号不符 the key is not the one it names"
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return found, "签名不成立：内容被改动 the signature does not hold: it was changed"
    return found, ""
