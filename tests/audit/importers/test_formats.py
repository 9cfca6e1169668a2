"""A file's format is known by what stands in it; whatever the bytes, an answer or a sentence."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.importers.formats import READERS, read, sniffed
from audit.importers.model import RefusedError
from tests.audit.importers.recorded import RECORDINGS, recording

NAMES = {
    "xccdf.xml": "xccdf", "arf.xml": "xccdf", "lynis.dat": "lynis", "nmap.xml": "nmap",
    "kube-bench.json": "kube-bench", "prowler.json": "prowler", "trivy.json": "trivy",
    "cyclonedx.json": "cyclonedx", "spdx.json": "spdx",
}  # fmt: skip


@pytest.mark.parametrize(("name", "format_"), NAMES.items())
def test_sniffed(name: str, format_: str) -> None:
    assert recording(name).format == format_
    assert recording(name).findings


def test_nobody_knows() -> None:
    with pytest.raises(RefusedError, match="unknown format"):
        sniffed(b"hello")
    assert sniffed('{"bomFormat": "CycloneDX"}'.encode("utf-16")) == "cyclonedx"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Controls",
                    "tests",
                    "results",
                    "status",
                    "type",
                    "finding_info",
                    "metadata",
                    "SchemaVersion",
                    "Results",
                    "Vulnerabilities",
                    "bomFormat",
                    "components",
                    "name",
                    "spdxVersion",
                    "packages",
                    "resources",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(READERS)), JSON)
def test_any_json(format_: str, value: Any) -> None:
    with contextlib.suppress(RefusedError):
        read(io.BytesIO(json.dumps(value).encode()), format_)


SPOILED = {name: (RECORDINGS / name).read_bytes() for name in NAMES}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(NAMES)), st.floats(0, 1), st.binary(max_size=12))
def test_spoiled_recordings(name: str, at: float, noise: bytes) -> None:
    data = SPOILED[name]
    place = int(at * len(data))
    with contextlib.suppress(RefusedError):
        read(io.BytesIO(data[:place] + noise + data[place + len(noise) :]), NAMES[name])
