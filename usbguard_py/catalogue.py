"""Reads one text of a compiled catalogue (GNU gettext manual, "The Format of GNU MO Files").

The standard module reads the whole catalogue into memory first. A command shows a dozen of its texts and the judge
none, so each text is looked up in the file as it lies: its originals are sorted.
docs/adr/0190-the-quick-door.md has the figures.
"""

_MAGIC = 0x950412DE.to_bytes(4, "little")  # of a machine of that byte order, as all that we run on are
_HEADER = 20  # bytes: magic, revision, how many texts, where their originals, where their translations
_ENTRY = 8  # bytes: length and offset of a text


class Catalogue:
    """The texts of one file; a file that is missing or is none has no texts."""

    def __init__(self, path: str) -> None:
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - the path is a text, so that this module needs no other
                data = file.read()
        except OSError:
            data = b""
        self._data = data
        self._count = 0
        if len(data) >= _HEADER and data.startswith(_MAGIC):
            self._count = self._number(8)
            self._originals, self._translations = self._number(12), self._number(16)

    def text(self, original: str) -> str | None:
        """What stands for ``original``; ``None`` where the catalogue has nothing."""
        found = self._find(original.encode())
        return None if found is None else found.decode()

    def plural(self, one: str, many: str) -> str | None:
        """What stands for a text with a number, in a language that has one form for all numbers."""
        found = self._find(f"{one}\0{many}".encode())
        return None if found is None else found.partition(b"\0")[0].decode()

    def _find(self, wanted: bytes) -> bytes | None:
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            seen = self._text(self._originals + middle * _ENTRY)
            if seen == wanted:
                return self._text(self._translations + middle * _ENTRY)
            low, high = (middle + 1, high) if seen < wanted else (low, middle)
        return None

    def _text(self, entry: int) -> bytes:
        start = self._number(entry + 4)
        return self._data[start : start + self._number(entry)]

    def _number(self, offset: int) -> int:
        return int.from_bytes(self._data[offset : offset + 4], "little")
