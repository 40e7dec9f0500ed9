"""The same scenarios with us and with Debian's usbguard, judged by the witness (``python -m tests.compare``)."""
