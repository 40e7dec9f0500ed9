"""How the screens of a clerk's day are compared: what varies is left out, and nothing else."""

import pytest

from tests.days.day import committed, settled

SCREEN = """Đã bàn giao TB-0002 (bản ghi 58).
Đã ngắt thiết bị ở cổng 2-1 sau 3.168 ms.
     52  22/11/2026 08:13:50  đính chính"""
SAME = {
    "another day": SCREEN.replace("22/11/2026", "01/02/2027"),
    "another time": SCREEN.replace("08:13:50", "23:59:59"),
    "other records": SCREEN.replace("58", "158").replace("    52", "   152"),
    "faster": SCREEN.replace("3.168", "8"),
    "broken elsewhere": SCREEN.replace("giao TB", "giao\nTB"),
}
DIFFERENT = {
    "a word": SCREEN.replace("bàn giao", "giao"),
    "another device": SCREEN.replace("TB-0002", "TB-0003"),
    "another port": SCREEN.replace("2-1", "2-2"),
    "a sentence less": SCREEN.partition("\n")[0],
}


@pytest.mark.parametrize("screen", SAME.values(), ids=SAME)
def test_what_varies_is_the_same(screen: str) -> None:
    assert settled(screen) == settled(SCREEN)


@pytest.mark.parametrize("screen", DIFFERENT.values(), ids=DIFFERENT)
def test_what_was_changed_is_not(screen: str) -> None:
    assert settled(screen) != settled(SCREEN)


def test_both_languages_have_the_same_screens() -> None:
    assert sorted(committed("vi")) == sorted(committed("en"))
    assert len(committed("vi")) == 14
