"""Speed and size beside Debian's usbguard: both in one guest, in one run, taking turns (``python -m tests.bench``)."""
