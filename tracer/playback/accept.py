"""What a client accepts: plain JSON, a Table, or discovery in one piece."""

from __future__ import annotations

JSON = "application/json"


def aggregated_form(accept: str) -> str | None:
    """The version of an aggregated discovery document that is accepted."""
    for each in _media_types(accept):
        if each.get("as") == "APIGroupDiscoveryList" and each.get("v") in ("v2", "v2beta1"):
            return each["v"]
    return None


def table_form(accept: str) -> str | None:
    """The version of `meta.k8s.io Table` that is preferred to plain JSON."""
    for each in _media_types(accept):
        if each[""] != JSON:
            continue
        if each.get("as") == "Table" and each.get("v") in ("v1", "v1beta1"):
            return each["v"]
        if "as" not in each:
            return None
    return None


def _media_types(accept: str) -> list[dict[str, str]]:
    """The parameters of each media type, best first; its name under the empty key."""
    found = []
    for each in accept.split(","):
        name, *parameters = (part.strip() for part in each.split(";"))
        pairs = (parameter.partition("=") for parameter in parameters)
        found.append({**{key: value for key, _, value in pairs}, "": name})
    return found
