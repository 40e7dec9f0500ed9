"""The small file by which the floor's script ends a trial, also when the judge cannot."""

from usbguard_py import paths
from usbguard_py.shell.clock import Clock


def begin(until_ms: int) -> None:
    """Say until when: whole seconds of CLOCK_BOOTTIME, as in ``/proc/uptime``; ``until_ms`` milliseconds of it.

    Raises:
        OSError: the folder cannot be written.
    """
    paths.RUN.mkdir(mode=0o755, parents=True, exist_ok=True)
    new = paths.TRIAL.with_suffix(".new")
    new.write_text(f"{-(-until_ms // 1000)}\n", encoding="ascii")
    new.rename(paths.TRIAL)


def end() -> None:
    """There is no trial any more.

    Raises:
        OSError: the file cannot be taken away.
    """
    paths.TRIAL.unlink(missing_ok=True)


def now() -> tuple[str, int]:
    """This start of the machine, and milliseconds of CLOCK_BOOTTIME."""
    reading = Clock().read()
    return reading.boot, reading.mono_ms
