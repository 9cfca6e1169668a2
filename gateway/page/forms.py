"""The forms an answer can take: page, picture, JSON, comment, plain text. Pure.

The page's template is filled in two steps. At load, once per first language, the
fixed labels and the style go in (`[[ ]]` and `[% %]`); the result is compiled, so
that an answer fills only what changes (`{{ }}` and `{% %}`). Jinja escapes both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from gateway.page.appeal import APPEAL_PATH, LONGEST_TEXT
from gateway.page.confirm import CONFIRM_PATH, LONGEST_WHY, confirm_link
from gateway.page.material import Messages, say
from gateway.page.model import PageKind, Want
from gateway.page.telling import Telling, when

LOCALE: Mapping[str, str] = {"zh": "zh-CN", "en": "en"}

MEDIA_TYPE: Mapping[Want, str] = {
    Want.HTML: "text/html; charset=utf-8",
    Want.IMAGE: "image/svg+xml; charset=utf-8",
    Want.JSON: "application/json; charset=utf-8",
    Want.WEBSOCKET: "application/json; charset=utf-8",
    Want.SCRIPT: "text/javascript; charset=utf-8",
    Want.STYLE: "text/css; charset=utf-8",
    Want.OTHER: "text/plain; charset=utf-8",
    Want.MEDIA: "text/plain; charset=utf-8",
    Want.FONT: "text/plain; charset=utf-8",
}

_ERROR_WORD: Mapping[PageKind, str] = {
    PageKind.BLOCK: "blocked",
    PageKind.WARN: "warning",
    PageKind.OUTFLOW_WARN: "outflow-warning",
    PageKind.OUTFLOW_BLOCK: "outflow-blocked",
    PageKind.OUTFLOW_NOTED: "outflow-noted",
    PageKind.NOTICE: "notice",
    PageKind.ERROR: "unreachable",
    PageKind.REFUSED: "refused",
    PageKind.MARKER: "marker",
    PageKind.MASKED: "unmasked",
    PageKind.LOGIN: "login",
    PageKind.PORTAL: "portal",
    PageKind.RECEIVED: "received",
    PageKind.UNRECEIVED: "unreceived",
}


def sides(first: str) -> tuple[str, str]:
    """Both languages, `first` first."""
    return ("en", "zh") if first == "en" else ("zh", "en")


def squeeze(style: str) -> str:
    """The style sheet without comments and needless white space."""
    bare = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", bare)).replace(";}", "}").strip()


def compile_page(page: str, sheet: str, messages: Messages) -> dict[str, Template]:
    """The page's templates by first language, with labels and style already in."""
    outer = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
    )
    frame = outer.from_string(page)
    labels = {side: _inert(messages.labels.side(side)) for side in LOCALE}
    return {
        first: compile_template(
            frame.render(
                style=Markup(sheet),  # noqa: S704 - our own file
                appeal_path=APPEAL_PATH,
                confirm_path=CONFIRM_PATH,
                longest_why=LONGEST_WHY,
                longest_text=LONGEST_TEXT,
                sides=[
                    {"language": side, "lang": LOCALE[side], "labels": labels[side]}
                    for side in sides(first)
                ],
            )
        )
        for first in LOCALE
    }


def _inert(labels: Mapping[str, str]) -> dict[str, Markup]:
    """Escaped labels that cannot be read as template syntax by the second step."""
    return {
        name: Markup(str(escape(text)).replace("{", "&#123;"))  # noqa: S704 - escaped here
        for name, text in labels.items()
    }


def compile_template(source: str) -> Template:
    """One template with every value escaped and an unknown name an error."""
    inner = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return inner.from_string(source)


def html(template: Template, telling: Telling, messages: Messages) -> str:
    """The whole page. `template` from `compile_page`."""
    values: dict[str, Any] = {
        "kind": telling.kind.value,
        "young": telling.young,
        "host": telling.host,
        "code": telling.code,
        "detail": telling.detail,
        "contact": telling.contact,
        "appeal": telling.appeal,
        "seal": telling.seal,
        "confirm": telling.confirm,
        "proceed": telling.proceed,
        "profile": telling.profile,
        "clause": telling.clause,
        "bases": telling.bases,
        "lines": telling.crisis.lines if telling.crisis else (),
    }
    for side in LOCALE:
        for name, value in _words(telling, messages, side).items():
            values[f"{side}_{name}"] = value
    return template.render(values)


def _words(telling: Telling, messages: Messages, side: str) -> dict[str, Any]:
    """What the page says in one language, by the name it has in the template."""
    crisis, weekday = telling.crisis, messages.weekdays[telling.moment.weekday]
    return {
        "badge": say(telling.badge, side),
        "title": say(telling.title, side),
        "lead": say(telling.lead, side),
        "gap": say(telling.more, side),
        "categories": [say(title, side) for title in telling.categories],
        "rule": say(telling.rule, side),
        "reason": say(telling.reason, side),
        "when": when(telling.moment, weekday, say(messages.labels.zone, side), side),
        "advice": [say(text, side) for text in telling.advice],
        "tip": say(telling.tip, side),
        "found": [say(one.text, side) for one in telling.found],
        "better": [(say(a.title, side), a.url, say(a.why, side)) for a in telling.better],
        "crisis": (say(crisis.title, side), say(crisis.text, side)) if crisis else None,
    }


def picture(template: Template, telling: Telling, side: str) -> str:
    """A small SVG that says what happened, for an <img>."""
    return template.render(
        badge=say(telling.badge, side),
        other=say(telling.badge, sides(side)[1]),
        category=say(telling.categories[0], side) if telling.categories else "",
        code=telling.code,
        allowed=telling.status == 200,
    )


def report(telling: Telling) -> str:
    """JSON for a script that asked: stable keys, both languages."""
    reason = telling.reason if telling.reason.zh or telling.reason.en else telling.lead
    more: dict[str, Any] = {}
    if telling.found:
        more["found"] = {one.name: one.count for one in telling.found}
    if telling.confirm:
        more["continue"] = confirm_link(telling.code, telling.confirm)
    return _dump(
        {
            "error": _ERROR_WORD[telling.kind],
            "code": telling.code,
            "category": telling.ids[0] if telling.ids else "",
            "categories": list(telling.ids),
            "title": {"zh": telling.title.zh, "en": telling.title.en},
            "reason": {"zh": reason.zh, "en": reason.en},
            **({"detail": telling.detail} if telling.detail else {}),
            **more,
        }
    )


def short_report(telling: Telling) -> str:
    """The shortest JSON, for a refused WebSocket upgrade."""
    return _dump({"error": _ERROR_WORD[telling.kind], "code": telling.code})


def comment(telling: Telling) -> str:
    """An empty script or style sheet that says why it is empty."""
    return f"/* Qinglang 清朗: {_ERROR_WORD[telling.kind]} {telling.code} */\n"


def plain(telling: Telling, messages: Messages, first: str) -> str:
    """A few lines of text in both languages, for a download or an unknown client."""
    lines = []
    for side in sides(first):
        labels = messages.labels
        lines.append(f"{say(labels.product, side)} · {say(telling.badge, side)}")
        lines.append(say(telling.title, side))
        lines.append(say(telling.reason, side) or say(telling.lead, side))
        lines.append(f"{say(labels.code, side)}: {telling.code}\n")
    return "\n".join(lines)


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
