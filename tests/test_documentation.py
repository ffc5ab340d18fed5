"""What the README and docs/ say is what the program does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import readme_transcript  # noqa: E402
import screenshots  # noqa: E402


def test_the_generated_parts_of_the_documentation_are_fresh() -> None:
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", readme_transcript.shown())
def test_the_readme_shows_what_commands_print(command: str) -> None:
    assert readme_transcript.steady(readme_transcript.shown()[command]) == readme_transcript.steady(
        readme_transcript.run(command)
    )


async def test_the_pictures_are_what_the_screen_draws() -> None:
    drawn = await screenshots.screens()
    assert [path.name for path, picture in drawn.items() if path.read_text("utf-8") != picture] == [], (
        "run `make screenshots`"
    )


@pytest.mark.parametrize("document", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_links_between_documents_lead_somewhere(document: str) -> None:
    import re

    text = (ROOT / document).read_text()
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert [target for target in targets if not ((ROOT / document).parent / target).exists()] == []
