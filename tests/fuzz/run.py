"""``python -m tests.fuzz.run TARGET CORPUS [libFuzzer flags]``: one target, its imports instrumented for coverage."""

import sys

import atheris


def main() -> None:
    """Hand the target to libFuzzer, which ends the process."""
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["usbguard_py"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - imported where it is instrumented
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
