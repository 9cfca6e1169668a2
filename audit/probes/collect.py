"""The collector: an allow-list becomes one read-only shell script; what it prints becomes sections.

The allow-list (`sections.yaml`) is all that is ever read on a host: files, first lines of
kernel files, owners and permissions, and commands of fixed words whose program stands in
PROGRAMS. The script frames each section, caps it, and puts a bar before every foreign line,
so nothing a host prints can pose as a frame. Pure, but for reading our own two files.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path

from rules.load import DataError, Problem, load

HERE = Path(__file__).parent
FORMAT = 1
MAX_OUTPUT = 16 * 1024 * 1024  # bytes of one host's output

PROGRAMS = frozenset(
    "apt-get auditctl awk chronyc date df dpkg-query find grep id ip iptables-save last lastlog"
    " lsblk nft ps rpm ss sshd systemctl uname".split()
)
"""The only programs a section may run; each is used in a form that only reads."""

FORBIDDEN = frozenset(
    "-delete -exec -execdir -ok -okdir -fprint -fprintf -fls -i --in-place install remove"
    " start stop restart enable disable mask".split()
)

_ID = re.compile(r"[a-z][a-z0-9_]*").fullmatch
_PATH = re.compile(r"/[A-Za-z0-9_./*+-]*").fullmatch
_AWK_ACTS = re.compile(r"system|getline|[|>]\s*\"|\|\s*getline|>>|print[^}]*>")
_RAN = re.compile(r"<(\d{1,3})>")


class Kind(StrEnum):
    FILES = "files"
    VALUES = "values"
    MODES = "modes"
    COMMAND = "command"


class Seen(StrEnum):
    """What became of one section or one file."""

    OK = "ok"
    ABSENT = "absent"  # no such file or program: a fact
    DENIED = "denied"
    TIMEOUT = "timeout"
    FAILED = "failed"
    NOT_RUN = "not-run"  # the output ends before it, or no `timeout` program


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One entry of the allow-list."""

    id: str
    kind: Kind
    zh: str
    en: str
    paths: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    seconds: int = 8
    bytes: int = 65536
    root: bool = False
    reads: str = ""
    hide: bool = False
    codes: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        if not _ID(self.id):
            raise ValueError(f"`{self.id}` is no section id")
        if (self.kind is Kind.COMMAND) != bool(self.command) or bool(self.command) == bool(
            self.paths
        ):
            raise ValueError("a command has words, every other kind has paths")
        for path in (*self.paths, *((self.reads,) if self.reads else ())):
            if not _PATH(path) or ".." in path:
                raise ValueError(f"`{path}` may not be read")
        if self.kind is Kind.VALUES and not all(p.startswith(("/proc/", "/sys/")) for p in self.paths):
            raise ValueError("values are of kernel files only")
        if not 1 <= self.seconds <= 60 or not 1 <= self.bytes <= 1 << 20:
            raise ValueError("seconds are 1 to 60, bytes 1 to 1048576")
        if self.command:
            _refuse(self.command)


def _refuse(command: tuple[str, ...]) -> None:
    """Raise ValueError for a command that is not on the allow-list of programs and forms."""
    if command[0] not in PROGRAMS:
        raise ValueError(f"`{command[0]}` is not an allowed program")
    if FORBIDDEN & set(command):
        raise ValueError(f"`{command[0]}` may not be run with {FORBIDDEN & set(command)}")
    if command[0] == "awk" and any(_AWK_ACTS.search(word) for word in command[1:2]):
        raise ValueError("an awk program here may only print")
    if command[0] == "apt-get" and "-s" not in command:
        raise ValueError("apt-get only simulates")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowList:
    id: str
    sections: tuple[Section, ...]


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


@cache
def allow_list() -> AllowList:
    """The shipped allow-list. Raises DataError."""
    path = HERE / "sections.yaml"
    found = load(AllowList, path)
    ids = [section.id for section in found.sections]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        raise DataError(
            [Problem(file=str(path), line=1, column=1, message=f"sections stand twice: {twice}")]
        )
    return found


def call(section: Section) -> str:
    """The line of shell that reads one section."""
    quoted = shlex.join(section.command)
    paths = " ".join(section.paths)  # checked by _PATH: only `*` means anything to the shell
    match section.kind:
        case Kind.FILES:
            hide = "clean_and_hide" if section.hide else "clean"
            return f"files {section.id} {section.bytes} {hide} {paths}"
        case Kind.VALUES:
            return f"values {section.id} {paths}"
        case Kind.MODES:
            return f"modes {section.id} {paths}"
        case Kind.COMMAND:
            who = "root" if section.root else "anyone"
            reads = section.reads or "-"
            return f"run {section.id} {section.seconds} {section.bytes} {who} {reads} {quoted}"


def version(listed: AllowList | None = None) -> str:
    """The digest of the script: evidence names it."""
    return sha256(_script(listed or allow_list(), "").encode()).hexdigest()[:12]


def script(listed: AllowList | None = None) -> str:
    """The whole collector script."""
    chosen = listed or allow_list()
    return _script(chosen, version(chosen))


def _script(listed: AllowList, name: str) -> str:
    calls = "\n".join(f"# {one.zh} / {one.en}\n{call(one)}" for one in listed.sections)
    frame = (HERE / "collector.sh").read_text(encoding="utf-8")
    return frame.replace("@VERSION@", name).replace("@SECTIONS@", calls)


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
