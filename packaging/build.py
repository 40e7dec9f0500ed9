"""Builds ``build/usbguard-py_<version>_amd64.deb``: one package for Python 3.11, 3.12 and 3.13.

Pure parts lie there once, native parts once for each Python; everything comes from
``requirements.lock`` by hash. Two builds of one commit are byte-identical: file times are the
commit's, and nothing that pip records about a build gets in.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "package"
TREE = WORK / "root"
HOME = TREE / "usr/lib/usbguard-py"
DOC = TREE / "usr/share/doc/usbguard-py"

PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
"""glibc up to 2.28; Debian 12 has 2.36."""

NATIVE = ("msgspec",)
LEFT_OUT = {
    "pip": "only `sqlite-utils install` calls it",
    "tzdata": "a package of the system, asked for on Windows",
}
KEPT_METADATA = {"METADATA", "entry_points.txt"}
"""Of a distribution's metadata; the rest says how and where it was installed."""

FALLBACK_DATE = 1767225600  # 2026-01-01, for a source tree without git
LONGEST_LICENCE = 100_000  # bytes; no licence text is longer

INSTALLED = {
    "packaging/usbguard-py": ("usr/bin/usbguard-py", 0o755),
    "systemd/floor": ("usr/lib/usbguard-py/floor", 0o755),
    "systemd/maintenance-entry": ("usr/lib/usbguard-py/maintenance-entry", 0o755),
    "systemd/usbguard-py-floor.service": ("usr/lib/systemd/system/usbguard-py-floor.service", 0o644),
    "systemd/usbguard-py-initramfs.path": ("usr/lib/systemd/system/usbguard-py-initramfs.path", 0o644),
    "systemd/usbguard-py-initramfs.service": ("usr/lib/systemd/system/usbguard-py-initramfs.service", 0o644),
    "systemd/usbguard-py-trial.path": ("usr/lib/systemd/system/usbguard-py-trial.path", 0o644),
    "systemd/usbguard-py-trial.service": ("usr/lib/systemd/system/usbguard-py-trial.service", 0o644),
    "systemd/usbguard-py-drivers.path": ("usr/lib/systemd/system/usbguard-py-drivers.path", 0o644),
    "systemd/usbguard-py-drivers.service": ("usr/lib/systemd/system/usbguard-py-drivers.service", 0o644),
    "systemd/initramfs/hook": ("usr/share/initramfs-tools/hooks/usbguard-py", 0o755),
    "systemd/initramfs/init-top": ("usr/share/initramfs-tools/scripts/init-top/00-usbguard-py", 0o755),
    "systemd/dracut/module-setup.sh": ("usr/lib/dracut/modules.d/02usbguard-py/module-setup.sh", 0o755),
    "systemd/dracut/usbguard-py.sh": ("usr/lib/dracut/modules.d/02usbguard-py/usbguard-py.sh", 0o755),
    "systemd/usbguard-py-checkpoint.timer": ("usr/lib/systemd/system/usbguard-py-checkpoint.timer", 0o644),
    "systemd/usbguard-py-checkpoint.service": ("usr/lib/systemd/system/usbguard-py-checkpoint.service", 0o644),
    "systemd/usbguard-py.service": ("usr/lib/systemd/system/usbguard-py.service", 0o644),
    "systemd/usbguard-py-hands.socket": ("usr/lib/systemd/system/usbguard-py-hands.socket", 0o644),
    "systemd/usbguard-py-hands.service": ("usr/lib/systemd/system/usbguard-py-hands.service", 0o644),
    "systemd/10-usbguard-py.rules": ("usr/lib/udev/rules.d/10-usbguard-py.rules", 0o644),
    "systemd/72-usbguard-py.rules": ("usr/lib/udev/rules.d/72-usbguard-py.rules", 0o644),
    "systemd/99-usbguard-py.rules": ("usr/lib/udev/rules.d/99-usbguard-py.rules", 0o644),
    "systemd/sysusers.conf": ("usr/lib/sysusers.d/usbguard-py.conf", 0o644),
    "systemd/tmpfiles.conf": ("usr/lib/tmpfiles.d/usbguard-py.conf", 0o644),
    "systemd/README.md": ("usr/share/doc/usbguard-py/systemd.md", 0o644),
    "docs/completion/usbguard-py.bash": ("usr/share/bash-completion/completions/usbguard-py", 0o644),
    "verifier/verify-log.py": ("usr/share/usbguard-py/verify-log.py", 0o755),
    "README.md": ("usr/share/doc/usbguard-py/README.md", 0o644),
}


def version() -> str:
    """The version, from pyproject.toml."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def date() -> int:
    """Seconds since the epoch that every file in the package gets."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    run = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(run.stdout) if run.returncode == 0 and run.stdout.strip() else FALLBACK_DATE


def entries(lock: str) -> Iterator[tuple[str, str]]:
    """Name and text of each requirement of a lock file."""
    for entry in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE):
        name = re.match(r"[a-z0-9][a-z0-9._-]*", entry)
        if name:
            yield name.group(), entry


def install(python: str, target: Path, only: tuple[str, ...] = ()) -> None:
    """Unpack the wheels of the lock file for ``python`` into ``target``, hashes checked."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    chosen = [text for name, text in entries(lock) if (name in only if only else name not in LEFT_OUT)]
    wanted = WORK / f"requirements-{python}.txt"
    wanted.write_text("".join(chosen), encoding="utf-8")
    platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-compile",
    ]
    command += ["--require-hashes", "--only-binary", ":all:", "--python-version", python, "--implementation", "cp"]
    command += [*platforms, "--target", str(target), "-r", str(wanted)]
    subprocess.run(command, check=True)


def is_pure(distribution: Distribution) -> bool:
    """Whether a wheel holds nothing that was compiled."""
    wheel = HeaderParser().parsestr(distribution.read_text("WHEEL") or "")
    return wheel["Root-Is-Purelib"] == "true"


def name_of(distribution: Distribution) -> str:
    """The normalised name (packaging.python.org, "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()


def distributions(folder: Path) -> list[PathDistribution]:
    """What is installed in ``folder``, by name."""
    return sorted((PathDistribution(p) for p in folder.glob("*.dist-info")), key=name_of)


def move_native(source: Path, target: Path) -> None:
    """Move what is native from the pure tree into the tree of one Python."""
    target.mkdir(parents=True, exist_ok=True)
    for distribution in distributions(source):
        if is_pure(distribution):
            continue
        if name_of(distribution) not in NATIVE:
            message = f"{name_of(distribution)} has native parts; name it in NATIVE"
            raise SystemExit(message)
        for top in {Path(file).parts[0] for file in distribution.files or ()} - {".."}:
            if (source / top).exists():
                shutil.move(source / top, target / top)


def libraries() -> None:
    """Fill lib/ (pure, once) and native/cp3XX/ (once for each Python)."""
    pure = HOME / "lib"
    install(PYTHONS[0], pure)
    move_native(pure, HOME / "native" / tag(PYTHONS[0]))
    for python in PYTHONS[1:]:
        install(python, HOME / "native" / tag(python), only=NATIVE)
    shutil.rmtree(pure / "bin", ignore_errors=True)


def tag(python: str) -> str:
    """``cp311`` for ``3.11``."""
    return "cp" + python.replace(".", "")


def licences() -> str:
    """The copyright file: ours, then each library with its licence in full."""
    seen: dict[str, str] = {}
    for folder in (HOME / "lib", HOME / "native" / tag(PYTHONS[0])):
        for distribution in distributions(folder):
            seen[name_of(distribution)] = licence_of(distribution)
    ours = (ROOT / "LICENSE").read_text(encoding="utf-8")
    parts = [f"usbguard-py is licensed under the Apache License, version 2.0:\n\n{ours}"]
    parts += [seen[name] for name in sorted(seen)]
    return ("\n" + "=" * 100 + "\n\n").join(parts)


def licence_of(distribution: Distribution) -> str:
    """Name, version and licence of a library, with the text that it ships."""
    meta = distribution.metadata
    classifiers = [c.rsplit(" :: ", 1)[1] for c in meta.get_all("Classifier") or [] if c.startswith("License ::")]
    short = meta["License-Expression"] or ", ".join(classifiers) or (meta["License"] or "").split("\n")[0]
    if not short:
        message = f"{meta['Name']} does not say its licence"
        raise SystemExit(message)
    texts = [
        Path(str(file.locate())).read_text(encoding="utf-8")
        for file in sorted(distribution.files or (), key=str)
        if ".dist-info" in str(file) and re.search(r"(?i)licen[cs]e|copying|notice|copyright", file.name)
    ]
    head = f"Bundled library: {meta['Name']} {meta['Version']}\nLicence: {short}\n"
    return head + "".join(f"\n{text.strip()[:LONGEST_LICENCE]}\n" for text in texts)


def tidy() -> None:
    """Leave out what records a build, and byte code, which is made where it is used."""
    for folder in list(TREE.rglob("__pycache__")):
        shutil.rmtree(folder)
    for info in TREE.rglob("*.dist-info"):
        for path in info.iterdir():
            if path.name in KEPT_METADATA:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def product() -> None:
    """Our own files: the package with its compiled catalogues, units, rules, policies, pages."""
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", "*.po", "*.pot")
    shutil.copytree(ROOT / "usbguard_py", HOME / "lib/usbguard_py", ignore=ignore)
    for catalogue in sorted((ROOT / "usbguard_py").rglob("*.po")):
        target = HOME / "lib" / catalogue.relative_to(ROOT).with_suffix(".mo")
        target.parent.mkdir(parents=True, exist_ok=True)
        with catalogue.open("rb") as source, target.open("wb") as out:
            write_mo(out, read_po(source))
    for source_name, (target_name, _) in INSTALLED.items():
        put(TREE / target_name, (ROOT / source_name).read_bytes())
    for policy in sorted((ROOT / "policies").glob("*.toml")):
        put(TREE / "usr/share/usbguard-py/policies" / policy.name, policy.read_bytes())
    pages = ROOT / "docs/man"
    for page in sorted(pages.rglob("*.[158]")):
        language = page.parent.relative_to(pages)
        put(TREE / "usr/share/man" / language / f"man{page.suffix[1]}" / f"{page.name}.gz", packed(page.read_bytes()))
    put(DOC / "changelog.gz", packed((ROOT / "CHANGELOG.md").read_bytes()))


def packed(data: bytes) -> bytes:
    """Gzip without a time."""
    return gzip.compress(data, 9, mtime=0)


def put(path: Path, data: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def settle(seconds: int) -> None:
    """Give every file its mode and its time, whatever the umask and the clock were."""
    executable = {TREE / target for target, mode in INSTALLED.values() if mode == 0o755}  # noqa: PLR2004 - a mode
    for path in [*TREE.rglob("*"), TREE]:
        path.chmod(0o755 if path.is_dir() or path in executable else 0o644)
        os.utime(path, (seconds, seconds))


def pack(seconds: int) -> Path:
    """Let nfpm make the package."""
    target = ROOT / "build" / f"usbguard-py_{version()}_amd64.deb"
    config = WORK / "nfpm.yaml"
    text = (ROOT / "packaging/nfpm.yaml").read_text(encoding="utf-8")
    stamp = subprocess.run(
        ["date", "-u", "-d", f"@{seconds}", "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, text=True, check=True
    )
    config.write_text(f"{text}version: {version()}\nmtime: {stamp.stdout.strip()}\n", encoding="utf-8")
    nfpm = Path(sys.executable).with_name("nfpm")
    command = [str(nfpm), "package", "--config", str(config), "--packager", "deb", "--target", str(target)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(seconds)}
    subprocess.run(command, cwd=ROOT, check=True, env=environment, stdout=subprocess.DEVNULL)
    return target


def main() -> None:
    """Stage the tree, then pack it."""
    shutil.rmtree(WORK, ignore_errors=True)
    HOME.mkdir(parents=True)
    libraries()
    put(DOC / "copyright", licences().encode())
    product()
    tidy()
    seconds = date()
    settle(seconds)
    target = pack(seconds)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
