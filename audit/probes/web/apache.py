"""Apache httpd configuration: sections taken apart, and what they come to. Pure.

Debian's and Red Hat's layouts alike. Tolerant: what cannot be read is a gap. `Define` and the
usual variables are put in; conditions (`IfModule`) are taken as met, since they mostly are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.probes.web.tree import Tree, dirname, opened

FORMAT = "qinglang-facts-apache/1"
MAX_DEPTH = 12
MAX_LINES = 50_000
_WORD = re.compile(r"\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'|(\S+)")
_OPEN = re.compile(r"<\s*([A-Za-z]\w*)\s*([^>]*)>")
_CLOSE = re.compile(r"</\s*([A-Za-z]\w*)\s*>")
_TRANSPARENT = {"ifmodule", "ifdefine", "ifversion", "if", "else", "elseif", "requireany"}
RISKY = ("info", "userdir", "dav", "dav_fs", "autoindex", "cgi", "cgid", "proxy_ftp", "imagemap")
OLD = ("sslv2", "sslv3", "tlsv1", "tlsv1.1")
WEAK_CIPHERS = ("NULL", "EXP", "RC4", "DES", "MD5", "ADH", "AECDH")
_LOG = {"time": "%t", "address": "%h|%a", "user": "%u", "request": "%r|%U", "status": "%>?s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One directive, and the sections it stands in, outermost first."""

    name: str
    words: tuple[str, ...]
    within: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The virtual host it stands in; "" for the server as a whole."""
        return next((one for one in self.within if one.startswith("virtualhost")), "")


@dataclass(slots=True)
class _Reader:
    tree: Tree
    base: str
    files: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    defined: dict[str, str] = field(default_factory=dict)
    left: int = MAX_LINES

    def read(self, path: str, within: tuple[str, ...], depth: int) -> Iterator[Line]:
        if path in self.files or depth > MAX_DEPTH:
            return
        self.files.append(path)
        opened = list(within)
        text = re.sub(r"\\\r?\n", " ", self.tree.texts[path])
        for count, raw in enumerate(text.splitlines()):
            line = raw.strip()
            self.left -= 1
            if not line or line.startswith("#") or self.left <= 0:
                continue
            if _CLOSE.match(line):
                if len(opened) > len(within):
                    opened.pop()
                else:
                    self.broken.append(path)
            elif found := _OPEN.match(line):
                words = " ".join(_words(self._put(found[2])))
                opened.append(
                    f"{found[1].lower()} {words}".strip()
                    + (f" #{path}:{count}" if found[1].lower() == "virtualhost" else "")
                )
            else:
                yield from self._line(_words(self._put(line)), tuple(opened), depth)
        if len(opened) != len(within):
            self.broken.append(path)

    def _put(self, text: str) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda one: self.defined.get(one[1], ""), text)

    def _line(self, words: list[str], within: tuple[str, ...], depth: int) -> Iterator[Line]:
        if not words:
            return
        name = words[0].lower()
        if name == "define" and len(words) > 2:
            self.defined[words[1]] = words[2]
        elif name == "serverroot" and len(words) > 1:
            self.base = words[1]
        if name in ("include", "includeoptional") and len(words) > 1:
            wanted = words[1] if not words[1].endswith("/") else words[1] + "*"
            held = self.tree.included(wanted, self.base)
            if not held and name == "include" and "*" not in wanted:
                self.missing.append(wanted)
            for path in held:
                yield from self.read(path, within, depth + 1)
        else:
            kept = tuple(one for one in within if one.split(" ")[0] not in _TRANSPARENT)
            yield Line(name=name, words=tuple(words[1:]), within=kept)


def _words(text: str) -> list[str]:
    return [a or b or c for a, b, c in _WORD.findall(text)]


def document(tree: Tree) -> dict[str, Any] | None:
    """The facts of an httpd; None where there is none."""
    main = tree.find("apache2/apache2.conf", "httpd/conf/httpd.conf", "httpd.conf", "apache2.conf")
    if not main:
        return None
    base = dirname(dirname(main)) if main.endswith("conf/httpd.conf") else dirname(main)
    reader = _Reader(tree, base)
    reader.defined |= _environment(tree)
    lines = list(reader.read(main, (), 0))
    gaps = [
        {"path": "", "why": "error", "detail": f"{one}: 段落不配对 / sections do not pair"}
        for one in reader.broken
    ]
    gaps += [{"path": "", "why": "missing", "detail": f"Include {one}"} for one in reader.missing]
    return {
        "format": FORMAT,
        "platform": "apache",
        "main": main,
        "files": reader.files[:200],
        **_facts(lines),
        "modes": opened(
            tree, "wide", [p for p in tree.modes if "apache" in p or "httpd" in p], 0o755
        ),
        "gaps": [*gaps, *tree.gaps("apache", "httpd")],
    }


def _environment(tree: Tree) -> dict[str, str]:
    """Debian keeps user and folders in `envvars`."""
    path = tree.find("envvars")
    held = re.findall(r"(?m)^\s*export\s+(\w+)=([^\s$]*)", tree.texts.get(path, ""))
    return {"APACHE_LOG_DIR": "/var/log/apache2", "APACHE_RUN_USER": "www-data", **dict(held)}


def _facts(lines: Sequence[Line]) -> dict[str, Any]:
    hosts = sorted({one.host for one in lines if one.host})
    tls = [one for one in hosts if _value(lines, "sslengine", one).lower() == "on"]
    modules = sorted(
        one.words[0].removesuffix("_module")
        for one in lines
        if one.name == "loadmodule" and one.words
    )
    root = [one for one in lines if one.within[-1:] == ("directory /",)]
    user = _value(lines, "user", "")
    plain = [one for one in hosts if one not in tls and not _redirects(lines, one)]
    return {
        "user": user or None,
        "user_root": user == "root",
        "tokens": _value(lines, "servertokens", "").lower() or "full",
        "signature": _value(lines, "serversignature", "").lower() or "off",
        "trace": _value(lines, "traceenable", "").lower() or "on",
        "hosts": [_short(one) for one in hosts][:200],
        "tls_hosts": len(tls),
        "old_protocols": [_short(one) for one in tls if _old(_values(lines, "sslprotocol", one))],
        "weak_ciphers": [_short(one) for one in tls if _weak(_value(lines, "sslciphersuite", one))],
        "plain": [_short(one) for one in plain] if hosts else ["server"],
        "no_hsts": [
            _short(h) for h in tls if "strict-transport-security" not in _headers(lines, h)
        ],
        "no_nosniff": [
            _short(h) for h in hosts or [""] if "x-content-type-options" not in _headers(lines, h)
        ],
        "no_frame": [
            _short(h)
            for h in hosts or [""]
            if not {"x-frame-options", "content-security-policy"} & _headers(lines, h)
        ],
        "listings": [_place(one) for one in lines if one.name == "options" and _indexes(one.words)],
        "root_denied": any(
            one.name == "require" and tuple(map(str.lower, one.words)) == ("all", "denied")
            for one in root
        )
        or any(one.name == "deny" and "all" in map(str.lower, one.words) for one in root),
        "overrides": [
            _place(one)
            for one in lines
            if one.name == "allowoverride" and "all" in map(str.lower, one.words)
        ],
        "modules": modules,
        "risky_modules": [one for one in modules if one in RISKY],
        "log_hosts_off": [
            _short(one)
            for one in hosts or [""]
            if not _value(lines, "customlog", one) and not _value(lines, "transferlog", one)
        ],
        "log_fields": _log_fields(lines),
        "error_log": bool(
            _value(lines, "errorlog", "") or any(one.name == "errorlog" for one in lines)
        ),
        "log_remote": any(
            one.name in ("errorlog", "customlog")
            and any(w.startswith(("syslog", "|")) for w in one.words)
            for one in lines
        ),
        "timeout": _number(_value(lines, "timeout", ""), 60),
        "body_limit": any(
            one.name == "limitrequestbody" and one.words and one.words[0] != "0" for one in lines
        ),
        "status_open": _status_open(lines),
        "firewall": any(
            one.name == "secruleengine" and one.words and one.words[0].lower() == "on"
            for one in lines
        ),
        "slow_guard": "reqtimeout" in modules
        or any(one.name == "requestreadtimeout" for one in lines),
    }


def _short(host: str) -> str:
    return host.partition(" #")[0].removeprefix("virtualhost ")[:120] or "server"


def _place(line: Line) -> str:
    return " › ".join(one.partition(" #")[0] for one in line.within)[:160] or "server"


def _values(lines: Sequence[Line], name: str, host: str) -> tuple[str, ...]:
    """The words that count for a host: its own, else the server's; the last of several."""
    own = [one.words for one in lines if one.name == name and one.host == host and host]
    whole = [one.words for one in lines if one.name == name and not one.within]
    return (own or whole or [()])[-1]


def _value(lines: Sequence[Line], name: str, host: str) -> str:
    return " ".join(_values(lines, name, host))


def _number(text: str, usual: int) -> int:
    return int(text) if text.isdigit() and len(text) < 10 else usual


def _old(words: Sequence[str]) -> bool:
    """`all -SSLv3`, `-all +TLSv1.2`, or plain names: whether anything old stays on."""
    on = set() if words else {*OLD[2:]}
    for word in (one.lower() for one in words):
        bare = word.lstrip("+-")
        held = {*OLD[1:], "tlsv1.2", "tlsv1.3"} if bare == "all" else {bare}
        on = on - held if word.startswith("-") else on | held
    return bool(on & {*OLD})


def _weak(text: str) -> bool:
    offered = [one for one in re.split(r"[:, ]", text) if one]
    return any(
        one[0] not in "!-+" and any(mark in one.upper() for mark in WEAK_CIPHERS) for one in offered
    )


def _redirects(lines: Sequence[Line], host: str) -> bool:
    return any(
        one.host == host
        and one.name in ("redirect", "redirectpermanent", "redirectmatch", "rewriterule")
        and any(word.startswith("https://") for word in one.words)
        for one in lines
    )


def _headers(lines: Sequence[Line], host: str) -> set[str]:
    found = set()
    for one in lines:
        if one.name == "header" and one.host in ("", host):
            words = [w.lower() for w in one.words if w.lower() != "always"]
            if len(words) > 1 and words[0] in ("set", "add", "append", "merge", "setifempty"):
                found.add(words[1].rstrip(":"))
    return found


def _indexes(words: Sequence[str]) -> bool:
    plain = {one.lower() for one in words}
    return bool(plain & {"indexes", "+indexes", "all"})


def _log_fields(lines: Sequence[Line]) -> list[str]:
    """The fields that every access log has."""
    named = {
        one.words[1]: one.words[0]
        for one in lines
        if one.name == "logformat" and len(one.words) > 1
    }
    used = [one.words[1] for one in lines if one.name == "customlog" and len(one.words) > 1]
    shapes = [
        named.get(one, "%h %l %u %t %r %>s" if one in ("combined", "common") else one)
        for one in used
    ]
    if not shapes:
        return []
    return sorted(
        name for name, mark in _LOG.items() if all(re.search(mark, shape) for shape in shapes)
    )


def _status_open(lines: Sequence[Line]) -> list[str]:
    """Status and info pages that anybody may see."""
    found = []
    for one in lines:
        if one.name == "sethandler" and one.words[:1] in (("server-status",), ("server-info",)):
            beside = [each for each in lines if each.within == one.within]
            guarded = any(
                (each.name == "require" and "granted" not in " ".join(each.words).lower())
                or each.name in ("deny", "authtype")
                for each in beside
            )
            if not guarded:
                found.append(_place(one))
    return found
