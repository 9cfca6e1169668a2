"""`qinglang data risk … --enforce k=5 --out FILE`: options in, what came of it out. A door."""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
from pathlib import Path

from audit.lifecycle.coarsen.job import Done, Task, enforce
from audit.lifecycle.coarsen.ladder_files import chosen, load_ladders, load_own
from audit.lifecycle.coarsen.wanted import Wanted
from audit.lifecycle.inventory import plain
from audit.lifecycle.risk import propose
from audit.lifecycle.risk_source import Opened, opened, wrong


def run_enforce(options: argparse.Namespace) -> int:
    """0: the file was written and holds; 1: it can not be had, and nothing was written."""
    wanted = wanted_of(options)
    if not options.out:
        raise wrong("--out", "未写输出文件 no file to write", "--out FILE")
    out = Path(options.out)
    if "://" not in options.source and out.exists() and out.samefile(options.source):
        raise wrong("--out", "不得覆盖源文件 the source is never overwritten", "another name")
    with opened(options.source, options.table) as source:
        done = enforce(source, _task(options, source, wanted), out)
    if options.json:
        document = {"qinglang": "risk-enforced", "version": 1, "done": plain(done)}
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _print(done, out)
    return 0 if done.published else 1


def wanted_of(options: argparse.Namespace) -> Wanted:
    """What the options ask for. Raises DataError."""
    text = str(options.enforce).strip().lower().removeprefix("k=")
    if not text.isdecimal() or not 1 <= int(text) <= 10**6:
        raise wrong("--enforce", "值不可用 not usable", "k=5")
    if options.l < 1:
        raise wrong("--l", "值不可用 not usable", "1 or more")
    if options.t is not None and not 0 <= options.t <= 1:
        raise wrong("--t", "值不可用 not usable", "0 to 1")
    if not 0 <= options.max_suppress < 1:
        raise wrong("--max-suppress", "值不可用 not usable", "0 to 1, below 1")
    if options.method == "local" and options.suppress == "cells":
        raise wrong("--suppress", "局部泛化不抑制任何行 local recoding suppresses nothing")
    return Wanted(
        k=int(text),
        l=options.l,
        entropy=options.l_kind == "entropy",
        t=options.t,
        most_suppressed=options.max_suppress,
        cells=options.suppress == "cells",
    )


def _task(options: argparse.Namespace, source: Opened, wanted: Wanted) -> Task:
    kinds = source.kinds()
    proposed, sensitive, direct = propose(kinds)
    given = [one.strip() for one in options.quasi.split(",") if one.strip()]
    ways = {one.partition(":")[0]: one.partition(":")[2] for one in given or proposed}
    named = tuple(one.strip() for one in options.sensitive.split(",") if one.strip())
    keep = tuple(one.strip() for one in options.keep.split(",") if one.strip())
    values = named or tuple(one for one in sensitive if one not in ways)
    own = load_own(Path(options.ladders)) if options.ladders else {}
    _known(source, [*ways, *values, *keep, *own])
    if not ways:
        raise wrong("--quasi", "没有准标识符 none was named or proposed",
                    "columns: " + ", ".join(source.columns))  # fmt: skip
    if not values and (wanted.l > 1 or wanted.t is not None):
        raise wrong("--sensitive", "l 与 t 需要敏感属性 l and t are of sensitive columns")
    barred = [one for one in (*values, *keep) if one in direct]
    if barred:
        raise wrong(", ".join(barred), "直接标识符不得写入 direct identifiers are never written",
                    "mask them: qinglang data mask")  # fmt: skip
    return Task(
        quasi=tuple(ways),
        ladders=tuple(chosen(ways, kinds, load_ladders(), own)),
        sensitive=values,
        keep=keep,
        direct=tuple(one for one in direct if one not in ways),
        wanted=wanted,
        local=options.method == "local",
        seed=options.seed,
        most=max(1, options.most_checks),
        population=options.population,
    )


def _known(source: Opened, names: list[str]) -> None:
    unknown = [one for one in names if one not in source.columns]
    if unknown:
        raise wrong(", ".join(unknown), "没有这一列 no such column",
                    "columns: " + ", ".join(source.columns))  # fmt: skip


def _print(done: Done, out: Path) -> None:
    if done.utility is not None:
        used = done.utility
        best = "最优 optimal" if done.proved else "未证明最优 not shown to be optimal"
        print(f"{done.method} · 组合 choices {done.choices} · 检查 checked {done.checked} · {best}")
        for name, told, loss in used.columns:
            print(f"  {name}: {told.rpartition(': ')[2]} · 损失 loss {loss:.1%}")
        print(
            f"行 rows {used.rows} · 抑制 suppressed {used.suppressed} · 组 groups {used.groups} · "
            f"损失 loss {used.loss:.1%} · 熵 entropy {used.entropy:.1%} · "
            f"可辨度 discernibility {used.discernibility} · 平均组 class size {used.class_size}"
        )
    if done.left_out:
        print(f"未写入的列 columns left out: {', '.join(done.left_out)}")
    if done.published and done.report is not None:
        figures = "".join(
            f" · {one.column}: l = {one.l_distinct}（熵 entropy {one.l_entropy}）, t = {one.t}"
            for one in done.report.diversity
        )
        print(f"✓ 复核写出的文件 the written file, read again: k = {done.report.k}{figures}")
        print(f"  {out.name} sha256 {done.sha256}")
    elif done.why is not None:
        print(f"✗ 未写出 nothing was written: {done.why.zh} / {done.why.en}")
