"""Bodies of many forms, and recognisers to read them with."""

from __future__ import annotations

from datetime import date
from functools import cache

from gateway.outflow.mask import Fakes
from rules.personal_files import load_knowledge
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.names import Roster
from tests.gateway.mitm.leaving_lab import ROSTER, identity

TODAY = date(2026, 11, 24)
NUMBER = identity()
FAKES = Fakes(b"k" * 32)


@cache
def finder() -> Finder:
    return Finder(load_knowledge(), Roster(ROSTER))
