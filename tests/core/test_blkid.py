"""The parser of blkid's and partx's output: what they print for sound media, and hostile bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usbguard_py.core.blkid import MAX_OUTPUT, SECTOR, Strange, extents, tags
from usbguard_py.core.content import Content, Partition, told
from usbguard_py.core.text import hidden

FAT = b"DEVNAME=/proc/self/fd/0\nUUID=1234-5678\nTYPE=vfat\n"
GPT = b"DEVNAME=/proc/self/fd/0\nPTUUID=ee438df5-5d8c-5e41-95dd-495d179fdbd5\nPTTYPE=gpt\n"
ROWS = b"""NR="5" START="43008" SECTORS="4096" TYPE="0x83" UUID="1a2b3c4d-05"
NR="1" START="2048" SECTORS="20480" TYPE="0xc" UUID="1a2b3c4d-01"
NR="2" START="40960" SECTORS="2" TYPE="" UUID=""
"""


def test_sound_output() -> None:
    assert tags(FAT) == Content(type="vfat", uuid="1234-5678")
    assert tags(GPT) == Content(table="gpt", table_uuid="ee438df5-5d8c-5e41-95dd-495d179fdbd5")
    assert tags(b"") == Content()
    assert extents(b"") == ()


def test_partitions_come_in_their_order_and_in_bytes() -> None:
    found = extents(ROWS)
    assert [one.entry for one in found] == [
        Partition(1, "0xc", "1a2b3c4d-01"),
        Partition(2),
        Partition(5, "0x83", "1a2b3c4d-05"),
    ]
    assert (found[0].offset, found[0].size) == (2048 * SECTOR, 20480 * SECTOR)


STRANGE = [
    b"LABEL=secret\n",
    b"blkid: error: /proc/self/fd/0: Input/output error\n",
    b"TYPE=vfat",
    b"TYPE=vfat\nTYPE=ext4\n",
    b"TYPE=vf at\n",
    b"TYPE=vf\\ at\n",
    b"UUID=" + b"0" * 65 + b"\n",
    b"UUID=1234_5678\n",
    b"TYPE=\x1b[2J\n",
    b"TYPE=\xc3\xa9\n",
    b"\n",
    b"TYPE=vfat\n" * MAX_OUTPUT,
]


@pytest.mark.parametrize("output", STRANGE, ids=lambda output: repr(output[:24]))
def test_what_is_not_understood_is_no_identity(output: bytes) -> None:
    with pytest.raises(Strange):
        tags(output)


@pytest.mark.parametrize(
    "output",
    [
        b'NR="1" START="2048" SECTORS="20480" TYPE="0xc"\n',
        b'NR="1" START="-1" SECTORS="20480" TYPE="0xc" UUID=""\n',
        b'NR="0" START="1" SECTORS="1" TYPE="0xc" UUID=""\n',
        b'NR="1000" START="1" SECTORS="1" TYPE="0xc" UUID=""\n',
        b'NR="1" START="1" SECTORS="1" TYPE="12" UUID=""\n',
        b'NR="1" START="1" SECTORS="1" TYPE="0xc" UUID="" NAME="x"\n',
        b'NR="1" START="1" SECTORS="1" TYPE="0xc" UUID=""\n' * 2,
        b"partx: /proc/self/fd/0: failed to read partition table\n",
    ],
)
def test_a_table_that_is_not_understood_is_none(output: bytes) -> None:
    with pytest.raises(Strange):
        extents(output)


LINE = st.builds(
    lambda name, value, end: name + b"=" + value + end,
    st.sampled_from([b"TYPE", b"UUID", b"PTTYPE", b"PTUUID", b"DEVNAME", b"LABEL"]),
    st.binary(max_size=70) | st.from_regex(rb"[0-9A-Za-z-]{0,70}", fullmatch=True),
    st.sampled_from([b"\n", b"", b"\r\n"]),
)
ROW = st.builds(
    lambda *values: b" ".join(n + b'="' + v + b'"' for n, v in zip((b"NR", b"START", b"SECTORS"), values, strict=True)),
    *[st.integers(-1, 2**64).map(lambda n: str(n).encode()) | st.binary(max_size=8)] * 3,
)


@given(st.binary(max_size=200) | st.lists(LINE, max_size=6).map(b"".join))
def test_whatever_blkid_prints_is_bounded_words_or_nothing(output: bytes) -> None:
    try:
        found = tags(output)
    except Strange:
        return
    (text,) = told(found)
    assert len(text) <= 2 * (32 + 64) + 3
    assert text.isascii()
    assert not any(hidden(char) for char in text)


@given(
    st.binary(max_size=200) | st.lists(ROW, max_size=6).map(lambda rows: b' TYPE="0xc" UUID=""\n'.join([*rows, b""]))
)
def test_whatever_partx_prints_lies_where_blkid_can_be_sent(output: bytes) -> None:
    try:
        found = extents(output)
    except Strange:
        return
    assert all(one.offset >= 0 and one.size >= 0 for one in found)
    assert len({one.entry.number for one in found}) == len(found)
