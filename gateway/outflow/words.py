"""What a message holds, in words for a person: kinds and counts, zh first. Never a value."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.page.telling import Found
from rules.model import Text
from rules.recognise.personal.carried import Carried, Opaque, band
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kind_words import WORDS

UNREAD: Mapping[Opaque, Text] = {
    Opaque.TOO_LARGE: Text(zh="内容太大，没有查看", en="too large to be looked at"),
    Opaque.CODING: Text(zh="压缩方式无法解开", en="a coding that cannot be undone"),
    Opaque.ENCRYPTED: Text(zh="加密的文件，看不了里面", en="a file behind a password"),
    Opaque.MEDIA: Text(zh="图片或音视频，没有识别其中文字", en="pictures, sound or film: not read"),
    Opaque.BINARY: Text(zh="无法识别的文件格式", en="a format that is not known"),
    Opaque.BROKEN: Text(zh="残缺的文件", en="a broken file"),
    Opaque.BUDGET: Text(zh="内容太多或嵌套太深，没有看完", en="more, or deeper, than is looked at"),
}
_PLAIN = re.compile(r"[A-Za-z._~-]{0,60}[0-9]{0,4}[A-Za-z._~-]{0,20}")


def found(carried: Carried) -> tuple[Found, ...]:
    """A line for each kind, then the people, then what was not read."""
    lines = []
    for kind, count in carried.kinds.items():
        unsure = carried.suspected.get(kind, 0)
        zh, en = f"{WORDS[kind].zh} {count} 个", f"{WORDS[kind].en}: {count}"
        if unsure:
            zh, en = f"{zh}（其中疑似 {unsure} 个）", f"{en} ({unsure} suspected)"
        lines.append(Found(name=kind.value, count=str(count), text=Text(zh=zh, en=en)))
    for name, number, told in (
        ("people", carried.people, Text(zh="涉及约 {} 人", en="about {} people")),
        ("under_14", carried.under_14, Text(zh="其中不满十四周岁 {} 人", en="{} of them under 14")),
    ):
        if number:
            size = band(number)
            text = Text(zh=told.zh.format(size), en=told.en.format(size))
            lines.append(Found(name=name, count=size, text=text))
    lines += [Found(name=why.value, count="?", text=UNREAD[why]) for why in carried.unread]
    return tuple(lines)


def safe_path(path: str) -> str:
    """The beginning of a path that can hold nobody's number or name, without its query."""
    kept = []
    for segment in path.partition("?")[0].split("/"):
        if not _PLAIN.fullmatch(segment):
            kept.append("…")
            break
        kept.append(segment)
    return "/".join(kept)


def scrubbed(text: str, finder: Finder) -> str:
    """What somebody wrote, with every find named instead of told."""
    for hit in reversed(finder.find(text)):
        text = f"{text[: hit.start]}<{hit.kind}>{text[hit.end :]}"
    return text
