"""A day of a clerk who keeps the list: who there is, what is typed, and what stands on the screen then.

Everything is typed at a terminal, each answer when its question is on the screen; the only option is whose devices are
revoked. What varies from run to run is taken out of a screen before it is compared with the committed one.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.days.terminal import Terminal
from tests.scenarios.rig import ROOT
from usbguard_py.cli import whitelist_moves
from usbguard_py.cli.words import UNSEARCHED
from usbguard_py.i18n import speaking, translate
from usbguard_py.papers.kinds import FIELDS

SCREENS = ROOT / "docs/screens"
Answers = tuple[tuple[str, str], ...]  # question (as the sources have it), what is typed

AGREE = "[y/N]"
ADDED = (
    "Holder (name of the person it is given to)",
    "Unit",
    "Number of the document that is the basis",
    "Serial no. printed on the device (Enter if there is none)",
    AGREE,
)
PAPERS = {  # what each form asks for, after the file
    "handover": (
        *("basis", "venue", "giver", "giver_position", "giver_unit"),
        *("receiver", "receiver_position", "receiver_unit"),
    ),
    "recovery": (
        *("basis", "venue", "cause", "giver", "giver_position", "giver_unit"),
        *("receiver", "receiver_position", "receiver_unit"),
    ),
}
VARIES = (
    (re.compile(r"\b[0-9]{2}/[0-9]{2}/[0-9]{4}\b|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b"), "DAY"),
    (re.compile(r"\b[0-9]{2}:[0-9]{2}:[0-9]{2}\b"), "TIME"),
    (re.compile(r"\b[0-9a-f]{16,}\b"), "DIGEST"),
    (re.compile(r"(record|bản ghi) [0-9]+"), r"\1 N"),
    (re.compile(r"[0-9.,]+ ms\b"), "N ms"),
    (re.compile(r"^( *)[0-9]+(  DAY TIME)", re.MULTILINE), r"\1N\2"),
    (re.compile(r"─+"), "─"),
)


@dataclass(frozen=True)
class Words:
    """What the people of the day are called and what they type, in one language."""

    lang: str
    locale: str
    yes: str
    machine: str
    agency: tuple[str, str, str]  # superior body, agency, place
    keeper: str
    typo: str
    position: str
    office: str
    first: tuple[str, str]  # who gets two sticks, and leaves: name, unit
    second: tuple[str, str]  # who gets three, and loses one
    issued: str
    misspelt: str
    lost: str
    left: str
    back: str
    phone: str


VI = Words(
    lang="vi",
    locale="vi_VN.UTF-8",
    yes="c",
    machine="van-thu-1",
    agency=("ỦY BAN NHÂN DÂN TỈNH MẪU", "VĂN PHÒNG", "Tỉnh Mẫu"),
    keeper="Trần Thị Mẫu",
    typo="Trân Thị Mẫu",
    position="Cán bộ văn thư",
    office="Văn thư",
    first=("Lê Văn Mẫu", "Phòng Tổng hợp"),
    second=("Phạm Thị Mẫu", "Phòng Hành chính"),
    issued="cấp phát",
    misspelt="viết thiếu dấu",
    lost="rơi khi đi công tác",
    left="chuyển công tác",
    back="đã trả lại",
    phone="điện thoại 000-0000",
)
EN = Words(
    lang="en",
    locale="en_US.UTF-8",
    yes="y",
    machine="records-1",
    agency=("SAMPLE PROVINCE PEOPLE'S COMMITTEE", "OFFICE", "Sample Province"),
    keeper="Tran Thi Mau",
    typo="Tran thi Mau",
    position="Records clerk",
    office="Records",
    first=("Le Van Mau", "General section"),
    second=("Pham Thi Mau", "Administration"),
    issued="issued",
    misspelt="misspelt",
    lost="lost on a journey",
    left="moved to another agency",
    back="handed back",
    phone="telephone 000-0000",
)


def agency(words: Words) -> str:
    """The agency's file, as an administrator writes it once."""
    above, body, place = words.agency
    facts = {
        "body_above": above,
        "body": body,
        "body_code": "VP",
        "place": place,
        "keeper": words.keeper,
        "keeper_position": words.position,
        "keeper_unit": words.office,
        "contact": f"{words.keeper} ({words.office}), {words.phone}",
    }
    return "".join(f'{name} = "{text}"\n' for name, text in facts.items())


@dataclass
class Desk:
    """The clerk at the terminal; ``screens`` are kept by name, in order."""

    terminal: Terminal
    words: Words
    screens: dict[str, str] = field(default_factory=dict)

    def does(self, command: str, answers: Answers = (), screen: str = "") -> str:
        """Type a command of the product and the answers to its questions; what stands there then."""
        with speaking(self.words.lang):
            asked = [(translate(question), typed) for question, typed in answers]
            slow = translate(UNSEARCHED)
        lines = self.terminal.run(f"usbguard-py {command}", asked)
        shown = "\n".join(
            line for line in lines if line.strip() != slow
        )  # how fast the machine is, is no part of a day
        if screen:
            self.screens[screen] = shown
        return shown

    def enrols(self, holder: str, screen: str = "") -> str:
        """Put the stick that is plugged in on the list."""
        typed = (holder, self.words.office, "MAU-01/2026", "", self.words.yes)
        return self.does("whitelist add", tuple(zip(ADDED, typed, strict=True)), screen)

    def moves(self, verb: str, id_: str, facts: Answers, why: tuple[str, str], screen: str = "") -> str:
        """A move with its reason and paper, confirmed."""
        questions = whitelist_moves.QUESTIONS
        facts = tuple((questions[name], typed) for name, typed in facts)
        said = ((questions["reason"], why[0]), (questions["paper"], why[1]), (AGREE, self.words.yes))
        return self.does(f"whitelist {verb} {id_}", (*facts, *said), screen)

    def prints(self, kind: str, ids: str, given: dict[str, str], screen: str = "") -> str:
        """A paper; Enter for whatever is not given."""
        fields = tuple((FIELDS[name], given.get(name, "")) for name in PAPERS[kind])
        return self.does(f"paper {kind} {ids}", (("File (.docx or .html)", ""), *fields), screen)


def settled(screen: str) -> str:
    """A screen without what varies; how lines are broken depends on that, too."""
    for pattern, instead in VARIES:
        screen = pattern.sub(instead, screen)
    return " ".join(screen.split())


def committed(lang: str) -> dict[str, str]:
    """The screens as they are in the documents."""
    return {path.stem: path.read_text(encoding="utf-8").rstrip("\n") for path in sorted((SCREENS / lang).glob("*.txt"))}


def write(lang: str, screens: dict[str, str]) -> None:
    """Write the screens of a day anew."""
    folder: Path = SCREENS / lang
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.txt"):
        old.unlink()
    for name, text in screens.items():
        (folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")


@contextmanager
def read_again(desk: Desk) -> Iterator[None]:
    """On a failure, say what the terminal showed."""
    try:
        yield
    except Exception as error:
        error.add_note("the terminal showed:\n" + "\n".join(desk.terminal.screen()))
        raise
