"""Tomcat's server.xml, web.xml and users, as facts: never a password, only what kind it is. Pure.

XML is read with entities forbidden. Where the collector hid the passwords, their kind is a gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from audit.probes.web.tree import Tree, dirname, opened

FORMAT = "qinglang-facts-tomcat/1"
OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "SSLv2Hello")
DEFAULT_USERS = ("tomcat", "admin", "both", "role1", "manager", "root")
COMMON = ("tomcat", "s3cret", "admin", "password", "123456", "12345678", "admin123", "changethis")
EXAMPLES = ("docs", "examples", "host-manager", "manager")
_LOG = {"time": "%t", "address": "%a|%h", "user": "%u", "request": "%r|%U", "status": "%s"}


def document(tree: Tree) -> dict[str, Any] | None:
    """The facts of a Tomcat; None where there is no server.xml."""
    main = next((p for p in sorted(tree.texts, key=len) if p.endswith("/server.xml")), "")
    if not main:
        return None
    gaps: list[dict[str, str]] = []
    server = _xml(tree, main, gaps, ("",))
    folder = dirname(main)
    found: dict[str, Any] = {
        "format": FORMAT,
        "platform": "tomcat",
        "main": main,
        **(_server(server) if server is not None else {}),
        **_web(tree, f"{folder}/web.xml", gaps),
        **_users(tree, f"{folder}/tomcat-users.xml", gaps),
        **_manager(tree, folder),
        "modes": opened(tree, "wide", [p for p in tree.modes if "tomcat" in p], 0o770),
    }
    unit = tree.find("tomcat.service", "tomcat9.service", "tomcat10.service")
    if unit:
        said = re.findall(r"(?m)^\s*User\s*=\s*(\S+)", tree.texts[unit])
        found["user"] = said[-1] if said else "root"
    return {**found, "gaps": [*gaps, *tree.gaps("tomcat")]}


def _xml(
    tree: Tree, path: str, gaps: list[dict[str, str]], places: tuple[str, ...]
) -> Element | None:
    text = tree.texts.get(path)
    if text is None:
        gaps += [{"path": one, "why": "missing", "detail": path} for one in places]
        return None
    try:
        top: Element = fromstring(re.sub(r"<\?xml[^>]*\?>", "", text.lstrip(), count=1))
    except (ParseError, DefusedXmlException, ValueError) as error:
        gaps += [
            {"path": place, "why": "error", "detail": f"{path}: {type(error).__name__}"}
            for place in places
        ]
        return None
    for one in top.iter():
        one.tag = one.tag.rpartition("}")[2]
    return top


def _server(server: Element) -> dict[str, Any]:
    connectors = [_connector(one) for one in server.iter("Connector")]
    valves = [one.get("className", "") for one in server.iter("Valve")]
    logs = [one for one in server.iter("Valve") if "AccessLogValve" in one.get("className", "")]
    reports = [
        one for one in server.iter("Valve") if "ErrorReportValve" in one.get("className", "")
    ]
    realms = [one.get("className", "") for one in server.iter("Realm")]
    locks = [one for one in server.iter("Realm") if "LockOutRealm" in one.get("className", "")]
    hosts = list(server.iter("Host"))
    shutdown = server.get("port", "8005")
    return {
        "shutdown_open": shutdown != "-1" and server.get("shutdown", "SHUTDOWN") == "SHUTDOWN",
        "shutdown_port": shutdown,
        "connectors": connectors,
        "ajp_open": [one["port"] for one in connectors if one["ajp"] and not one["secret"]],
        "plain": [one["port"] for one in connectors if one["plain"]],
        "tls_connectors": sum(one["tls"] for one in connectors),
        "old_protocols": [one["port"] for one in connectors if {*one["protocols"]} & {*OLD}],
        "trace": any(one["trace"] for one in connectors),
        "banner_shown": [one["port"] for one in connectors if one["powered"]],
        "post_unlimited": [one["port"] for one in connectors if one["post_limit"] in ("-1", "0")],
        "timeout_ms": max((one["timeout"] for one in connectors), default=20000),
        "access_log": bool(logs),
        "log_fields": _fields(logs),
        "errors_shown": not reports
        or any(
            one.get("showServerInfo", "true") != "false" or one.get("showReport", "true") != "false"
            for one in reports
        ),
        "realms": [one.rpartition(".")[2] for one in realms],
        "lockout": bool(locks),
        "lockout_failures": int(min((_count(one, "failureCount", 5) for one in locks), default=0)),
        "passwords_digested": any(one.tag == "CredentialHandler" for one in server.iter()),
        "auto_deploy": any(one.get("autoDeploy", "true") != "false" for one in hosts),
        "sessions_many": any("Cluster" in one.tag for one in server.iter()),
        "address_valve": any(
            "RemoteAddrValve" in one or "RemoteCIDRValve" in one for one in valves
        ),
    }


def _count(one: Element, name: str, usual: int) -> int:
    said = one.get(name, "")
    return int(said) if said.isdigit() and len(said) < 9 else usual


def _connector(one: Element) -> dict[str, Any]:
    protocol = one.get("protocol", "HTTP/1.1")
    ajp = "AJP" in protocol.upper()
    tls = one.get("SSLEnabled", "").lower() == "true" or one.get("scheme") == "https"
    hosts = list(one.iter("SSLHostConfig"))
    said = [
        one.get("sslEnabledProtocols") or one.get("sslProtocol") or "",
        *(each.get("protocols", "") for each in hosts),
    ]
    local = one.get("address", "") in ("127.0.0.1", "localhost", "::1")
    return {
        "port": one.get("port", ""),
        "ajp": ajp,
        "secret": bool(one.get("secret") or one.get("requiredSecret")) or local,
        "tls": tls,
        "plain": not ajp and not tls and not local and not one.get("redirectPort"),
        "protocols": sorted({w for each in said for w in re.split(r"[,+ ]", each) if w}),
        "trace": one.get("allowTrace", "false").lower() == "true",
        "powered": one.get("xpoweredBy", "false").lower() == "true",
        "post_limit": one.get("maxPostSize", "2097152"),
        "timeout": _count(one, "connectionTimeout", 60000),
    }


def _fields(logs: list[Element]) -> list[str]:
    shapes = [one.get("pattern", "common") for one in logs]
    plain = ["%h %l %u %t %r %s" if one in ("common", "combined") else one for one in shapes]
    if not plain:
        return []
    return sorted(name for name, mark in _LOG.items() if all(re.search(mark, one) for one in plain))


def _web(tree: Tree, path: str, gaps: list[dict[str, str]]) -> dict[str, Any]:
    top = _xml(tree, path, gaps, ("web",))
    if top is None:
        return {}
    settings = {
        (_text(servlet, "servlet-class").rpartition(".")[2], _text(one, "param-name")): _text(
            one, "param-value"
        )
        for servlet in top.iter("servlet")
        for one in servlet.iter("init-param")
    }
    timeout = next((one.text or "" for one in top.iter("session-timeout")), "30").strip()
    cookie = next(iter(top.iter("cookie-config")), None)
    filters = [_text(one, "filter-class").rpartition(".")[2] for one in top.iter("filter")]
    return {
        "web": {
            "listings": settings.get(("DefaultServlet", "listings"), "false") == "true",
            "writable": settings.get(("DefaultServlet", "readonly"), "true") == "false",
            "session_minutes": int(timeout) if re.fullmatch(r"-?\d{1,6}", timeout) else -1,
            "cookie_http_only": cookie is None or _text(cookie, "http-only") != "false",
            "cookie_secure": cookie is not None and _text(cookie, "secure") == "true",
            "error_pages": any(True for _ in top.iter("error-page")),
            "header_filter": "HttpHeaderSecurityFilter" in filters,
        }
    }


def _text(one: Element, name: str) -> str:
    return (one.findtext(name) or "").strip()


def _users(tree: Tree, path: str, gaps: list[dict[str, str]]) -> dict[str, Any]:
    top = _xml(tree, path, gaps, ("users",))
    if top is None:
        return {}
    users = list(_each_user(top))
    found: dict[str, Any] = {
        "count": len(users),
        "names": [one["name"] for one in users][:50],
        "default": [one["name"] for one in users if one["name"].lower() in DEFAULT_USERS],
        "managers": [one["name"] for one in users if any("manager" in r for r in one["roles"])],
        "all_roles": [
            one["name"] for one in users if {"manager-gui", "manager-script"} <= {*one["roles"]}
        ],
    }
    if tree.cleared and users:
        gaps.append(
            {"path": "users.weak", "why": "hidden", "detail": "passwords are not collected"}
        )
    else:
        found["weak"] = [one["name"] for one in users if one["weak"]]
    return {"users": found}


def _each_user(top: Element) -> Iterator[dict[str, Any]]:
    for one in top.iter("user"):
        name = one.get("username") or one.get("name") or ""
        secret = one.get("password") or ""
        roles = [role.strip() for role in (one.get("roles") or "").split(",") if role.strip()]
        yield {"name": name[:60], "roles": roles[:30], "weak": weak(name, secret)}


def weak(name: str, secret: str) -> bool:
    """Short, well known, the name itself, or of one kind of characters. A digest is not."""
    if re.fullmatch(r"[0-9a-fA-F]{32,128}(?:\$.*)?|[0-9a-fA-F]+\$\d+\$[0-9a-fA-F]+", secret):
        return False
    kinds = sum(bool(re.search(one, secret)) for one in ("[a-z]", "[A-Z]", r"\d", r"[^A-Za-z\d]"))
    plain = secret.lower()
    return len(secret) < 8 or kinds < 3 or plain in COMMON or plain == name.lower()


def _manager(tree: Tree, folder: str) -> dict[str, Any]:
    """The example and manager applications, where the tree shows the folder of applications."""
    home = dirname(folder)
    apps = sorted(
        {
            one[len(home) + 9 :].split("/")[0]
            for one in {*tree.texts, *tree.modes}
            if one.startswith(f"{home}/webapps/")
        }
    )
    if not apps:
        return {}
    context = tree.texts.get(f"{home}/webapps/manager/META-INF/context.xml", "")
    plain = re.sub(r"<!--.*?-->", "", context, flags=re.S)
    return {
        "applications": apps[:100],
        "example_applications": [one for one in apps if one in ("docs", "examples")],
        "manager_open": "manager" in apps
        and "RemoteAddrValve" not in plain
        and "RemoteCIDRValve" not in plain,
    }
