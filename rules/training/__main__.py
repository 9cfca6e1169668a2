"""`python -m rules.training`: the command behind `make train`.

    python -m rules.training [--corpora DIR] [--whole] [--out DIR] [--seed N]

Without `--whole` it makes the model that is shipped: from the texts we wrote, and from the
encyclopedia and statutes of the corpora folder as harmless text. With `--whole` it learns
from the whole development set as well: for a district that may use it, written to the data
folder and never into the project. A door: reads folders, the clock and the command line.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from rules.load import DataError, WorldError
from rules.training.build import Plan
from rules.training.run import Order, run

HERE = Path(__file__).parent
MODELS = HERE.parent / "models"


def main(argv: list[str] | None = None) -> int:
    """Train, write, say what came of it. 0 done, 2 bad data, 3 the world failed."""
    parser = argparse.ArgumentParser(prog="python -m rules.training", description=__doc__)
    parser.add_argument("--corpora", type=Path, default=os.environ.get("QINGLANG_CORPORA") or None)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--texts", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=Plan().seed)
    args = parser.parse_args(argv)
    name = "text-whole" if args.whole else "text"
    if args.whole and args.corpora is None:
        parser.error("--whole needs --corpora DIR")
    out = args.out or (Path("var/models") if args.whole else MODELS) / name
    command = f"python -m rules.training --corpora DIR{' --whole' if args.whole else ''}"
    order = Order(
        id=name,
        texts=args.texts,
        corpora=Path(args.corpora) / "text" if args.corpora else None,
        whole=args.whole,
        out=out,
        plan=Plan(seed=args.seed),
        made=datetime.now(UTC).date().isoformat(),
        command=command if args.corpora else "python -m rules.training",
    )
    try:
        run(order, lambda words: print(words, file=sys.stderr))  # noqa: T201 - a command
    except DataError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 2
    except (OSError, WorldError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
