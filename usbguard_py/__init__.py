"""A USB and removable-media policy enforcer: closed by the kernel, opened by a recorded decision."""

__version__ = "0.1.0"
