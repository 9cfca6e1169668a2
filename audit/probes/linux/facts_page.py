"""The reference page of a Linux host's document, made from the tables it is made by."""

from __future__ import annotations

from collections.abc import Iterator

from audit.probes.collect import allow_list
from audit.probes.linux.facts import FORMAT, places

HEAD = f"""# 主机事实文档 / Facts of a Linux host

本页由 `qinglang audit collect-script --facts` 生成，请勿手改。
This page is made by `qinglang audit collect-script --facts`; do not edit it.

Evidence of the probe `linux` is one JSON document (`format: {FORMAT}`). An example is
`tests/audit/recordings/debian12.json`.

- Keys hold no dots: `sysctl.net/ipv4/ip_forward`, `files.etc/ssh/sshd_config.mode`,
  `packages.installed.libc6`; dots within a name become `_`, and `/` itself is `slash`.
- `null` means: not set, or not to be known from what was read; look at `gaps` first.
- `gaps` lists what could not be looked at: `path` (a prefix of paths, `*` for any item), `why`
  (denied, timeout, failed, absent, not-run, cut, error), `section`, `detail`. Whatever stands on
  such a path is unknown, never a pass (`audit.probes.linux.facts.gap_at`).
- `sources` names the sections of each place: `a|b` is either of two, `a?` one whose absence is
  itself a fact. `collection` tells how it was collected, and whether the output was whole.
- Days are counted by the host's own clock. Password hashes and private keys are never read.

"""


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join([*_places(), "", *_sections()]) + "\n"


def _places() -> Iterator[str]:
    yield "## 位置 / Places\n"
    yield "| path | 内容 | content | sections |\n|---|---|---|---|"
    for one in places():
        sections = ", ".join(name.replace("|", " or ") for name in one.sections)
        yield f"| `{one.path}` | {one.zh} | {one.en} | {sections} |"


def _sections() -> Iterator[str]:
    yield "## 读取清单 / What is read\n"
    yield "| section | 内容 | content | read |\n|---|---|---|---|"
    for one in allow_list().sections:
        read = " ".join(one.command or one.paths).replace("|", "\\|")
        shown = read if len(read) <= 200 else read[:197] + "…"
        root = " (root)" if one.root else ""
        yield f"| {one.id} | {one.zh} | {one.en}{root} | `{shown}` |"
