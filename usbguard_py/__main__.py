"""``python -m usbguard_py``: the same as the command ``usbguard-py``."""

from usbguard_py.cli import main

if __name__ == "__main__":
    main()
