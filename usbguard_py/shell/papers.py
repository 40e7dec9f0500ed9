"""The files that papers are made from, and the files that they become.

What lies in ``/etc/usbguard-py/papers`` is used in place of what the package has, file by file. It is read by who makes
the paper, with their rights; the daemon reads none of it.
"""

import os
import stat
import zipfile
from pathlib import Path
from typing import IO

import msgspec

from usbguard_py import paths
from usbguard_py.errors_paper import BadPaperFile
from usbguard_py.papers import docx, html
from usbguard_py.papers.agency import Agency, read_agency
from usbguard_py.papers.citations import Citation, read_citations
from usbguard_py.papers.document import Document
from usbguard_py.papers.strict import MAX_SIZE
from usbguard_py.papers.template import Template, read_template

HERE = Path(__file__).parents[1] / "papers"
FORMATS = ("docx", "html")
_CITATIONS = "citations.toml"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that ZIP knows: the same paper gives the same bytes


class Form(msgspec.Struct, frozen=True):
    """A form with the file that it comes from; ``own``: the agency's."""

    template: Template
    path: str
    own: bool


def form(kind: str, language: str) -> Form:
    """The form for that kind of paper in that language.

    Raises:
        BadPaperFile: it cannot be read, is none, or is for another paper.
    """
    path, own = place(kind, language)
    template = read_template(_text(path), str(path))
    for name, wanted in (("kind", kind), ("language", language)):
        seen = getattr(template, name)
        if seen != wanted:
            raise BadPaperFile(where=f"{path}:1", detail=f"it is for “{seen}”")
    return Form(template, str(path), own)


def place(kind: str, language: str) -> tuple[Path, bool]:
    """Where the form lies, and whether it is the agency's."""
    name = f"{kind}.{language}.toml"
    own = paths.PAPERS / name
    return (own, True) if os.path.lexists(own) else (HERE / "templates" / name, False)


def citations() -> tuple[Citation, ...]:
    """The legal texts: the agency's, else those of the package.

    Raises:
        BadPaperFile: they cannot be read.
    """
    own = paths.PAPERS / _CITATIONS
    path = own if os.path.lexists(own) else HERE / _CITATIONS
    return read_citations(_text(path), str(path))


def agency() -> Agency:
    """What the agency says of itself; nothing when there is no such file.

    Raises:
        BadPaperFile: it cannot be read.
    """
    if not os.path.lexists(paths.AGENCY):
        return Agency()
    return read_agency(_text(paths.AGENCY), str(paths.AGENCY))


def _text(path: Path) -> str:
    """The text of a file; a device or a pipe is none, and no more is read than a file may have."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadPaperFile(where=str(path), detail="no regular file")
            return file.read(MAX_SIZE + 1).decode()
    except UnicodeDecodeError as error:
        raise BadPaperFile(where=f"{path}:1", detail="not UTF-8") from error
    except OSError as error:
        raise BadPaperFile(where=str(path), detail=error.strerror or str(error)) from error


def write(form: str, file: IO[bytes], document: Document) -> None:
    """Write a paper as a file of that format."""
    if form == "html":
        file.write(html.page(document))
        return
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in docx.parts(document).items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
