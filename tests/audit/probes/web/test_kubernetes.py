"""Manifests of all kinds: lists, workloads, roles; bombs refused."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.web.kubernetes import document
from audit.probes.web.tree import rooted

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: "


def facts(text: str) -> dict[str, object]:
    found = document(rooted([("x.yaml", text.encode())]))
    assert found is not None
    return found


def test_who_may_be_root() -> None:
    for spec, root in (
        ("{containers: [{name: a}]}", True),
        ("{securityContext: {runAsNonRoot: true}, containers: [{name: a}]}", False),
        ("{containers: [{name: a, securityContext: {runAsUser: 0}}]}", True),
        ("{containers: [{name: a, securityContext: {runAsUser: 1000}}]}", False),
    ):
        assert bool(facts(POD + spec)["pods"]["root"]) is root  # type: ignore[index]


def test_cron_jobs_and_json() -> None:
    job = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "n", "namespace": "s"},
           "spec": {"jobTemplate": {"spec": {"template": {"spec": {
               "containers": [{"name": "c", "image": "a:latest"}]}}}}}}  # fmt: skip
    assert facts(json.dumps(job))["pods"]["unpinned"] == ["s/n"]  # type: ignore[index]


def test_bombs_and_broken_files_are_gaps() -> None:
    bomb = POD + "{containers: [{name: a}]}\n---\nkind: &a [x]\nb: *a\n"
    assert facts(bomb)["gaps"]
    assert facts(POD + "{containers: [{name: a}]}\n---\nkind: [")["gaps"]
    assert document(rooted([("x.yaml", b"a: 1")])) is None


KEYS = (
    "kind", "apiVersion", "metadata", "spec", "items", "containers", "rules", "verbs", "subjects",
    "template", "securityContext", "command", "roleRef", "env", "name",
)  # fmt: skip
WORDS = ("Pod", "List", "Deployment", "Role", "NetworkPolicy", "KubeletConfiguration", "x")
VALUES = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from(WORDS),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from(KEYS), x, max_size=5),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_any_object(value: object) -> None:
    document(
        rooted([("x.yaml", f"apiVersion: v1\nkind: List\nitems: [{json.dumps(value)}]".encode())])
    )
    document(rooted([("x.yaml", json.dumps({"kind": "Pod", "spec": value}).encode())]))
