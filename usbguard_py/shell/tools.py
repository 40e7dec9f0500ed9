"""Programs of the system that we call: by fixed names, from the system's own folders."""

import os
import subprocess

from usbguard_py.errors_floor import FloorTrouble

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
LANGUAGE = ("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES")
SECONDS = 3600  # building the images of several kernels on a slow machine


def run(*command: str) -> str:
    """Run a program that must succeed; what it printed.

    Raises:
        FloorTrouble: it is not there, took too long, or failed; with its last line.
    """
    try:
        done = _started(*command)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FloorTrouble(command=command[0], detail=str(error)) from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise FloorTrouble(command=" ".join(command), detail=said[-1] if said else f"{done.returncode}")
    return done.stdout


def asked(*command: str) -> str:
    """What a program answers, also when its exit code says no; empty when it cannot be asked."""
    try:
        return _started(*command).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def environment(program: str) -> dict[str, str]:
    """What a program gets of our environment: nothing but its language, where that is written into a file.

    update-grub writes the boot menu in the language of whoever calls it (grub-mkconfig, 00_header and 10_linux).
    """
    if program != "update-grub":
        return {"PATH": PATH, "LC_ALL": "C.UTF-8"}
    return {"PATH": PATH, **{name: os.environ[name] for name in LANGUAGE if name in os.environ}}


def _started(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - fixed names, no text of a device
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        env=environment(command[0]),
        stdin=subprocess.DEVNULL,
    )
