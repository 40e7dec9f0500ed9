"""The control socket's interface by name and size; what can be asked on it: :mod:`usbguard_py.core.requests`."""

INTERFACE = "org.usbguardpy.Control"
MAX_REQUEST = 65536  # bytes
