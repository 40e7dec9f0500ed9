"""What the judge does before it says that it is ready, and when it ends."""

import os
import time

from usbguard_py import __version__, paths
from usbguard_py.core import record
from usbguard_py.core.kinds import early
from usbguard_py.daemon.books import Books
from usbguard_py.daemon.policies import give_up, lasting, provisional
from usbguard_py.errors import AlreadyRunning, GuardError
from usbguard_py.shell import floor, nodes, trial
from usbguard_py.shell.hands import Hands
from usbguard_py.shell.machine_id import machine_id
from usbguard_py.shell.other_enforcers import OtherEnforcers


def refuse_beside_another() -> None:
    """Two enforcers would undo each other's decisions.

    Raises:
        AlreadyRunning: another enforcer is active.
    """
    name = OtherEnforcers().look()
    if name:
        raise AlreadyRunning(what=name, command="systemctl disable --now usbguard usbguard-dbus")


def take_the_world(books: Books) -> tuple[str, ...]:
    """Open the books and close the kernel's defaults; what could not be closed."""
    expected = floor.mode() == "enforce"
    books.open(enforce_expected=expected)
    nodes.clear()
    if books.trial is not None and not books.trial.left_ms(*trial.now()):
        give_up(books)
    if not books.policy.enforce:
        return _give_back() if expected and not books.fail_safe else ()
    unclosed = (*provisional(books), *floor.close())
    if books.fail_safe:
        return unclosed
    try:
        lasting(books)
        floor.write_input(paths.FLOOR_INPUT, early(books.peripherals, books.policy))
    except OSError as error:
        return (*unclosed, f"{paths.FLOOR_MODE.parent}: {error.strerror}")
    return unclosed


def _give_back() -> tuple[str, ...]:
    """The policy observes and the floor still enforces: a switch that was cut short. End it."""
    try:
        floor.write_mode("observe")
        trial.end()
        Hands().floor("return")
    except (OSError, GuardError) as error:
        return (f"floor: {error}",)
    return ()


def record_start(books: Books, unclosed: tuple[str, ...], *, kernel_log: bool) -> None:
    """Write that the judge started, and since when it had not been running."""
    last = books.store.last() if books.store is not None else None
    body = record.start(
        version=__version__,
        policy=books.policy.name,
        policy_digest=books.policy_digest,
        enforce=books.policy.enforce,
        kernel_parameter=floor.kernel_parameter(),
        unclosed=unclosed,
        fail_safe=books.fail_safe,
        pid=os.getpid(),
    )
    body["kernel_log"] = kernel_log
    body["machine_id"] = machine_id()
    if last is not None:
        body["gap"] = record.gap(last, time.time())
    books.append_or_keep("start", body)
