"""Who sits at the machine, from files as logind writes them: hostile, missing, replaced, and FIFOs between them."""

import os
from pathlib import Path

from usbguard_py.shell.seats import MAX_SESSIONS, Seats

# As systemd 252 writes it, but for the names.
TEXT = """# This is private data. Do not parse.
UID=1000
USER=soanthao
ACTIVE={active}
IS_DISPLAY=1
STATE=active
REMOTE=0
TYPE=x11
ORIGINAL_TYPE=x11
CLASS=user
SCOPE=session-2.scope
FIFO=/run/systemd/sessions/2.ref
SEAT=seat0
VTNR=7
SERVICE=gdm-password
LEADER=812
AUDIT=2
REALTIME=1795332074720000
MONOTONIC=27000000
"""


def write(folder: Path, name: str, text: str) -> None:
    """As logind does: a file beside it, then its name."""
    (folder / f".#{name}").write_text(text, encoding="utf-8")
    (folder / f".#{name}").rename(folder / name)


def test_a_session_at_the_seat(tmp_path: Path) -> None:
    write(tmp_path, "2", TEXT.format(active=1))
    os.mkfifo(tmp_path / "2.ref")
    os.mkfifo(tmp_path / "3")
    seats = Seats(tmp_path)
    expected = {
        "id": "2",
        "uid": 1000,
        "user": "soanthao",
        "seat": "seat0",
        "type": "x11",
        "class": "user",
        "service": "gdm-password",
        "active": True,
        "remote": False,
    }
    assert seats.sessions() == [expected]
    write(tmp_path, "2", TEXT.format(active=0))
    assert seats.sessions() == [{**expected, "active": False}]
    (tmp_path / "2").unlink()
    assert seats.sessions() == []


def test_no_logind_is_said(tmp_path: Path) -> None:
    assert Seats(tmp_path / "none").sessions() is None


def test_what_is_no_session_is_harmless(tmp_path: Path) -> None:
    """Bounded, escaped, and never waited for."""
    for number in range(MAX_SESSIONS + 5):
        write(tmp_path, f"c{number:02}", f"USER=a\x1b[2J\u202e\nUID={'9' * 30}\n" + "x" * 9000)
    (tmp_path / "zz").symlink_to("/etc/passwd")
    found = Seats(tmp_path).sessions()
    assert found is not None
    assert len(found) == MAX_SESSIONS
    assert found[0] == {"id": "c00", "user": "a\\u{1b}[2J\\u{202e}", "active": False, "remote": False}
