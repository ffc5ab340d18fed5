"""The least permissions that recording needs, as a manifest to apply."""

from __future__ import annotations

import re
from collections import defaultdict

from tracer.errors import VolreelError
from tracer.kinds import KINDS

_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_HEADER = """\
# What `volreel record` needs, and nothing else: it only ever reads.
#   volreel rbac | kubectl apply -f -
#   kubectl -n {namespace} create token {name}
"""


_KUBELET_LOGS = """\
# The kubelets' logs (--kubelet-logs). Powerful: get on nodes/proxy opens the whole API of every kubelet, not only logs;
# a WebSocket begins as a get, so whoever has it can run commands in every pod.
- apiGroups: [""]
  resources: [nodes/proxy]
  verbs: [get]
"""


def rbac_manifest(name: str = "volreel", namespace: str = "volreel", *, kubelet_logs: bool = False) -> str:
    """A Namespace, ServiceAccount, ClusterRole and ClusterRoleBinding as YAML text.

    `kubelet_logs`: with what reading the kubelets' logs needs.
    Raises VolreelError for a name that Kubernetes would refuse.
    """
    for each in (name, namespace):
        if not _NAME.fullmatch(each):
            raise VolreelError(f"{each!r} is no name in Kubernetes. Use lower-case letters, digits and dashes.")
    groups: dict[str, list[str]] = defaultdict(list)
    for kind in KINDS:
        groups[kind.group].append(kind.plural)
    rules = "\n".join(_rule(group, sorted(plurals)) for group, plurals in sorted(groups.items()))
    return f"""{_HEADER.format(name=name, namespace=namespace)}\
apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
  namespace: {namespace}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {name}
rules:
{rules}
# The logs of storage's containers; not needed with --no-logs.
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{_KUBELET_LOGS if kubelet_logs else ""}\
# The UID of kube-system tells clusters apart: a restored or replaced one is noticed.
- apiGroups: [""]
  resources: [namespaces]
  resourceNames: [kube-system]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {name}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {name}
subjects:
- kind: ServiceAccount
  name: {name}
  namespace: {namespace}
"""


def _rule(group: str, plurals: list[str]) -> str:
    return f'- apiGroups: ["{group}"]\n  resources: [{", ".join(plurals)}]\n  verbs: [get, list, watch]'
