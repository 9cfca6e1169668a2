"""The definitions written out with dictionaries, and small tables to hold the search to them."""

import math
from collections import Counter

from hypothesis import strategies as st

from audit.lifecycle.coarsen.coded import Reading, climbed
from audit.lifecycle.coarsen.ladder import Ladder, Steps
from audit.lifecycle.coarsen.lattice import Search
from audit.lifecycle.coarsen.wanted import Sensitive, Wanted, order_of
from rules.model import Text

WANTED = st.builds(
    Wanted, k=st.integers(1, 4), l=st.integers(1, 3), entropy=st.booleans(),
    t=st.sampled_from([None, 0.0, 0.2, 0.45]), cells=st.booleans(),
)  # fmt: skip


TITLE = Text(zh="阶梯", en="ladder")
LADDERS = (
    Ladder(id="p", title=TITLE, steps=Steps.PREFIX, prefix=(2, 1)),
    Ladder(id="b", title=TITLE, steps=Steps.BANDS, bands=((5, 10), (10,))),
)
ROWS = st.lists(
    st.tuples(st.sampled_from(["aaa", "aab", "abb", "bbb", "bba"]),
              st.sampled_from(["1", "4", "7", "12", "x"]), st.sampled_from(["", "1", "2", "9"])),
    min_size=1, max_size=30,
)  # fmt: skip


def search(rows, wanted):
    reading = Reading(["p", "b", "s"])
    reading.add([list(column) for column in zip(*rows, strict=True)])
    *quasi, last = reading.columns()
    climbs = [climbed(one, ladder) for one, ladder in zip(quasi, LADDERS, strict=True)]
    column = Sensitive(name="s", size=len(last.values), place=order_of(last.values),
                       empty=last.values.index("") if "" in last.values else -1)  # fmt: skip
    return Search([one.codes for one, _ in climbs], [last.codes], [one for _, one in climbs],
                  [column], wanted)  # fmt: skip


def far(counts, whole, ordered):
    """The distance as it is defined."""
    size, total = sum(counts.values()), sum(whole.values())
    if not size or not total:
        return 0.0
    shown = sorted((v for v in whole if whole[v]), key=float if ordered else str)
    steps = [counts.get(v, 0) / size - whole[v] / total for v in shown]
    if not ordered:
        return sum(map(abs, steps)) / 2
    return sum(abs(sum(steps[: n + 1])) for n in range(len(steps))) / max(1, len(shown) - 1)


def holds(values, whole, wanted, ordered):
    """Of one group, by the definitions. `whole` None: without t."""
    counts = Counter(v for v in values if v)
    size = sum(counts.values())
    if len(values) < wanted.k:
        return False
    if size and wanted.l > 1:
        entropy = -sum(n / size * math.log(n / size) for n in counts.values())
        if (math.exp(entropy) if wanted.entropy else len(counts)) < wanted.l - 1e-9:
            return False
    return whole is None or wanted.t is None or far(counts, whole, ordered) <= wanted.t + 1e-9


def oracle(groups, wanted, ordered):
    """(groups that are published, whether the others stay as `*`)."""
    everything = Counter(v for values in groups.values() for v in values if v)
    alive = {key for key, values in groups.items() if holds(values, None, wanted, ordered)}
    if wanted.cells:
        left = {key for key in alive if holds(groups[key], everything, wanted, ordered)}
        rest = [v for key, values in groups.items() if key not in left for v in values]
        if rest and len(alive) < len(groups) and holds(rest, everything, wanted, ordered):
            return left, True
    while wanted.t is not None:
        whole = Counter(v for key in alive for v in groups[key] if v)
        left = {key for key in alive if holds(groups[key], whole, wanted, ordered)}
        if left == alive or not left:
            return left, False
        alive = left
    return alive, False
