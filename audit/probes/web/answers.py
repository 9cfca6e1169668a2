"""From the replies of a web application to one document of facts. Pure.

Only what a visitor sees is used: headers, cookies without their values, forms, the filing
numbers of the first page, whether listed places answer. Contents of exposed files are never kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from audit.probes.web.reply import Reply

FORMAT = "qinglang-facts-http/1"
ORIGIN = "https://qinglang.invalid"
MISSING = "/qinglang-no-such-page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A path that should not answer, and what shows that it really did."""

    path: str
    mark: str
    zh: str
    en: str


PLACES = (
    Place(path="/.git/HEAD", mark=r"^ref: ", zh="代码仓库", en="a git repository"),
    Place(path="/.svn/entries", mark=r"^\d{1,2}\s", zh="代码仓库", en="a subversion folder"),
    Place(
        path="/.env", mark=r"(?m)^[A-Z][A-Z0-9_]+=", zh="环境变量文件", en="settings with secrets"
    ),
    Place(path="/.DS_Store", mark=r"Bud1", zh="目录索引文件", en="a folder index"),
    Place(path="/server-status", mark=r"Apache Server Status", zh="运行状态", en="server status"),
    Place(path="/nginx_status", mark=r"Active connections", zh="运行状态", en="server status"),
    Place(path="/actuator", mark=r'"_links"', zh="运维端点", en="operation endpoints"),
    Place(
        path="/phpinfo.php", mark=r"PHP Version", zh="运行环境信息", en="the run time's settings"
    ),
    Place(path="/druid/index.html", mark=r"(?i)druid", zh="数据库监控台", en="a database monitor"),
    Place(path="/v2/api-docs", mark=r'"swagger"', zh="接口文档", en="interface descriptions"),
    Place(path="/manager/html", mark=r"(?i)tomcat", zh="应用管理台", en="the manager application"),
    Place(path="/WEB-INF/web.xml", mark=r"<web-app", zh="应用描述文件", en="a deployment file"),
)
"""All that is ever asked for beside the first page: read-only GETs, never a login."""

FOLDERS = ("/images/", "/uploads/", "/static/", "/files/")
_LISTING = re.compile(
    r"<title>\s*(?:Index of /|Directory listing for|.* - /$)|Parent Directory</a>"
)
_TRACE = re.compile(
    r"\bat [\w.$]+\([\w$]+\.(?:java|kt):\d+\)|Traceback \(most recent call last\)"
    r"|\bin (?:<b>)?/[\w./-]+\.php(?:</b>)? on line|Server Error in '|System\.\w*Exception"
    r"|Werkzeug Debugger|ORA-\d{5}|You have an error in your SQL syntax"
)
_VERSION = re.compile(r"\d+\.\d+")
_ICP = re.compile(r"[\u4e00-\u9fff]ICP[备证](?:字第?)?\s?\d{5,12}号(?:-\d{1,4})?")
_POLICE = re.compile(r"[\u4e00-\u9fff]公网安备\s?\d{10,16}\s?号?")
_ERROR_BANNER = re.compile(
    r"(?i)\b(?:apache(?: tomcat)?|nginx|openresty|tengine|iis|jetty|weblogic)[/ ]v?\d+\.\d+"
)
_MIXED = re.compile(
    r"<(?:script|iframe)[^>]{1,300}?src=[\"'](http://[^\"'>\s]{1,200})", re.IGNORECASE
)
_NOTICE = re.compile(r"隐私(?:政策|声明|保护)|个人信息(?:保护|处理)|用户协议|[Pp]rivacy")


def document(
    replies: Mapping[str, Reply | None],
    *,
    host: str,
    lost: Mapping[str, str],
    trusted: bool | None,
) -> dict[str, Any]:
    """The facts. `replies` by question (`plain`, `first`, `trace` …); None: no such service."""
    gaps = [
        {"path": path, "why": "cut" if path in _LISTS else "error", "detail": said}
        for question, said in lost.items()
        for path in _PATHS.get(question, (question,))
    ]
    plain, first = replies.get("plain"), replies.get("first")
    page = first or plain
    found: dict[str, Any] = {
        "format": FORMAT,
        "platform": "http",
        "host": host,
        "plain": _plain(plain) if "plain" in replies else None,
        "https": {"open": first is not None, "trusted": trusted if first else None},
        "gaps": gaps,
    }
    if page is not None:
        found |= _page(page, over_tls=first is not None)
        found["banner"] = _banner(page)
    if trace := replies.get("trace"):
        found["trace"] = trace.status == 200 and "TRACE " in trace.text[:2000].upper()
    if options := replies.get("options"):
        allowed = options.header("allow") or options.header("access-control-allow-methods") or ""
        found["methods"] = sorted(
            {one.strip().upper() for one in allowed.split(",") if one.strip()}
        )
    if missing := replies.get("missing"):
        found["errors"] = {
            "stack_trace": bool(_TRACE.search(missing.text)),
            "banner": bool(_ERROR_BANNER.search(missing.text)),
            "status": missing.status,
        }
    asked = [one for one in PLACES if replies.get(one.path)]
    if asked:
        found["places"] = {
            "asked": [one.path for one in asked],
            "exposed": [one.path for one in asked if exposed(one, replies[one.path])],
        }
    folders = [one for one in FOLDERS if replies.get(one)]
    if page is not None and (folders or not any(one in lost for one in FOLDERS)):
        pages = [("/", page), *((one, replies[one]) for one in folders)]
        found["listings"] = [
            path for path, one in pages if one and one.status == 200 and _LISTING.search(one.text)
        ]
    return found


_LISTS = ("places", "listings")  # what was found there stays found, though some were not seen
_PATHS: Mapping[str, tuple[str, ...]] = {
    "plain": ("plain",),
    "first": ("https", "headers", "cookies", "login", "filing", "banner", "cors", "mixed"),
    "trace": ("trace",),
    "options": ("methods",),
    "missing": ("errors",),
    **{one.path: ("places",) for one in PLACES},
    **dict.fromkeys(FOLDERS, ("listings",)),
}


def exposed(place: Place, reply: Reply | None) -> bool:
    """Whether a place answers with what it should not show."""
    if reply is None:
        return False
    if reply.status == 401:
        return place.path == "/manager/html"
    return reply.status == 200 and re.search(place.mark, reply.text[:20000]) is not None


def _plain(reply: Reply | None) -> dict[str, Any]:
    if reply is None:
        return {"open": False, "redirects": None, "login": False}
    where = reply.header("location") or ""
    return {
        "open": True,
        "redirects": reply.status in (301, 302, 303, 307, 308) and where.startswith("https://"),
        "login": bool(login(reply.text)["form"]),
    }


def _page(reply: Reply, *, over_tls: bool) -> dict[str, Any]:
    form = login(reply.text)
    return {
        "headers": _headers(reply),
        "cookies": [_cookie(one) for one in reply.every("set-cookie")[:50]],
        "login": {**form, "plain": form["form"] and (not over_tls or form["plain_action"])},
        "filing": {
            "icp": _first(_ICP, reply.text),
            "police": _first(_POLICE, reply.text),
        },
        "notice": bool(_NOTICE.search(reply.text)),
        "cors": {
            "any_origin": reply.header("access-control-allow-origin") == "*",
            "reflects": reply.header("access-control-allow-origin") == ORIGIN,
            "credentials": (reply.header("access-control-allow-credentials") or "") == "true",
        },
        "mixed": sorted(set(_MIXED.findall(reply.text)))[:20] if over_tls else [],
    }


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return re.sub(r"\s", "", found[0]) if found else None


def _headers(reply: Reply) -> dict[str, Any]:
    strict = reply.header("strict-transport-security")
    age = re.search(r"max-age\s*=\s*\"?(\d{1,12})", strict or "", re.I)
    policy = reply.header("content-security-policy") or ""
    frame = (reply.header("x-frame-options") or "").upper()
    return {
        "hsts": strict is not None,
        "hsts_seconds": int(age[1]) if age else 0,
        "policy": bool(policy),
        "policy_unsafe": "'unsafe-inline'" in policy or "'unsafe-eval'" in policy,
        "frame": frame.startswith(("DENY", "SAMEORIGIN")) or "frame-ancestors" in policy,
        "nosniff": (reply.header("x-content-type-options") or "").lower().startswith("nosniff"),
        "referrer": bool(reply.header("referrer-policy")),
        "cache": (reply.header("cache-control") or "").lower() or None,
        "no_store": "no-store" in (reply.header("cache-control") or "").lower(),
    }


def _banner(reply: Reply) -> dict[str, Any]:
    server = reply.header("server")
    powered = reply.header("x-powered-by") or reply.header("x-aspnet-version")
    return {
        "server": server[:100] if server else None,
        "versioned": bool(server and _VERSION.search(server)),
        "powered": powered[:100] if powered else None,
        "told": [one for one in (powered,) if one],
    }


def _cookie(text: str) -> dict[str, Any]:
    name, *rest = text.split(";")
    words = {one.partition("=")[0].strip().lower(): one.partition("=")[2].strip() for one in rest}
    return {
        "name": name.partition("=")[0].strip()[:80],
        "secure": "secure" in words,
        "http_only": "httponly" in words,
        "same_site": words.get("samesite", "").lower() or "none given",
        "session": bool(re.search(r"(?i)sess|sid|token|auth|jwt", name.partition("=")[0])),
    }


def login(text: str) -> dict[str, Any]:
    """Whether a page asks for a password, where it sends it, and what stands beside it."""
    try:
        page = LexborHTMLParser(text)
        fields = page.css("input[type='password' i]")
    except ValueError:
        return {"form": False, "plain_action": False, "captcha": False, "by_get": False}
    actions, methods = [], []
    for one in fields[:20]:
        above = one.parent
        while above is not None and above.tag != "form":
            above = above.parent
        if above is not None:
            actions.append(above.attributes.get("action") or "")
            methods.append((above.attributes.get("method") or "get").lower())
    return {
        "form": bool(fields),
        "plain_action": any(urlsplit(_joined(one)).scheme == "http" for one in actions),
        "by_get": any(one == "get" for one in methods) and any(actions),
        "captcha": bool(re.search(r"(?i)captcha|验证码|verifycode|滑块", text)),
    }


def _joined(action: str) -> str:
    try:
        return urljoin("https://page.invalid/", action)
    except ValueError:
        return "https://page.invalid/"
