"""The kernel's log: which of its messages say that a device never enumerated, and at which port."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.kernel_log import MAX_PORTS, Enumeration, Failure, Message, concerns, message


def kernel(text: str, facility: int = 0) -> Message:
    return Message(facility, 1, 5_000_000, text)


def told(*texts: str) -> list[Failure]:
    tries = Enumeration()
    return [failure for text in texts if (failure := tries.told(kernel(text))) is not None]


def test_a_record_is_read() -> None:
    raw = b"3,812,5012345,-;usb usb1-port3: unable to enumerate USB device\n SUBSYSTEM=usb\n DEVICE=+usb:x\n"
    assert message(raw) == Message(0, 812, 5012345, "usb usb1-port3: unable to enumerate USB device")
    assert concerns(raw)
    assert not concerns(b"6,812,5012345,-;EXT4-fs (vda): mounted filesystem\n")
    assert concerns(b"3,812,5012345,-;xhci_hcd 0000:00:03.0: Error while assigning device slot ID\n")
    assert message(b"12,813,5012346,-,caller=T1;a program says so\n").facility == 1


@pytest.mark.parametrize("raw", [b"", b"no record", b"a,b,c,-;text", b"\xff\xfe"])
def test_what_is_no_record_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library's texts
        message(raw)


@pytest.mark.parametrize(
    ("where", "port"),
    [("usb usb1-port3", "1-3"), ("usb 1-2-port4", "1-2.4"), ("usb 1-2.1-port11", "1-2.1.11")],
)
def test_the_port_is_named_as_its_device_would_be(where: str, port: str) -> None:
    assert told(f"{where}: unable to enumerate USB device") == [Failure(port, "unable to enumerate USB device")]


def test_the_last_error_at_that_port_is_the_reason() -> None:
    """The address is another one at each try and left out, so that repetitions are known as such."""
    tries = (
        "usb 1-3: device descriptor read/64, error -71",
        "usb 1-3: device not accepting address 17, error -71",
        "usb 1-4: device descriptor read/all, error -110",
        "usb usb1-port3: attempt power cycle",
        "usb usb1-port3: unable to enumerate USB device",
    )
    reason = "unable to enumerate USB device: device not accepting address, error -71"
    assert told(*tries) == [Failure("1-3", reason)]
    again = told(*tries, "usb usb1-port3: unable to enumerate USB device")
    assert again[1] == Failure("1-3", "unable to enumerate USB device"), "a reason is used once"


def test_an_error_of_a_try_that_went_well_is_forgotten() -> None:
    """A bad contact, then a device; the next one fails without a word of why."""
    texts = (
        "usb 1-3: device descriptor read/64, error -71",
        "usb 1-3: new high-speed USB device number 6 using xhci_hcd",
        "usb usb1-port3: unable to enumerate USB device",
    )
    assert told(*texts) == [Failure("1-3", "unable to enumerate USB device")]


def test_a_controller_without_a_free_slot_says_so() -> None:
    slot = "xhci_hcd 0000:00:03.0: Error while assigning device slot ID: No Slots Available Error"
    most = "xhci_hcd 0000:00:03.0: Max number of devices this xHCI host supports is 64."
    [failure] = told(slot, most, "usb usb1-port9: couldn't allocate usb_device")
    assert failure.port == "1-9"
    assert failure.detail.endswith("Error while assigning device slot ID: No Slots Available Error")


@pytest.mark.parametrize(
    "text",
    [
        "usb 1-3: new high-speed USB device number 5 using xhci_hcd",
        "usb 1-3: Product: usb usb1-port3: unable to enumerate USB device",
        "usb 1-3: SerialNumber: unable to enumerate USB device",
        "usb 1-3: device descriptor read/64, error -71",
        "a usb usb1-port3: unable to enumerate USB device",
        "usb usb1-port3: unable to enumerate USB device, says nobody",
    ],
)
def test_nothing_else_is_kept(text: str) -> None:
    """A device's own strings stand in the kernel's log, after a name that gives them away."""
    assert told(text) == []


def test_what_a_program_writes_is_not_the_kernel_s_word() -> None:
    """The kernel gives whatever is written into its log another facility than its own."""
    assert Enumeration().told(kernel("usb usb1-port3: unable to enumerate USB device", facility=1)) is None


def test_no_number_of_ports_fills_memory() -> None:
    tries = Enumeration()
    for number in range(2 * MAX_PORTS):
        tries.told(kernel(f"usb 1-{number}: device descriptor read/64, error -71"))
    assert len(tries._errors) == MAX_PORTS
    last = tries.told(kernel(f"usb usb1-port{2 * MAX_PORTS - 1}: unable to enumerate USB device"))
    assert last is not None
    assert last.detail.endswith("error -71")


@given(st.binary())
def test_no_bytes_end_it(raw: bytes) -> None:
    try:
        seen = message(raw)
    except ValueError:
        return
    Enumeration().told(seen)
