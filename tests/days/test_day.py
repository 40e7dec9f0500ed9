"""A day of a clerk at a real terminal: five sticks come, are handed over, one is lost, somebody leaves.

Whether a stick works or is dead is the witness's word. The screens are those of the documents (docs/vi/mot-ngay.md,
docs/en/a-day.md): a screen that differs fails the day. `make screens` writes them anew.
"""

import os

from tests.days import day
from tests.days.day import EN, VI, Desk, Words
from tests.days.terminal import Terminal, install_tmux
from tests.lab import Plugged
from tests.scenarios.rig import Rig

WRITE = os.environ.get("USBGUARD_PY_SCREENS") == "write"
SERIALS = [f"SAMPLE-11{number:02d}" for number in range(1, 6)]
ONE, TWO, THREE, FOUR, FIVE = (f"TB-{number:04d}" for number in range(2, 7))  # TB-0001 was there before


def morning(rig: Rig, words: Words) -> Desk:
    """The computer as the administrator left it, and the clerk logged in."""
    install_tmux(rig.guest)
    rig.guest.run(f"useradd --create-home --groups usbguard-manager vanthu; hostname {words.machine}")
    rig.guest.write("/etc/usbguard-py/agency.toml", day.agency(words), 0o644)
    return Desk(Terminal(rig.guest, "vanthu", words.locale), words)


def plugged(rig: Rig, serial: str, code: str) -> tuple[Plugged, int]:
    """A stick in the port, when the judge has decided on it; the number of the entry before it came."""
    before = rig.seq()
    stick = rig.guest.plug_stick(serial=serial)
    rig.await_entry(before, name=stick.port, code=code)
    return stick, before


def unplugged(rig: Rig, stick: Plugged) -> None:
    before = rig.seq()
    stick.unplug()
    rig.await_entry(before, kind="removed", name=stick.port)


def receives(rig: Rig, desk: Desk) -> None:
    """Five sticks come onto the list, in the clerk's own name until somebody signs for them; the last is misspelt."""
    words = desk.words
    screens = {0: "enrol", 4: "typo"}
    for number, (serial, id_) in enumerate(zip(SERIALS, (ONE, TWO, THREE, FOUR, FIVE), strict=True)):
        stick, before = plugged(rig, serial, "NOT_LISTED")
        rig.guest.witness.assert_dead(stick.port)
        assert id_ in desk.enrols(words.typo if number == 4 else words.keeper, screens.get(number, ""))
        rig.await_entry(before, kind="outcome", name=stick.port, code="ALLOWED")
        unplugged(rig, stick)
    kept = (("unit", ""), ("label", ""), ("printed_serial", ""), ("document", ""), ("expires_on", ""))
    desk.moves("correct", FIVE, (("holder", words.keeper), *kept), (words.misspelt, "MAU-02/2026"), "correct")
    desk.does(f"whitelist show {FIVE}", screen="history")


def hands_over(rig: Rig, desk: Desk) -> None:
    """Minutes to sign, then the numbers of the signed papers; what was handed over works."""
    words = desk.words
    for number, (person, ids, document) in enumerate(
        ((words.first, (ONE, TWO), "MAU-03/2026"), (words.second, (THREE, FOUR, FIVE), "MAU-04/2026"))
    ):
        given = {"receiver": person[0], "receiver_unit": person[1]}
        desk.prints("handover", " ".join(ids), given, "minutes" if not number else "")
        for id_ in ids:
            facts = (("holder", person[0]), ("unit", person[1]))
            screen = "hand-over" if id_ == ONE else ""
            desk.moves("transfer", id_, facts, (words.issued, document), screen)
    desk.does("whitelist list", screen="list")
    stick, before = plugged(rig, SERIALS[0], "ALLOWED")
    rig.allowed(stick, before)
    desk.does("whitelist lookup", screen="works")
    unplugged(rig, stick)


def loses(rig: Rig, desk: Desk) -> None:
    """One is reported lost; whoever plugs it in is refused, and told whom to call."""
    desk.moves("lost", THREE, (), (desk.words.lost, "MAU-05/2026"), "lost")
    stick, before = plugged(rig, SERIALS[2], "LOST")
    assert rig.blocked(stick, before, "LOST")["alarm"] is True
    desk.does("whitelist lookup", screen="alarm")
    unplugged(rig, stick)


def leaves(rig: Rig, desk: Desk) -> None:
    """Somebody leaves while one of their sticks is in use; both are dead at once and for good."""
    words, person = desk.words, desk.words.first[0]
    stick, before = plugged(rig, SERIALS[0], "ALLOWED")
    rig.allowed(stick, before)
    before = rig.seq()
    questions = day.whitelist_moves.QUESTIONS
    why = ((questions["reason"], words.left), (questions["paper"], "MAU-06/2026"), (day.AGREE, words.yes))
    desk.does(f"whitelist revoke --holder '{person}'", why, "leaves")
    rig.await_entry(before, kind="cut", name=stick.port)
    rig.dead_again(stick.port)
    unplugged(rig, stick)
    for serial in SERIALS[:2]:
        stick, before = plugged(rig, serial, "REVOKED")
        rig.blocked(stick, before, "REVOKED")
        unplugged(rig, stick)
    desk.prints("recovery", f"{ONE} {TWO}", {}, "recovery")
    desk.moves("return", ONE, (), (words.back, "MAU-07/2026"), "return")
    desk.moves("return", TWO, (), (words.back, "MAU-07/2026"))


def a_day(rig: Rig, words: Words) -> None:
    """From the first stick to the last look at the list; the screens are those of the documents."""
    desk = morning(rig, words)
    with day.read_again(desk):
        receives(rig, desk)
        hands_over(rig, desk)
        loses(rig, desk)
        leaves(rig, desk)
        desk.does("whitelist list", screen="evening")
    papers = rig.guest.run("ls /home/vanthu").stdout.split()
    assert len(papers) == 3, papers
    rig.cli("log verify")
    if WRITE:
        day.write(words.lang, desk.screens)
    expected = day.committed(words.lang)
    assert sorted(desk.screens) == sorted(expected)
    for name, screen in desk.screens.items():
        assert day.settled(screen) == day.settled(expected[name]), f"{name}:\n{screen}"


def test_a_day_of_a_clerk_in_vietnamese(rig: Rig) -> None:
    """As docs/vi/mot-ngay.md tells it."""
    a_day(rig, VI)


def test_a_day_of_a_clerk_in_english(rig: Rig) -> None:
    """As docs/en/a-day.md tells it."""
    a_day(rig, EN)
