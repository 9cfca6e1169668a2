"""nginx configuration: sections taken apart, and what they come to. Pure.

Tolerant: a file that is cut or half-written gives what it gives, and says so in a gap. Values
are inherited as nginx does it: a directive of an inner block replaces the outer one's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from audit.probes.web.tree import Tree, dirname, opened

FORMAT = "qinglang-facts-nginx/1"
MAX_DEPTH = 20
MAX_DIRECTIVES = 50_000
_TOKEN = re.compile(r"#[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[{};]|[^\s{};\"'#][^\s{};]*")
OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")
WEAK_CIPHERS = ("NULL", "EXP", "RC4", "DES", "MD5", "ADH", "AECDH")
_LOG = {
    "time": ("$time_local", "$time_iso8601", "$msec"),
    "address": ("$remote_addr", "$realip_remote_addr", "$http_x_forwarded_for"),
    "user": ("$remote_user", "$cookie_", "$http_x_user"),
    "request": ("$request",),
    "status": ("$status",),
}
_COMBINED = '$remote_addr - $remote_user [$time_local] "$request" $status'


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One directive; `inner` are the directives of its block."""

    name: str
    words: tuple[str, ...]
    inner: tuple[Line, ...] = ()
    block: bool = False


@dataclass(slots=True)
class _Reader:
    tree: Tree
    base: str
    files: list[str]
    missing: list[str]
    broken: list[str]
    left: int = MAX_DIRECTIVES

    def file(self, path: str, depth: int) -> tuple[Line, ...]:
        if path in self.files or depth > MAX_DEPTH:
            return ()
        self.files.append(path)
        tokens = [one for one in _TOKEN.findall(self.tree.texts[path]) if not one.startswith("#")]
        found, at = self._block(tokens, 0, depth, top=True)
        if at != len(tokens):
            self.broken.append(path)
        return found

    def _block(
        self, tokens: Sequence[str], at: int, depth: int, *, top: bool
    ) -> tuple[tuple[Line, ...], int]:
        found: list[Line] = []
        words: list[str] = []
        while at < len(tokens) and self.left > 0:
            token = tokens[at]
            at += 1
            if token == "}":  # noqa: S105
                if top:
                    return tuple(found), at - 1
                return tuple(found), at
            if token == ";":  # noqa: S105
                found += self._plain(words, depth)
                words = []
            elif token == "{":  # noqa: S105
                self.left -= 1
                if depth >= MAX_DEPTH:
                    return tuple(found), len(tokens) + 1
                inner, at = self._block(tokens, at, depth + 1, top=False)
                if words:
                    found.append(
                        Line(name=words[0].lower(), words=tuple(words[1:]), inner=inner, block=True)
                    )
                words = []
            else:
                words.append(_bare(token))
        return tuple(found), at if top else len(tokens) + 1

    def _plain(self, words: list[str], depth: int) -> Iterator[Line]:
        self.left -= 1
        if not words:
            return
        if words[0] == "include" and len(words) == 2:
            held = self.tree.included(words[1], self.base)
            if not held and "*" not in words[1]:
                self.missing.append(words[1])
            for path in held:
                yield from self.file(path, depth + 1)
        else:
            yield Line(name=words[0].lower(), words=tuple(words[1:]))


def _bare(token: str) -> str:
    return token[1:-1] if len(token) > 1 and token[0] in "\"'" and token[-1] == token[0] else token


def document(tree: Tree) -> dict[str, Any] | None:
    """The facts of an nginx; None where there is no nginx.conf."""
    main = tree.find("nginx/nginx.conf", "conf/nginx.conf", "nginx.conf", "tengine.conf")
    if not main:
        return None
    reader = _Reader(tree, dirname(main), [], [], [])
    top = reader.file(main, 0)
    gaps = [
        {"path": "", "why": "error", "detail": f"{one}: 括号不配对 / braces do not pair"}
        for one in reader.broken
    ]
    gaps += [
        {"path": "", "why": "missing", "detail": f"include {one}"}
        for one in reader.missing
        if not one.endswith(("mime.types", "_params", ".types", "fastcgi.conf"))
    ]
    gaps += tree.gaps("nginx")
    facts = _facts(top)
    if any(one["tls"] and not one["protocols"] for one in facts["servers"]):
        said = "未写 ssl_protocols，默认值随版本 / the default depends on the version"
        gaps.append({"path": "old_protocols", "why": "cut", "detail": said})
    return {
        "format": FORMAT,
        "platform": "nginx",
        "main": main,
        "files": reader.files[:200],
        **facts,
        "modes": {
            **opened(tree, "wide", [one for one in tree.modes if "nginx" in one], 0o755),
            **opened(tree, "keys_wide", [one for one in tree.modes if _is_key(one)], 0o640),
        },
        "gaps": gaps,
    }


def _is_key(path: str) -> bool:
    return path.endswith((".key", "privkey.pem"))


def _facts(top: Sequence[Line]) -> dict[str, Any]:
    http = next((one for one in top if one.name == "http"), Line(name="http", words=(), block=True))
    servers = [one for one in http.inner if one.name == "server" and one.block]
    places = [(_named(one), (http, one)) for one in servers]
    inner = [
        (f"{name} {' '.join(one.words)}", (*above, one))
        for name, above in places
        for one in _deep(above[-1], "location")
    ]
    every = [*places, *inner] or [("http", (http,))]
    tls = [(name, above) for name, above in places if _tls(above[-1])]
    user = _last((Line(name="", words=(), inner=tuple(top)),), "user")
    formats = {
        one.words[0]: " ".join(one.words[1:])
        for one in http.inner
        if one.name == "log_format" and one.words
    }
    logs = _logs(http, places, formats)
    headers = [_headers(above) for _, above in places]
    return {
        "user": user[0] if user else None,
        "user_root": bool(user and user[0] == "root"),
        "servers": [_server(name, above) for name, above in places][:200],
        "version_shown": [
            n for n, a in every if (_last(a, "server_tokens") or ("on",))[0] != "off"
        ],
        "listings": [n for n, a in every if (_last(a, "autoindex") or ("off",))[0] == "on"],
        "tls_servers": len(tls),
        "old_protocols": [n for n, a in tls if set(_last(a, "ssl_protocols") or _DEFAULT) & {*OLD}],
        "weak_ciphers": [n for n, a in tls if _weak(_last(a, "ssl_ciphers"))],
        "plain": [n for n, a in places if not _tls(a[-1]) and not _redirects(a[-1])],
        "no_hsts": [n for n, a in tls if "strict-transport-security" not in _headers(a)],
        "no_nosniff": [
            n
            for (n, _), h in zip(places, headers, strict=True)
            if "x-content-type-options" not in h
        ],
        "no_frame": [
            n
            for (n, _), h in zip(places, headers, strict=True)
            if "x-frame-options" not in h
            and "frame-ancestors" not in h.get("content-security-policy", "")
        ],
        **logs,
        "request_limits": [n for n, a in places if not _has(a, "limit_req", "limit_conn")],
        "body_limit": [
            n for n, a in every if (_last(a, "client_max_body_size") or ("1m",))[0] == "0"
        ],
        "timeouts": _slowest([above for _, above in every]),
        "status_open": [
            n for n, a in inner if _own(a[-1], "stub_status") is not None and not _guarded(a)
        ],
        "alias_slips": [n for n, a in inner if _slips(a[-1])],
        "dotfiles_denied": bool(places) and all(_dotfiles(a[-1]) for _, a in places),
        "firewall": any(
            _has(a, "modsecurity") and (_last(a, "modsecurity") or ("",))[0] == "on"
            for _, a in every
        ),
        "plain_upstreams": sorted({one for _, a in every for one in _plain_upstreams(a[-1])})[:50],
        "single_upstreams": sorted(
            one.words[0]
            for one in http.inner
            if one.name == "upstream"
            and one.words
            and sum(each.name == "server" for each in one.inner) < 2
        ),
        "upstreams": sum(one.name == "upstream" for one in http.inner),
        "methods_limited": [
            n
            for n, a in places
            if _deep(a[-1], "limit_except") or "$request_method" in _conditions(a[-1])
        ],
    }


_DEFAULT = ("TLSv1.2", "TLSv1.3")  # of nginx 1.23.4 and later; older ones say so in their limits


def _named(server: Line) -> str:
    names = _own(server, "server_name")
    listens = [one.words[0] for one in server.inner if one.name == "listen" and one.words]
    return f"{names[0] if names else '_'}:{','.join(listens) or '80'}"[:120]


def _own(block: Line, name: str) -> tuple[str, ...] | None:
    held = [one.words for one in block.inner if one.name == name]
    return held[-1] if held else None


def _last(above: Sequence[Line], name: str) -> tuple[str, ...] | None:
    """The words that count: those of the innermost block that has the directive."""
    return next((held for block in reversed(above) if (held := _own(block, name))), None)


def _has(above: Sequence[Line], *names: str) -> bool:
    return any(_own(block, one) is not None for block in above for one in names) or any(
        _own(inner, one) is not None for inner in _deep(above[-1], "location") for one in names
    )


def _deep(block: Line, name: str) -> list[Line]:
    found = []
    for one in block.inner:
        if one.name == name and one.block:
            found.append(one)
        if one.block:
            found += _deep(one, name)
    return found


def _tls(server: Line) -> bool:
    listens = [one.words for one in server.inner if one.name == "listen"]
    return any("ssl" in one or "quic" in one for one in listens) or _own(server, "ssl") == ("on",)


def _redirects(server: Line) -> bool:
    blocks = [server, *_deep(server, "location"), *_deep(server, "if")]
    return any(
        one.name in ("return", "rewrite") and any(word.startswith("https://") for word in one.words)
        for block in blocks
        for one in block.inner
    ) or _own(server, "return") in (("444",), ("403",), ("404",))


def _weak(words: tuple[str, ...] | None) -> bool:
    offered = [one for one in re.split(r"[:, ]", " ".join(words or ())) if one]
    kept = [one for one in offered if one[0] not in "!-+"]
    shut = {one[1:].upper() for one in offered if one[0] in "!-"}
    if any(any(mark in one.upper() for mark in WEAK_CIPHERS) for one in kept):
        return True
    return any(one.upper().startswith("ALL") for one in kept) and not {"ANULL", "ENULL"} <= shut


def _headers(above: Sequence[Line]) -> dict[str, str]:
    """Headers that are added; the innermost block that adds any replaces those above."""
    for block in reversed(above):
        held = {
            one.words[0].lower(): " ".join(one.words[1:])
            for one in block.inner
            if one.name == "add_header" and one.words
        }
        if held:
            return held
    return {}


def _server(name: str, above: Sequence[Line]) -> dict[str, Any]:
    return {
        "name": name,
        "tls": _tls(above[-1]),
        "protocols": list(_last(above, "ssl_protocols") or ()),
        "redirects": _redirects(above[-1]),
        "headers": sorted(_headers(above)),
    }


def _logs(http: Line, places: list[Any], formats: dict[str, str]) -> dict[str, Any]:
    off, fields = [], set(_LOG)
    for name, above in places or [("http", (http,))]:
        said = _last(above, "access_log")
        if said and said[0] == "off":
            off.append(name)
            continue
        shape = formats.get(said[1], _COMBINED) if said and len(said) > 1 else _COMBINED
        fields &= {one for one, marks in _LOG.items() if any(mark in shape for mark in marks)}
    syslog = [
        one.words[0]
        for block in (http, *(above[-1] for _, above in places))
        for one in block.inner
        if one.name in ("access_log", "error_log")
        and one.words
        and one.words[0].startswith("syslog:")
    ]
    return {
        "log_off": off,
        "log_fields": sorted(fields),
        "log_remote": bool(syslog),
    }


def _slowest(every: Sequence[Sequence[Line]]) -> dict[str, float]:
    """The longest of each time-out, over all servers and locations."""
    held = [_timeouts(above) for above in every]
    return {name: max(one[name] for one in held) for name in held[0]}


def _timeouts(above: Sequence[Line]) -> dict[str, float]:
    wanted = {
        "body": "client_body_timeout",
        "header": "client_header_timeout",
        "keepalive": "keepalive_timeout",
        "send": "send_timeout",
    }
    usual = {"body": 60.0, "header": 60.0, "keepalive": 75.0, "send": 60.0}
    found = {}
    for key, name in wanted.items():
        said = _last(above, name)
        match = re.fullmatch(r"(\d{1,9})(ms|s|m|h)?", said[0]) if said else None
        scale = {"ms": 0.001, "m": 60.0, "h": 3600.0}.get(match[2] or "s", 1.0) if match else 1.0
        found[key] = int(match[1]) * scale if match else usual[key]
    return found


def _guarded(above: Sequence[Line]) -> bool:
    return any(
        one.name == "deny" or one.name in ("auth_basic", "auth_request", "internal")
        for block in above[1:]
        for one in block.inner
    )


def _slips(location: Line) -> bool:
    """`location /files { alias /data/; }`: `/files../x` leaves the folder."""
    alias = _own(location, "alias")
    return bool(
        alias
        and location.words
        and location.words[-1][:1] == "/"
        and location.words[0] not in ("=", "~", "~*")
        and alias[0].endswith("/")
        and not location.words[-1].endswith("/")
    )


def _dotfiles(server: Line) -> bool:
    return any(
        re.search(r"/\\?\.", " ".join(one.words))
        and (_own(one, "deny") == ("all",) or (_own(one, "return") or ("",))[0] in ("403", "404"))
        for one in _deep(server, "location")
    )


def _plain_upstreams(block: Line) -> Iterator[str]:
    for one in block.inner:
        if one.name == "proxy_pass" and one.words and one.words[0].startswith("http://"):
            host = one.words[0][7:].split("/")[0]
            if not re.match(r"127\.|localhost|\[::1\]|unix:|\$", host) and "." in host:
                yield host[:100]


def _conditions(server: Line) -> str:
    return " ".join(" ".join(one.words) for one in _deep(server, "if"))
