"""How a severity is drawn: a sign, and a colour."""

from __future__ import annotations

SEVERITY_MARKS = {"info": ("·", "cyan"), "warning": ("!", "bold yellow"), "error": ("✖", "bold red")}
"""From the lightest on."""
