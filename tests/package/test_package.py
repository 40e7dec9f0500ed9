"""What is in the package, and what must not be."""

import ast
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from tests.package.conftest import ROOT, Package

HOME = "usr/lib/usbguard-py"
LARGEST = 8_000_000  # bytes; design.md section 5

EXPECTED = {
    "usr/bin/usbguard-py": 0o755,
    f"{HOME}/floor": 0o755,
    f"{HOME}/maintenance-entry": 0o755,
    f"{HOME}/lib/usbguard_py/__init__.py": 0o644,
    f"{HOME}/lib/sqlite_utils/__init__.py": 0o644,
    "usr/lib/systemd/system/usbguard-py.service": 0o644,
    "usr/lib/systemd/system/usbguard-py-floor.service": 0o644,
    "usr/lib/systemd/system/usbguard-py-hands.service": 0o644,
    "usr/lib/systemd/system/usbguard-py-hands.socket": 0o644,
    "usr/lib/systemd/system/usbguard-py-drivers.path": 0o644,
    "usr/lib/systemd/system/usbguard-py-drivers.service": 0o644,
    "usr/lib/systemd/system/usbguard-py-initramfs.path": 0o644,
    "usr/lib/systemd/system/usbguard-py-trial.path": 0o644,
    "usr/lib/systemd/system/usbguard-py-trial.service": 0o644,
    "usr/lib/systemd/system/usbguard-py-initramfs.service": 0o644,
    "usr/lib/systemd/system/usbguard-py-checkpoint.timer": 0o644,
    "usr/lib/systemd/system/usbguard-py-checkpoint.service": 0o644,
    "usr/share/usbguard-py/verify-log.py": 0o755,
    "usr/share/initramfs-tools/hooks/usbguard-py": 0o755,
    "usr/share/initramfs-tools/scripts/init-top/00-usbguard-py": 0o755,
    "usr/lib/udev/rules.d/10-usbguard-py.rules": 0o644,
    "usr/lib/udev/rules.d/72-usbguard-py.rules": 0o644,
    "usr/lib/udev/rules.d/99-usbguard-py.rules": 0o644,
    "usr/lib/sysusers.d/usbguard-py.conf": 0o644,
    "usr/lib/tmpfiles.d/usbguard-py.conf": 0o644,
    "usr/share/bash-completion/completions/usbguard-py": 0o644,
    "usr/share/man/man1/usbguard-py.1.gz": 0o644,
    "usr/share/man/vi/man1/usbguard-py.1.gz": 0o644,
    f"{HOME}/lib/usbguard_py/locale/vi/LC_MESSAGES/usbguard-py.mo": 0o644,
    "usr/share/usbguard-py/policies/standalone.toml": 0o644,
    "usr/share/usbguard-py/policies/observe.toml": 0o644,
    "usr/share/doc/usbguard-py/copyright": 0o644,
    "usr/share/doc/usbguard-py/README.md": 0o644,
}

FIRST_MEDIUM = {
    "init-system-helpers",
    "kmod",
    "libudev1",
    "libusb-1.0-0",
    "python3",
    "systemd",
    "udev",
    "util-linux",
}
"""Packages that a plain Debian 12 or 13 installs, or has on its first medium."""


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("package_build", ROOT / "packaging/build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "mode"), EXPECTED.items(), ids=EXPECTED.keys())
def test_is_there(package: Package, name: str, mode: int) -> None:
    path = package.unpacked / name
    assert path.is_file()
    assert path.stat().st_mode & 0o7777 == mode


def test_nothing_lies_elsewhere(package: Package) -> None:
    places = ("etc/usbguard-py", "usr/bin", "usr/lib", "usr/share")
    stray = [f for f in package.files if not any(f.startswith(p) or p.startswith(f) for p in places)]
    assert not stray


def test_no_byte_code_and_no_trace_of_a_build(package: Package) -> None:
    bad = re.compile(r"\.py[co]$|__pycache__|/RECORD$|/INSTALLER$|direct_url|\.pot?$|/bin/.*(pip|pygment)")
    assert not [f for f in package.files if bad.search(f)]


def test_nothing_is_writable_by_others(package: Package) -> None:
    loose = [f for f in package.files if (package.unpacked / f).lstat().st_mode & 0o6022]
    assert not loose


def test_no_path_of_the_building_machine(package: Package) -> None:
    own = [str(ROOT).encode(), str(Path.home()).encode() + b"/", b"/.venv/", b"/pip-"]
    found = [
        f"{name}: {path.decode()}"
        for name in package.files
        if (package.unpacked / name).is_file()
        for path in own
        if path in (package.unpacked / name).read_bytes()
    ]
    assert not found


def test_size(package: Package) -> None:
    assert package.path.stat().st_size <= LARGEST


def test_depends_only_on_the_first_medium(package: Package) -> None:
    named = {entry.split()[0] for entry in package.control["Depends"].split(", ")}
    assert named == FIRST_MEDIUM
    assert not {"Pre-Depends", "Recommends"} & package.control.keys()


def test_version(package: Package) -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert package.control["Version"] == metadata["version"]
    source = (ROOT / "usbguard_py/__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{metadata["version"]}"' in source


def test_every_source_file_of_the_product_is_there(package: Package) -> None:
    wanted = {p.relative_to(ROOT).as_posix() for p in (ROOT / "usbguard_py").rglob("*.py")}
    assert wanted
    assert not {f for f in wanted if f"{HOME}/lib/{f}" not in set(package.files)}


def distributions(package: Package) -> dict[str, str]:
    """Bundled libraries and their versions."""
    infos = [Path(f).name for f in package.files if f.endswith(".dist-info")]
    pairs = (info.removesuffix(".dist-info").rsplit("-", 1) for info in infos)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}


def test_everything_bundled_is_locked(package: Package, builder: ModuleType) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {name: re.search(r"==([^ ;\\]+)", text) for name, text in builder.entries(lock)}
    versions = {name: match.group(1) for name, match in locked.items() if match}
    assert "--hash=sha256:" in lock
    assert distributions(package) == {n: v for n, v in versions.items() if n not in builder.LEFT_OUT}


def test_every_bundled_library_has_its_licence(package: Package) -> None:
    text = (package.unpacked / "usr/share/doc/usbguard-py/copyright").read_text(encoding="utf-8")
    named = {re.sub(r"[-_.]+", "-", n).lower() for n in re.findall(r"^Bundled library: (\S+)", text, re.MULTILINE)}
    assert named == set(distributions(package))
    assert "Apache License" in text


def test_native_parts_exist_for_each_python(package: Package, builder: ModuleType) -> None:
    for python in builder.PYTHONS:
        folder = package.unpacked / HOME / "native" / builder.tag(python)
        modules = list(folder.rglob("*.so"))
        assert modules
        assert all(f"cpython-{python.replace('.', '')}-" in m.name for m in modules)
    assert not list((package.unpacked / HOME / "lib").rglob("*.so"))


def test_lock_names_no_index() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"://|--(extra-)?index-url|--find-links", (ROOT / name).read_text(encoding="utf-8"))


def test_scripts_need_no_network(package: Package) -> None:
    for script in ("postinst", "prerm", "postrm"):
        text = (package.unpacked / "DEBIAN" / script).read_text(encoding="utf-8")
        assert not re.search(r"\b(pip|apt|apt-get|curl|wget|git)\b", text)


def test_removal_never_deletes_the_ledger(package: Package) -> None:
    for script in ("postinst", "prerm", "postrm"):
        text = (package.unpacked / "DEBIAN" / script).read_text(encoding="utf-8")
        removals = [line for line in text.splitlines() if "rm " in line or "-delete" in line]
        assert not [line for line in removals if "/var" in line]


def interpreters() -> list[str]:
    return [p for p in (shutil.which(f"python{v}") for v in ("3.11", "3.12", "3.13")) if p]


def in_place(package: Package, tmp_path: Path) -> Path:
    """The installed command, pointed at the unpacked copy."""
    text = (package.unpacked / "usr/bin/usbguard-py").read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/python3 -IS\n")
    command = tmp_path / "usbguard-py"
    command.write_text(text.replace('"/usr/lib', f'"{package.unpacked}/usr/lib'), encoding="utf-8")
    return command


def test_runs_from_the_package_alone(package: Package, tmp_path: Path) -> None:
    """Isolated, with an empty environment and no network: what it imports is in the package or in Python."""
    command = in_place(package, tmp_path)
    assert interpreters()
    for python in interpreters():
        if subprocess.run([python, "--version"], capture_output=True, check=False).returncode != 0:
            continue
        run = subprocess.run(
            ["unshare", "--net", "--map-root-user", python, "-IB", command, "--help"],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd=tmp_path,
        )
        assert run.returncode == 0, f"{python}: {run.stderr}"
        assert "usbguard-py" in run.stdout


def test_every_import_of_the_product_is_in_the_package(package: Package) -> None:
    """Third-party modules named by the product's source are bundled."""
    bundled = {Path(f).stem for f in package.files if re.fullmatch(rf"{HOME}/(lib|native/cp311)/[^/]+", f)}
    named = set()
    for path in (ROOT / "usbguard_py").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                named |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                named.add(node.module.split(".")[0])
    assert not named - bundled - set(sys.stdlib_module_names)


def test_an_unsupported_python_says_so(package: Package, tmp_path: Path) -> None:
    command = in_place(package, tmp_path)
    text = command.read_text(encoding="utf-8")
    command.write_text(text.replace("SUPPORTED = (", "SUPPORTED = () and ("), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-I", command, "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LANG": "C.UTF-8"},
    )
    assert run.returncode == 70
    assert "cần Python" in run.stderr
    assert "needs Python" in run.stderr
    assert "Traceback" not in run.stderr


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(source: Path, target: Path, **environment: str) -> str:
    """Copy the sources, build there, and give the digest of what came out."""
    ignore = shutil.ignore_patterns("build", ".venv", ".git", "*cache*")
    shutil.copytree(source, target, ignore=ignore, symlinks=True)
    subprocess.run(
        [sys.executable, "packaging/build.py"],
        cwd=target,
        check=True,
        umask=0o077 if environment else 0o022,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    return digest(next((target / "build").glob("*.deb")))


def test_two_builds_are_identical(tmp_path: Path) -> None:
    """Another folder, another umask, another time zone and another locale give the same bytes."""
    first = build(ROOT, tmp_path / "one")
    second = build(tmp_path / "one", tmp_path / "a-longer-name/two", TZ="Asia/Ho_Chi_Minh", LC_ALL="C")
    assert first == second


def test_the_date_counts(tmp_path: Path) -> None:
    """The check above can fail: another date gives another package."""
    first = build(ROOT, tmp_path / "one", SOURCE_DATE_EPOCH="1767225600")
    second = build(tmp_path / "one", tmp_path / "two", SOURCE_DATE_EPOCH="1767225602")
    assert first != second
