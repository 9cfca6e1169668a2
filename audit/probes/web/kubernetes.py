"""A Kubernetes node and its workloads from files: kubelet, static pods, exported manifests. Pure.

Manifests come from the node (`/etc/kubernetes/manifests`) or from a `kubectl get … -o yaml` that
somebody exported: YAML or JSON, lists within lists. Secrets are never looked into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from audit.probes.web.tree import Tree, wide

FORMAT = "qinglang-facts-kubernetes/1"
MAX_OBJECTS = 20_000
PODS = {"Pod", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "Job", "CronJob"}
PARTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")


def document(tree: Tree) -> dict[str, Any] | None:
    """The facts of a cluster or a node; None where no file speaks of one."""
    gaps = tree.gaps("kube")
    objects = list(_objects(tree, gaps))
    kubelet = next((one for one in objects if one.get("kind") == "KubeletConfiguration"), None)
    workloads = [(one, pod) for one in objects if (pod := _pod(one)) is not None]
    parts = {
        name: container
        for _, pod in workloads
        for container in _each(pod, "containers")
        if (name := str(container.get("name"))) in PARTS
    }
    if not (kubelet or parts or workloads or any("/kubernetes/" in one for one in tree.modes)):
        return None
    found: dict[str, Any] = {"format": FORMAT, "platform": "kubernetes", "gaps": gaps}
    if kubelet is not None:
        found["kubelet"] = _kubelet(kubelet)
    if "kube-apiserver" in parts:
        found["apiserver"] = _apiserver(_flags(parts["kube-apiserver"]))
    if "etcd" in parts:
        found["etcd"] = _etcd(_flags(parts["etcd"]))
    if "kube-controller-manager" in parts:
        said = _flags(parts["kube-controller-manager"])
        found["controller"] = {
            "profiling": said.get("profiling", "true") != "false",
            "own_accounts": said.get("use-service-account-credentials") == "true",
            "bind": said.get("bind-address", "0.0.0.0"),  # noqa: S104 - what is read
        }
    held = [
        (f"{_at(one, 'metadata.namespace') or 'default'}/{_at(one, 'metadata.name')}"[:120], pod)
        for one, pod in workloads
        if not set(_names(pod)) & {*PARTS}
    ]
    if held:
        found["pods"] = _pods(held)
        found["network"] = _network(objects, held)
    roles = [one for one in objects if one.get("kind") in ("Role", "ClusterRole")]
    bindings = [one for one in objects if str(one.get("kind", "")).endswith("RoleBinding")]
    if roles or bindings:
        found["roles"] = _roles(roles, bindings)
    files = [one for one in tree.modes if "/kube" in one or "/etcd" in one]
    if files:
        found["modes"] = {"wide": wide(tree, [p for p in files if not p.endswith(".crt")], 0o600)}
    return found


def _objects(tree: Tree, gaps: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    count = 0
    paths = tree.under("*.yaml", "*.yml", "*.json") + tree.under("*/kubelet/config")
    for path in sorted(set(paths)):
        text = tree.texts[path]
        if "apiVersion" not in text and "kind" not in text:
            continue
        try:
            for one in yaml.load_all(text, Loader=_Loader):
                for each in _flat(one):
                    count += 1
                    if count > MAX_OBJECTS:
                        gaps.append({"path": "", "why": "cut", "detail": "too many objects"})
                        return
                    yield each
        except (yaml.YAMLError, RecursionError, ValueError):
            if "/kube" in path or "apiVersion" in text:
                gaps.append({"path": "", "why": "error", "detail": f"{path}: not YAML"})


class _Loader(yaml.SafeLoader):
    """The safe loader without aliases: a bomb of references is refused."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not taken")
        return super().compose_node(parent, index)


def _flat(one: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if not isinstance(one, dict) or depth > 4:
        return
    if str(one.get("kind", "")).endswith("List") and isinstance(one.get("items"), list):
        for each in one["items"]:
            yield from _flat(each, depth + 1)
    elif isinstance(one.get("kind"), str):
        yield one


def _at(one: Any, path: str) -> Any:
    for word in path.split("."):
        one = one.get(word) if isinstance(one, Mapping) else None
    return one


def _each(one: Any, *paths: str) -> list[dict[str, Any]]:
    held = [_at(one, path) for path in paths]
    return [
        each for some in held if isinstance(some, list) for each in some if isinstance(each, dict)
    ]


def _pod(one: Mapping[str, Any]) -> dict[str, Any] | None:
    """The pod's specification within a workload."""
    if one.get("kind") not in PODS:
        return None
    path = {"Pod": "spec", "CronJob": "spec.jobTemplate.spec.template.spec"}
    found = _at(one, path.get(str(one["kind"]), "spec.template.spec"))
    return found if isinstance(found, dict) else None


def _names(pod: Mapping[str, Any]) -> list[str]:
    return [str(one.get("name")) for one in _each(pod, "containers")]


def _list(one: Mapping[str, Any], key: str) -> list[Any]:
    held = one.get(key)
    return held if isinstance(held, list) else []


def _flags(container: Mapping[str, Any]) -> dict[str, str]:
    words = [str(one) for key in ("command", "args") for one in _list(container, key)]
    return {
        name.lstrip("-"): value if equals else "true"
        for name, equals, value in (one.partition("=") for one in words if one.startswith("-"))
    }


def _kubelet(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "anonymous": _at(said, "authentication.anonymous.enabled") is not False,
        "webhook": _at(said, "authorization.mode") == "Webhook",
        "client_ca": bool(_at(said, "authentication.x509.clientCAFile")),
        "read_only_port": said.get("readOnlyPort", 0),
        "rotate": said.get("rotateCertificates") is True,
        "protect_kernel": said.get("protectKernelDefaults") is True,
        "idle_timeout": str(said.get("streamingConnectionIdleTimeout", "4h0m0s")),
        "streams_end": str(said.get("streamingConnectionIdleTimeout", "")) not in ("0", "0s"),
    }


def _apiserver(said: Mapping[str, str]) -> dict[str, Any]:
    admission = said.get("enable-admission-plugins", "").split(",")
    age = said.get("audit-log-maxage", "")
    return {
        "anonymous": said.get("anonymous-auth", "true") != "false",
        "modes": [one for one in said.get("authorization-mode", "AlwaysAllow").split(",") if one],
        "insecure_port": said.get("insecure-port", "0") != "0",
        "basic_auth": "basic-auth-file" in said or "token-auth-file" in said,
        "audit_log": bool(said.get("audit-log-path")),
        "audit_policy": bool(said.get("audit-policy-file")),
        "audit_days": int(age) if age.isdigit() and len(age) < 6 else 0,
        "encrypted_at_rest": bool(said.get("encryption-provider-config")),
        "client_ca": bool(said.get("client-ca-file")),
        "tls": bool(said.get("tls-cert-file")),
        "tls_min": said.get("tls-min-version", "VersionTLS12"),
        "etcd_tls": bool(said.get("etcd-cafile") and said.get("etcd-certfile")),
        "kubelet_tls": bool(said.get("kubelet-client-certificate")),
        "admission": sorted(one for one in admission if one),
        "profiling": said.get("profiling", "true") != "false",
    }


def _etcd(said: Mapping[str, str]) -> dict[str, Any]:
    return {
        "client_certificates": said.get("client-cert-auth") == "true",
        "peer_certificates": said.get("peer-client-cert-auth") == "true",
        "tls": bool(said.get("cert-file") and said.get("key-file")),
        "plain_listen": "http://" in said.get("listen-client-urls", "")
        and "http://127." not in said.get("listen-client-urls", ""),
    }


def _pods(held: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    pairs = [
        (name, one, pod) for name, pod in held for one in _each(pod, "containers", "initContainers")
    ]

    def those(test: Any) -> list[str]:
        return sorted({name for name, one, pod in pairs if test(one, pod)})[:500]

    return {
        "count": len(held),
        "privileged": those(lambda one, _: _at(one, "securityContext.privileged") is True),
        "escalation": those(
            lambda one, _: _at(one, "securityContext.allowPrivilegeEscalation") is not False
        ),
        "root": those(_may_be_root),
        "host_namespaces": those(
            lambda _, pod: any(pod.get(k) is True for k in ("hostNetwork", "hostPID", "hostIPC"))
        ),
        "host_paths": those(lambda _, pod: any("hostPath" in v for v in _each(pod, "volumes"))),
        "capabilities": those(lambda one, _: bool(_at(one, "securityContext.capabilities.add"))),
        "writable_root": those(
            lambda one, _: _at(one, "securityContext.readOnlyRootFilesystem") is not True
        ),
        "unlimited": those(lambda one, _: not _at(one, "resources.limits")),
        "unpinned": those(lambda one, _: _unpinned(str(one.get("image", "")))),
        "spelled_secrets": those(
            lambda one, _: any(
                "value" in e and _secret(str(e.get("name"))) for e in _each(one, "env")
            )
        ),
        "default_account": sorted(
            n
            for n, pod in held
            if pod.get("serviceAccountName", "default") == "default"
            and pod.get("automountServiceAccountToken") is not False
        )[:500],
        "unprobed": those(
            lambda one, _: not one.get("livenessProbe") and not one.get("readinessProbe")
        ),
    }


def _may_be_root(one: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    for place in (_at(one, "securityContext"), pod.get("securityContext")):
        if isinstance(place, Mapping) and ("runAsUser" in place or "runAsNonRoot" in place):
            return place.get("runAsUser") == 0 or (
                place.get("runAsNonRoot") is not True and not place.get("runAsUser")
            )
    return True


def _unpinned(image: str) -> bool:
    tail = image.rpartition("/")[2]
    return "@sha256:" not in image and (":" not in tail or tail.endswith(":latest"))


def _secret(name: str) -> bool:
    return any(word in name.lower() for word in ("passw", "secret", "token"))


def _network(objects: list[dict[str, Any]], held: list[tuple[str, Any]]) -> dict[str, Any]:
    rules = [one for one in objects if one.get("kind") == "NetworkPolicy"]
    covered = {str(_at(one, "metadata.namespace") or "default") for one in rules}
    closed = {
        str(_at(one, "metadata.namespace") or "default")
        for one in rules
        if not _at(one, "spec.podSelector") and not _at(one, "spec.ingress")
    }
    rooms = {name.partition("/")[0] for name, _ in held} - {"kube-system", "kube-public"}
    services = [one for one in objects if one.get("kind") == "Service"]
    return {
        "policies": len(rules),
        "open_namespaces": sorted(rooms - covered),
        "default_open": sorted(rooms - closed),
        "node_ports": sorted(
            str(_at(one, "metadata.name"))
            for one in services
            if _at(one, "spec.type") == "NodePort"
        ),
        "plain_ingress": sorted(
            str(_at(one, "metadata.name"))
            for one in objects
            if one.get("kind") == "Ingress" and not _at(one, "spec.tls")
        ),
    }


def _roles(roles: list[dict[str, Any]], bindings: list[dict[str, Any]]) -> dict[str, Any]:
    def name(one: Mapping[str, Any]) -> str:
        return str(_at(one, "metadata.name"))[:120]

    wildcard = [
        name(one)
        for one in roles
        if not name(one).startswith(("system:", "cluster-admin"))
        and any(
            "*" in (rule.get("verbs") or ()) and "*" in (rule.get("resources") or ())
            for rule in _each(one, "rules")
        )
    ]
    return {
        "wildcard": sorted(wildcard),
        "admins": sorted(
            name(one)
            for one in bindings
            if _at(one, "roleRef.name") == "cluster-admin" and name(one) != "cluster-admin"
        ),
        "anonymous": sorted(
            name(one)
            for one in bindings
            if any(
                s.get("name") in ("system:anonymous", "system:unauthenticated")
                for s in _each(one, "subjects")
            )
            and name(one) != "system:public-info-viewer"
        ),
        "reads_secrets": sorted(
            name(one)
            for one in roles
            if not name(one).startswith("system:")
            and any("secrets" in (r.get("resources") or ()) for r in _each(one, "rules"))
        ),
    }
