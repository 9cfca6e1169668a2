"""Where in a YAML text a value stands: a path of keys and places → line and column.

Only asked when something is wrong, so that checks after loading can still say
`file:line:column`. Pure: text in, numbers out.
"""

from __future__ import annotations

from collections.abc import Sequence

import yaml

type Path = Sequence[str | int]


def place(text: str, path: Path) -> tuple[int, int]:
    """Line and column (from 1) of the deepest node of `path` that exists.

    A scalar under `path` may stand for a list of one. Text that is no YAML gives (1, 1).
    """
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return 1, 1
    mark = getattr(node, "start_mark", None)
    for step in path:
        child = _child(node, step)
        if child is None:
            break
        node = child
        mark = node.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and _same(key.value, step):
                return value if isinstance(value, yaml.Node) else None
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child if isinstance(child, yaml.Node) else None
    return None


def _same(key: str, step: str | int) -> bool:
    """Keys of records may be written with `-` or `_`."""
    return key == step or key.replace("-", "_") == step
