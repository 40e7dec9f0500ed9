"""The package as `make package` left it; a test that finds none fails rather than being skipped."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Package:
    """A .deb, its list of files and an unpacked copy."""

    def __init__(self, path: Path, unpacked: Path) -> None:
        self.path = path
        self.unpacked = unpacked
        subprocess.run(["dpkg-deb", "-R", path, unpacked], check=True)
        self.control = dict(
            line.split(": ", 1)
            for line in (unpacked / "DEBIAN/control").read_text(encoding="utf-8").splitlines()
            if line[0] != " "
        )

    @property
    def files(self) -> list[str]:
        """Files and folders, without the control archive."""
        paths = (p.relative_to(self.unpacked).as_posix() for p in self.unpacked.rglob("*"))
        return sorted(p for p in paths if not p.startswith("DEBIAN"))


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    found = list((ROOT / "build").glob("usbguard-py_*_amd64.deb"))
    assert len(found) == 1, "run `make package` first"
    return Package(found[0], tmp_path_factory.mktemp("package") / "unpacked")
