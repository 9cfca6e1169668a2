"""What the collector printed, taken apart into sections; what is cut off or refused says so.

Foreign bytes: whatever a host prints, `parse` returns a Collection or says that this is none
of our output. Lines of content begin with a bar, so nothing in them can pose as a frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from audit.probes.collect import FORMAT, AllowList, Kind, Section, allow_list

MAX_OUTPUT = 16 * 1024 * 1024  # bytes of one host's output
_RAN = re.compile(r"<(\d{1,3})>")


class Seen(StrEnum):
    """What became of one section or one file."""

    OK = "ok"
    ABSENT = "absent"  # no such file or program: a fact
    DENIED = "denied"
    TIMEOUT = "timeout"
    FAILED = "failed"
    NOT_RUN = "not-run"  # the output ends before it, or no `timeout` program


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFile:
    """One file of a section: its content, or why there is none."""

    path: str
    state: Seen
    text: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSection:
    """What one section brought. `text` is a command's output or the lines of values and modes."""

    id: str
    state: Seen
    text: str = ""
    files: tuple[SeenFile, ...] = ()
    detail: str = ""
    cut: bool = False  # at the size cap


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One host's output, taken apart."""

    version: str
    whole: bool
    sections: Mapping[str, SeenSection]
    digest: str = ""

    def section(self, name: str) -> SeenSection:
        return self.sections.get(name) or SeenSection(id=name, state=Seen.NOT_RUN)

    def text(self, name: str) -> str:
        """The output of a command, or "" (the gaps say why)."""
        return self.section(name).text

    def lines(self, name: str) -> list[str]:
        return self.section(name).text.splitlines()

    def file(self, name: str, path: str) -> str:
        """The content of one file of a section, or ""."""
        return next((one.text for one in self.section(name).files if one.path == path), "")

    def files(self, name: str) -> tuple[SeenFile, ...]:
        """The files of a section that could be read."""
        return tuple(one for one in self.section(name).files if one.state is Seen.OK)


class NotCollectedError(ValueError):
    """These bytes are no output of the collector."""


@dataclass(slots=True)
class _Open:
    """The section being read."""

    id: str
    lines: list[str] = field(default_factory=list)
    files: list[tuple[str, str, list[str]]] = field(default_factory=list)
    ending: str = ""


def parse(raw: bytes, listed: AllowList | None = None) -> Collection:
    """Take the collector's output apart. Raises NotCollectedError where it is none.

    Whatever stands before the first frame (a login banner) is skipped; whatever is cut off
    is `not-run`. Never raises for anything that follows the first frame.
    """
    chosen = {one.id: one for one in (listed or allow_list()).sections}
    text = raw[:MAX_OUTPUT].decode("utf-8", "replace").replace("\r", "")
    head, found, rest = text.partition(f"#qinglang-collect {FORMAT} ")
    if not found or (head and not head.endswith("\n")):
        raise NotCollectedError("这不是清朗采集脚本的输出 / not the output of our collector script")
    first, _, body = rest.partition("\n")
    sections: dict[str, SeenSection] = {}
    whole = False
    for opened in _opened(body):
        if opened.id == "":
            whole = opened.ending == "done"
        elif opened.id in chosen and opened.id not in sections:
            sections[opened.id] = _close(opened, chosen[opened.id])
    return Collection(
        version=re.sub(r"[^0-9a-f]", "", first)[:12],
        whole=whole,
        sections=sections,
        digest=sha256(raw).hexdigest(),
    )


def _opened(body: str) -> Iterator[_Open]:
    now: _Open | None = None
    for line in body.split("\n"):
        if line.startswith("|"):
            if now is not None:
                (now.files[-1][2] if now.files and not now.ending else now.lines).append(line[1:])
            continue
        if not line.startswith("#"):
            continue
        word, _, rest = line[1:].partition(" ")
        if word in ("section", "done"):
            if now is not None:
                yield now
            now = _Open(id=rest.strip())
            if word == "done":
                yield _Open(id="", ending="done")
                return
        elif now is not None and word in ("file", "denied", "missing", "special"):
            now.files.append((word, rest.strip(), []))
        elif now is not None:
            now.ending = f"{word} {rest}".strip()
    # the last section of a broken output may be cut anywhere: it is not believed


_WORDS = {"file": Seen.OK, "denied": Seen.DENIED, "missing": Seen.ABSENT, "special": Seen.FAILED}


def _close(opened: _Open, section: Section) -> SeenSection:
    match section.kind:
        case Kind.COMMAND:
            return _ran(opened, section)
        case Kind.FILES:
            return _read(opened, section)
    lines = list(opened.lines)
    for _, _, more in opened.files:
        lines += more
    files = tuple(
        SeenFile(path=path, state=_WORDS[word]) for word, path, _ in opened.files if word != "file"
    )
    if section.kind is Kind.VALUES:  # readable by its mode, and yet nothing came
        had = {line.partition(":")[0] for line in lines} | {one.path for one in files}
        files += tuple(
            SeenFile(path=path, state=Seen.DENIED) for path in section.paths if path not in had
        )
    return SeenSection(id=section.id, state=_worst(files), text="\n".join(lines), files=files)


def _worst(files: tuple[SeenFile, ...]) -> Seen:
    states = {one.state for one in files}
    for state in (Seen.DENIED, Seen.FAILED):
        if state in states:
            return state
    return Seen.OK


def _read(opened: _Open, section: Section) -> SeenSection:
    files = []
    for word, path, lines in opened.files:
        text = "\n".join(lines)
        cut = len(text.encode()) >= section.bytes - 4
        files.append(SeenFile(path=path, state=_WORDS[word], text=text, cut=cut))
    found = tuple(files)
    return SeenSection(
        id=section.id,
        state=_worst(found),
        files=found,
        detail=" ".join(one.path for one in found if one.state is Seen.DENIED)[:300],
        cut=any(one.cut for one in found) or opened.ending == "more",
    )


def _ran(opened: _Open, section: Section) -> SeenSection:
    text = "\n".join(opened.lines)
    denied = [path for word, path, _ in opened.files if word == "denied"]
    state, detail = Seen.FAILED, ""
    word, _, rest = opened.ending.partition(" ")
    code = _RAN.search(rest)
    if denied:
        state, detail = Seen.DENIED, denied[0]
    elif word == "absent":
        state = Seen.ABSENT
    elif word == "untimed":
        state, detail = Seen.NOT_RUN, "no `timeout` program"
    elif code:
        detail = _RAN.sub("", rest).strip()
        state = _by_code(int(code[1]), detail, text, section)
    return SeenSection(
        id=section.id,
        state=state,
        text=text,
        detail=detail[:300],
        cut=len(text.encode()) >= section.bytes - 4,
    )


def _by_code(code: int, said: str, text: str, section: Section) -> Seen:
    if code in (124, 137):
        return Seen.TIMEOUT
    if "ermission denied" in said or "not permitted" in said:
        return Seen.DENIED
    if code in section.codes or (code == 141 and text):  # 141: cut at the size cap
        return Seen.OK
    return Seen.FAILED
