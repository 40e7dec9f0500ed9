"""The kernel command line and boot loader entries, as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.bootline import WORD, closes, grub_entries, loader_entry, with_word, without

LINES = {
    "nothing said": ("root=/dev/sda1 quiet", False),
    "closed": ("quiet usbcore.authorized_default=0 ro", True),
    "the last one counts": ("usbcore.authorized_default=0 usbcore.authorized_default=1", False),
    "the last one closes": ("usbcore.authorized_default=2 usbcore.authorized_default=0", True),
    "a dash is an underscore": ("usbcore.authorized-default=0", True),
    "a dash opens too": ("usbcore.authorized_default=0 usbcore.authorized-default=-1", False),
    "another value": ("usbcore.authorized_default=00", False),
    "another parameter": ("usbcore.authorized_default_=0 xusbcore.authorized_default=0", False),
}


@pytest.mark.parametrize(("line", "closed"), LINES.values(), ids=LINES.keys())
def test_closes(line: str, closed: bool) -> None:
    assert closes(line.split()) is closed
    assert closes(with_word(line).split())
    assert not closes(without(line).split())


@given(st.lists(st.text("abc=._-0 ", min_size=1)))
def test_only_our_word_comes_and_goes(words: list[str]) -> None:
    line = " ".join(" ".join(words).split())
    assert without(with_word(line)) == without(line)
    assert with_word(with_word(line)) == with_word(line)


def test_what_a_boot_loader_wrote_for_one_start_is_left_out() -> None:
    seen = r"BOOT_IMAGE=/boot/vmlinuz-6.1 root=UUID=1-2 initrd=\EFI\initrd.img quiet"
    assert with_word(seen) == f"root=UUID=1-2 quiet {WORD}"


GRUB = """
menuentry 'Debian GNU/Linux' {
\tlinux\t/boot/vmlinuz-6.1.0-1-amd64 root=/dev/sda1 ro usbcore.authorized_default=0 quiet
\tinitrd\t/boot/initrd.img-6.1.0-1-amd64
}
\t\tlinux\t/boot/vmlinuz-6.1.0-1-amd64 root=/dev/sda1 ro single
\tlinux16 /boot/memtest86+.bin console=ttyS0
# linux /boot/vmlinuz-0 commented
"""


def test_grub_s_entries() -> None:
    assert [(e.name, e.closed) for e in grub_entries(GRUB)] == [
        ("/boot/vmlinuz-6.1.0-1-amd64", True),
        ("/boot/vmlinuz-6.1.0-1-amd64", False),
    ]


def test_an_entry_of_the_boot_loader_specification() -> None:
    text = (
        f"# made\ntitle Debian\noptions root=/dev/sda1\noptions {WORD}\nlinux /a/linux\ninitrd /a/ucode\ninitrd /a/i\n"
    )
    found = loader_entry("a.conf", text)
    assert found is not None
    assert (found.name, found.closed, found.initrd) == ("a.conf", True, ("/a/ucode", "/a/i"))
    opened = loader_entry("b.conf", "linux /a/linux\noptions\n")
    assert opened is not None
    assert not opened.closed
    assert loader_entry("c.conf", "efi /EFI/memtest.efi\n") is None
