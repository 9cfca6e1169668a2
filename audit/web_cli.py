"""`qinglang audit import-web`: configuration copied off a host, as evidence of what it is of.

A door: reads a folder or tar archive, writes evidence files, prints. Exit codes: 0 something was
found · 1 nothing was · 2 bad input · 3 the world failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from audit.probes import folder, shelf


def register(commands: Any) -> None:
    """Add `import-web` below `audit`."""
    made = commands.add_parser(
        "import-web",
        help="导入 nginx、Apache、Tomcat、Docker、Kubernetes 配置 / import their configuration",
    )
    made.add_argument("path", type=Path, metavar="FOLDER|TAR")
    made.add_argument("--target", default="", metavar="ID", help="主机 / the host")
    made.add_argument("--output", type=Path, metavar="DIR", help="证据目录 / folder for evidence")
    made.add_argument("--json", action="store_true")
    made.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> int:
    name = options.target or options.path.name.split(".")[0] or "host"
    found = folder.found(options.path, name, now=time.time())
    for one in found:
        if options.output:
            shelf.keep(options.output, one)
    if options.json:
        rows = [
            {
                "target": one.target,
                "probe": one.probe,
                "id": one.id,
                "problem": one.problem,
                "document": one.document,
            }
            for one in found
        ]
        sys.stdout.write(json.dumps({"evidence": rows}, ensure_ascii=False) + "\n")
    else:
        for one in found:
            gaps = [gap["detail"] for gap in (one.document or {}).get("gaps", ())]
            sys.stdout.write(
                f"{one.target:30} {one.problem or '已读取 read'}"
                f"{' · ' + '; '.join(gaps)[:200] if gaps else ''}\n"
            )
        if not found:
            sys.stdout.write("没有认得的配置 / no configuration that we know\n")
    return 0 if found else 1
