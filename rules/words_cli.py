"""`qinglang rules words import|remove|list|test`: the door for phrases.

An imported list becomes `<data>/lexicons/<id>.yaml` with the words beside it (`<id>.txt`), read
with ours whenever a RuleBase is compiled. Exit codes: 0 done · 2 bad input, nothing changed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rules.recognise.words import Words


def register(subs: Any) -> None:
    """Add `words` and its sub-commands below `rules`."""
    room = subs.add_parser("words", help="词语 / phrases: import a list, try a text")
    commands = room.add_subparsers(dest="words_command", required=True, metavar="COMMAND")

    def sub(name: str, text: str, run: Any) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(name, help=text)
        made.add_argument("--data", type=Path, default=Path("var"), metavar="DIR")
        made.add_argument("--rules", action="append", type=Path, default=[], metavar="DIR")
        made.add_argument("--json", action="store_true")
        made.set_defaults(run=run)
        return made

    take = sub("import", "导入词表，每行一个 / import a list, one phrase a line", run_import)
    take.add_argument("file", type=Path, metavar="FILE")
    take.add_argument("--category", required=True, metavar="ID")
    take.add_argument("--weight", type=float, default=10.0, metavar="POINTS", help="0-20")
    take.add_argument("--id", default="", metavar="ID", help="缺省取文件名 / default: file name")
    drop = sub("remove", "删除导入的词表 / remove an imported list", run_remove)
    drop.add_argument("id", metavar="ID")
    sub("list", "词库一览 / every lexicon", run_list)
    test = sub("test", "试一段文字 / what the phrases say of a text", run_test)
    test.add_argument("text", metavar="TEXT|-")


def run_import(options: argparse.Namespace) -> int:
    """Check a word list and keep it as a lexicon of this data folder."""
    from rules.lexicon import (
        SHIPPED_LEXICONS,
        Lexicon,
        Placed,
        read_words,
        sidecar_text,
    )
    from rules.load import DataError, Problem
    from rules.model import Text
    from rules.phrases import phrases
    from rules.sources import load_categories

    name = options.id or f"own-{re.sub(r'[^a-z0-9]+', '-', options.file.stem.lower()).strip('-')}"

    def wrong(message: str) -> DataError:
        return DataError([Problem(file="rules words import", line=1, column=1, message=message)])

    if options.category not in load_categories(options.rules):
        raise wrong(f"没有类别 there is no category `{options.category}`")
    if (SHIPPED_LEXICONS / f"{name}.yaml").exists():
        raise wrong(f"`{name}` 是内置词库 is one of ours: choose another --id")
    words = read_words(options.file, options.weight)
    if not words:
        raise wrong(f"{options.file}: 没有词语 no phrases in it")
    try:
        lexicon = Lexicon(
            id=name,
            title=Text(zh=f"本地导入：{options.file.name}", en=f"Imported: {options.file.name}"),
            category=options.category,
            words=f"{name}.txt",
            weight=options.weight,
            source=options.file.name,
        )
    except ValueError as error:
        raise wrong(str(error)) from error
    folder: Path = options.data / "lexicons"
    placed = Placed(lexicon=lexicon, path=folder / f"{name}.yaml", plain=words)
    count = len(phrases([placed]).sayings)
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{phrase}\t{points:g}\n" for phrase, points in words)
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    (folder / f"{name}.yaml").write_text(sidecar_text(lexicon), encoding="utf-8")
    if options.json:
        _print({"id": name, "category": options.category, "words": len(words), "phrases": count})
    else:
        _say(f"{name}: {len(words)} 条 phrases → {options.category}；rules build 后生效 in force "
             "after `qinglang rules build`")  # fmt: skip
    return 0


def run_remove(options: argparse.Namespace) -> int:
    """Remove an imported list."""
    from rules.load import DataError, Problem

    sidecar = options.data / "lexicons" / f"{options.id}.yaml"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", options.id) or not sidecar.is_file():
        message = f"没有导入过 `{options.id}` was never imported"
        raise DataError([Problem(file="rules words remove", line=1, column=1, message=message)])
    sidecar.unlink()
    sidecar.with_suffix(".txt").unlink(missing_ok=True)
    if options.json:
        _print({"id": options.id, "removed": True})
    else:
        _say(f"{options.id}: 已删除 removed")
    return 0


def run_list(options: argparse.Namespace) -> int:
    """Every lexicon with its category and how many phrases were written for it."""
    from rules.phrases import phrases

    rows = []
    for name, placed in _lexicons(options).items():
        found = phrases([placed])
        rows.append(
            {
                "id": name,
                "title": asdict(placed.lexicon.title),
                "part": placed.lexicon.part.value,
                "category": placed.lexicon.category,
                "written": found.written,
                "phrases": len(found.sayings),
            }
        )
    if options.json:
        _print(rows)
        return 0
    for row in rows:
        _say(f"{row['id']:20} {row['category'] or row['part']:20} {row['phrases']:>7}")
    return 0


def run_test(options: argparse.Namespace) -> int:
    """What the phrases in force say of a text, and why. Always 0: a finding is no failure."""
    text = sys.stdin.read() if options.text == "-" else options.text
    found = _words(options).find(text)
    if options.json:
        _print(
            {
                "characters": found.characters,
                "scores": [asdict(one) for one in found.scores],
                "hits": [asdict(one) for one in found.hits],
            }
        )
        return 0
    if not found.scores:
        _say("没有发现 nothing found")
    for one in found.scores:
        words = " ".join(one.words)
        _say(f"{one.category:20} {one.probability:.2f} ({one.points:g} 分 points) {words}")
    for hit in found.hits:
        kind = hit.category or hit.part
        _say(f"  {hit.at:>6} {hit.phrase}  {kind} {hit.weight:g}  [{hit.lexicon}]")
    return 0


def _lexicons(options: argparse.Namespace) -> Any:
    from rules.lexicon import lexicon_folders, load_lexicons
    from rules.sources import load_categories

    folders = lexicon_folders(options.data, options.rules)
    return load_lexicons(folders, load_categories(options.rules))


def _words(options: argparse.Namespace) -> Words:
    from rules.phrases import phrases
    from rules.recognise.scoring import load_curves
    from rules.word_files import made

    return made(phrases(_lexicons(options).values()), load_curves())


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _print(document: Any) -> None:
    _say(json.dumps(document, ensure_ascii=False, indent=1))
