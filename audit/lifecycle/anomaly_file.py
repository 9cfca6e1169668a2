"""A file of anomaly rules → AnomalyFile whose clauses stand in the catalog; every problem placed.

A clause is written as the checks of the audit write it (`GBT22239-2019:3:8.1.4.3.d`). Pure.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import yaml

from audit.catalog import Catalog
from audit.lifecycle.anomaly import AnomalyFile
from audit.lifecycle.rule_file import Wrong, placed
from rules.load import DataError, loads


def parse(text: str, file: str, catalog: Catalog) -> AnomalyFile:
    """The rules of a text. Raises DataError with every problem."""
    found = loads(AnomalyFile, text, file)
    wrong = list(_unknown(found, catalog))
    if wrong:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        raise DataError([placed(root, file, *one) for one in wrong])
    return found


def _unknown(file: AnomalyFile, catalog: Catalog) -> Iterator[Wrong]:
    ids = [one.id for one in catalog.controls.values()]
    for number, rule in enumerate(file.rules):
        for place, clause in enumerate(rule.clauses):
            if catalog.get(clause) is None:
                near = difflib.get_close_matches(clause, ids, 1)
                remedy = f"did you mean `{near[0]}`?" if near else "qinglang audit catalog"
                message = f"目录中没有条款 no clause `{clause}` in the catalog"
                yield ("rules", number, "clauses", place), message, remedy
