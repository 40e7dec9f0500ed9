"""Writes everything that is made from something else: catalogues, references, man pages, completion.

usage: python scripts/generate.py [--check]

With ``--check`` nothing is written; what differs is named, and the exit code is 1.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from catalogues import catalogues  # noqa: E402 - beside this file
from day import day  # noqa: E402
from lifecycle import pages  # noqa: E402
from manpages import man_pages  # noqa: E402
from references import references  # noqa: E402

from usbguard_py.cli.completion import script  # noqa: E402


def everything() -> dict[str, bytes]:
    """Every generated file, by its path below the root."""
    made = dict(catalogues())
    for path, content in made.items():  # what follows is written in the languages of these catalogues
        written(path, content)
    return {
        **made,
        **references(),
        **pages(),
        **day(),
        **man_pages(),
        "docs/completion/usbguard-py.bash": (script("bash") + "\n").encode(),
    }


def written(path: str, content: bytes) -> bool:
    """Write a file when it differs; whether it did."""
    target = ROOT / path
    if target.exists() and target.read_bytes() == content:
        return False
    if "--check" not in sys.argv[1:]:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return True


def main() -> int:
    """Write or check; the exit code."""
    changed = [path for path, content in everything().items() if written(path, content)]
    for path in changed:
        print(path)
    return 1 if changed and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
