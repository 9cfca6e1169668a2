# ruff: noqa: E501 - sentences of a page stand in one line
"""Look at the real targets of tests/audit/real, and print docs/audit-real.md.

    python scripts/audit_real.py --write [ID...]   boot, look, write expected.json (as root)
    python scripts/audit_real.py                   write the page from expected.json

What is written is then read by a person: an expectation is not right because it was seen.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.audit.real import looking  # noqa: E402

PAGE = ROOT / "docs" / "audit-real.md"
LACKING = ("fail", "partial")
HEAD = """# 真实目标上的检查 The checks on real targets

由 `scripts/audit_real.py` 从 tests/audit/real 的数据写成。每个目标是一棵真实的发行版文件树（debootstrap），由它自己的 systemd 在命名空间中启动，有自己的网络、sshd、账户、服务；清朗经 SSH 采集一次并判定。`hardened` 照每条检查的整改建议加固，`broken` 故意处处做错，`plain` 是发行版装好的样子，`bare` 补其余情形。

Written by `scripts/audit_real.py` from the data of tests/audit/real. Each target is a real tree of a distribution (debootstrap), booted by its own systemd in namespaces, with a network, an sshd, accounts and services of its own; Qinglang collects once over SSH and judges. `hardened` follows the remedy of every check, `broken` does everything wrong, `plain` is as installed, `bare` shows what is left.

```
make audit-targets                        # 建树并在全部目标上检查 build the trees, look at all targets
.venv/bin/python -m pytest tests/audit/real   # 三个目标 three of them (needs root and the trees)
```

"""


def seen(expected: dict[str, dict[str, list[str]]]) -> dict[str, dict[str, list[str]]]:
    """Check → pass and fail → the targets that showed it."""
    found: dict[str, dict[str, list[str]]] = {}
    for target, states in expected.items():
        for state, checks in states.items():
            for check in checks:
                sides = found.setdefault(check, {"pass": [], "fail": []})
                if state == "pass" or state in LACKING:
                    sides["pass" if state == "pass" else "fail"].append(target)
    return found


def page(expected: dict[str, dict[str, list[str]]], data: dict[str, Any]) -> str:
    """The page, whole."""
    found = seen(expected)
    short = {name: f"{at}" for at, name in enumerate(expected, 1)}
    both = sum(bool(one["pass"] and one["fail"]) for one in found.values())
    placed = {check: row for row in data["placed"] for check in row["checks"]}
    lines = [HEAD + "| | 目标 target | 系统 system | 符合 pass | 不符合 fail | 部分 partial | 不适用 n/a | 未知 unknown |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    families = {one.id: one.family for one in looking.targets()}
    for name, states in expected.items():
        counts = [len(states.get(state, ())) for state in
                  ("pass", "fail", "partial", "not_applicable", "unknown")]  # fmt: skip
        lines.append(f"| {short[name]} | {name} | {families[name]} | "
                     + " | ".join(map(str, counts)) + " |")  # fmt: skip
    lines += [
        "",
        f"**{both} / {len(found)}** 条检查在真实环境中既见过符合也见过不符合 checks were seen to pass on one real target and to fail on another.",
        "",
    ]
    lines += [
        "## 在此不可得 Not to be had here",
        "",
        "| 检查 check | 缺 missing | 原因 why |",
        "|---|---|---|",
    ]
    lines += [f"| {row['check']} | {', '.join(row['sides'])} | {row['zh']} {row['en']} |"
              for row in data["not_here"]]  # fmt: skip
    lines += [
        "",
        "RPM 系列（RHEL、openEuler、麒麟、Anolis）、UOS 的镜像在此不可达：只在 tests/audit/recordings 的录制样本上检查。Mirrors of the RPM families and of UOS cannot be reached here: those are checked on recordings only.",
        "",
    ]
    lines += ["## 由文件代替内核之处 Where a file lies in the kernel's place", ""]
    lines += [f"- {', '.join(row['checks'])}: {row['zh']} {row['en']}" for row in data["placed"]]
    lines += ["", "## 全部 All of them", "", "数字是上表的目标 the numbers are the targets above; † 见上节 see above.", "",
              "| 检查 check | 符合 pass | 不符合 fail |", "|---|---|---|"]  # fmt: skip
    for check, sides in sorted(found.items()):
        cells = [" ".join(short[name] for name in sides[side]) or "—" for side in ("pass", "fail")]
        lines.append(f"| {check}{' †' if check in placed else ''} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    expected = looking.expected() if looking.EXPECTED.exists() else {}
    if options.write:
        every = looking.targets()
        chosen = [one for one in every if not options.targets or one.id in options.targets]
        new = {name: looking.by_state(one) for name, one in looking.look(chosen).items()}
        expected = {one.id: (expected | new)[one.id] for one in every if one.id in expected | new}
        text = json.dumps(expected, ensure_ascii=False, indent=1)
        looking.EXPECTED.write_text(text + "\n", encoding="utf-8")
    PAGE.write_text(page(expected, looking.data()), encoding="utf-8")


if __name__ == "__main__":
    main()
