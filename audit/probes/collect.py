"""The collector: an allow-list becomes one read-only shell script.

The allow-list (`sections.yaml`) is all that is ever read on a host: files, first lines of
kernel files, owners and permissions, and commands of fixed words whose program stands in
PROGRAMS. The script frames each section, caps it, and puts a bar before every foreign line,
so nothing a host prints can pose as a frame. Pure, but for reading our own two files.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path

from rules.load import DataError, Problem, load

HERE = Path(__file__).parent
FORMAT = 1

PROGRAMS = frozenset(
    (  # noqa: SIM905
        "apt-get auditctl awk chronyc date df dpkg-query find grep id ip iptables-save lastlog"
        " lsblk nft ps rpm ss sshd systemctl uname"
    ).split()
)
"""The only programs a section may run; each is used in a form that only reads."""

FORBIDDEN = frozenset(
    (  # noqa: SIM905
        "-delete -exec -execdir -ok -okdir -fprint -fprintf -fls -i --in-place install remove"
        " start stop restart enable disable mask"
    ).split()
)

_ID = re.compile(r"[a-z][a-z0-9_]*").fullmatch
_PATH = re.compile(r"/[A-Za-z0-9_./*+-]*").fullmatch
_AWK_ACTS = re.compile(r"system|getline|[|>]\s*\"|\|\s*getline|>>|print[^}]*>")


class Kind(StrEnum):
    FILES = "files"
    VALUES = "values"
    MODES = "modes"
    COMMAND = "command"


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
    attributes: bool = False  # only values of attributes and headers are hidden
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
        if self.kind is Kind.VALUES and not all(
            p.startswith(("/proc/", "/sys/")) for p in self.paths
        ):
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
            hide = "clean_attributes" if section.attributes else hide
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
