"""A naive mitmproxy addon that masks as an evening's script would: the peer of our gateway.

It verifies the token, reads the JSON, masks fields by name, and knows nothing else: no scope in
nested records, no codings, no unknown fields, no records of who looked. The key is in JWKS.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jwt
from mitmproxy import http

KEY = jwt.PyJWK(json.loads(Path(os.environ["BENCH_JWKS"]).read_text())["keys"][0]).key
PHONES = {"phone", "guardian_phone"}
HIDDEN = {"student_no", "home", "note"}


def walk(value: Any, own: set[str], inside: bool) -> Any:
    """A masked copy."""
    if isinstance(value, list):
        return [walk(one, own, inside) for one in value]
    if not isinstance(value, dict):
        return value
    inside = value.get("class_id") in own if "class_id" in value else inside
    made = {}
    for name, item in value.items():
        if name in PHONES and not inside:
            made[name] = item[:3] + "****" + item[-4:]
        elif name == "name" and not inside:
            made[name] = item[:1] + "*" * (len(item) - 1)
        elif name in HIDDEN:
            made[name] = "***"
        else:
            made[name] = walk(item, own, inside)
    return made


def response(flow: http.HTTPFlow) -> None:
    """Mask the answer."""
    own: set[str] = set()
    token = flow.request.headers.get("authorization", "").removeprefix("Bearer ")
    try:
        said = jwt.decode(
            token,
            KEY,
            algorithms=["ES256"],
            audience="pupils",
            issuer="https://login.school.example",
        )
        own = set(said["classes"])
    except (jwt.PyJWTError, KeyError):
        pass
    if flow.response is not None:
        body = walk(json.loads(flow.response.content or b"null"), own, inside=False)
        flow.response.content = json.dumps(body, ensure_ascii=False).encode()
