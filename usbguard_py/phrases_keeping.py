"""Details about the log's room, its copies and where else it is told; see :mod:`usbguard_py.phrases`."""

from usbguard_py.i18n import N_

KEEPING: tuple[str, ...] = (
    N_("{name} is not told: {detail}"),
    N_("{name} missed {count} records"),
    N_("{name} knows audit, journal and syslog"),
    N_("its thread ended"),
    N_("cannot be reached: {detail}"),
    N_("works again; records lost: {count}"),
    N_("the disk of the log is nearly full: {count} MiB are free"),
    N_("no room is kept free for the last records of the log"),
    N_("{free} MiB of {total} MiB are free"),
    N_("the reserve is in use"),
    N_("what was read back is not what was written"),
)
