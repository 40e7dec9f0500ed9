"""The pages that tell a clerk's day: sentences of docs/screens/story.toml, and screens that its scenario captured."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCREENS = ROOT / "docs/screens"
PAGES = {"vi": "docs/vi/mot-ngay.md", "en": "docs/en/a-day.md"}


def day() -> dict[str, bytes]:
    """Both pages by their paths."""
    parts = tomllib.loads((SCREENS / "story.toml").read_text(encoding="utf-8"))["part"]
    return {path: _page(parts, language).encode() for language, path in PAGES.items()}


def _page(parts: list[dict[str, str]], language: str) -> str:
    lines = []
    for part in parts:
        lines.append(part[language].replace("\n", " "))
        if "screen" in part:
            text = (SCREENS / language / f"{part['screen']}.txt").read_text(encoding="utf-8")
            lines.append(f"```text\n{text.rstrip()}\n```")
    return "\n\n".join(lines) + "\n"
