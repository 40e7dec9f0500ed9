"""Which accelerator QEMU can really use here.

`/dev/kvm` that opens proves nothing: on some hosts the guest then hangs after the boot ROM or the processor model
aborts. So the image's own kernel has to come up in a trial without a disk, and the answer is kept per host.
"""

import hashlib
import os
import platform
import subprocess
import tempfile
from pathlib import Path

from .image import Image, say

EMULATION = ("-accel", "tcg,thread=multi", "-cpu", "max")
CANDIDATES = (("-accel", "kvm", "-cpu", "host"), ("-accel", "kvm", "-cpu", "max"))
TRIAL_SECONDS = 12.0  # a kernel under KVM reaches its panic in 2


def accelerator(image: Image, cache: Path) -> tuple[str, ...]:
    """Return QEMU's arguments for the fastest accelerator that was proved on this host."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return EMULATION
    proof = cache / f"accelerator-{host()}"
    if proof.exists():
        return tuple(proof.read_text().split())
    chosen = next((candidate for candidate in CANDIDATES if _boots(image, candidate)), EMULATION)
    say(f"accelerator: {' '.join(chosen)}")
    cache.mkdir(parents=True, exist_ok=True)
    proof.write_text(" ".join(chosen))
    return chosen


def host() -> str:
    """Name this host by its kernel, its processor and its QEMU."""
    version = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=True).stdout
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return hashlib.sha256("\n".join([platform.release(), version, *models[:1]]).encode()).hexdigest()[:16]


def _boots(image: Image, candidate: tuple[str, ...]) -> bool:
    """Whether the kernel comes as far as missing its root file system, and QEMU then ends by itself."""
    with tempfile.TemporaryDirectory() as folder:
        console = Path(folder) / "console"
        command = [
            "qemu-system-x86_64", *candidate, "-M", "q35", "-m", "512", "-nodefaults", "-nic", "none",
            "-display", "none", "-no-reboot", "-serial", f"file:{console}", "-kernel", str(image.kernel),
            "-append", "console=ttyS0 panic=-1",
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, timeout=TRIAL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return False
        return console.exists() and b"Unable to mount root fs" in console.read_bytes()
