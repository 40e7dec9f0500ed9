"""A medium of a drive in use was exchanged: what the unit holds is compared once more, where it was enrolled."""

from usbguard_py import contents
from usbguard_py.closing import cut, cut_failed
from usbguard_py.core.connection import State
from usbguard_py.core.gates_media import decided, media
from usbguard_py.core.media import enrolled
from usbguard_py.daemon.connection import Connection
from usbguard_py.daemon.flow import Flow
from usbguard_py.errors import DeviceGone, GuardError
from usbguard_py.machine import Host


def exchanged(connection: Connection, host: Host) -> Flow:
    """Read the contents again; what is not as enrolled, or cannot be read, is cut. An empty unit is no difference."""
    if connection.state is not State.HANDED_OVER:
        return
    try:
        seen = yield from contents.again(connection, host.media, host.media.shown)
    except DeviceGone:
        return
    except GuardError as error:
        yield from cut_failed(connection, host, (str(error),))
        return
    if not seen or connection.state is not State.HANDED_OVER:
        return
    connection.media = seen
    result = media(connection.faces, enrolled(seen))
    if result.code is not None:
        connection.decision = decided(connection.decision, result)
        yield from cut(connection, host)
