"""Whom to call: what the sentence for a lost device says, and where the name comes from."""

import pytest

from tests.cli.conftest import Run
from tests.cli.rig import Judge, described
from usbguard_py import paths

SAYS = {"asset": "TB-0001", "code": "LOST", "alarm": True}
SINCE = {"lost": {"since": "2026-11-20", "document": "MAU-07/2026"}}
CONTACT = 'contact = "Trần Thị Mẫu (Văn thư), điện thoại 000-0000"\n'
BEFORE = "ĐÃ CHẶN: thiết bị TB-0001 đã được báo mất ngày 20/11/2026 (căn cứ: MAU-07/2026). "
KEEP = "Giữ lại thiết bị, không trả cho người cắm và báo ngay "
OLD = BEFORE.replace(" ngày 20/11/2026 (căn cứ: MAU-07/2026)", "")
NAMED = BEFORE + KEEP + "Trần Thị Mẫu (Văn thư), điện thoại 000-0000."
NOBODY = BEFORE + KEEP + "người quản lý danh sách."


def said(run: Run, lang: str = "vi") -> str:
    result = run("devices", lang=lang)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


FILES = {
    "named": (CONTACT, NAMED),
    "no file": (None, NOBODY),
    "nobody in it": ('keeper = "Trần Thị Mẫu"\n', NOBODY),
    "empty": ('contact = ""\n', NOBODY),
    "broken": ("contact = \n", NOBODY),
}


@pytest.mark.parametrize(("text", "sentence"), FILES.values(), ids=FILES)
def test_the_agency_says_whom(run: Run, judge: Judge, text: str | None, sentence: str) -> None:
    judge.answers["Devices"] = {"devices": [described(**SAYS, **SINCE)]}
    if text is not None:
        paths.AGENCY.parent.mkdir(parents=True, exist_ok=True)
        paths.AGENCY.write_text(text, encoding="utf-8")
    assert sentence in said(run)


def test_in_english(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": [described(**SAYS, **SINCE)]}
    sentence = (
        "BLOCKED: TB-0001 was reported lost on 2026-11-20 (document MAU-07/2026). Keep it, do not give it back to who "
        "plugged it in, and report to the list manager at once."
    )
    assert sentence in said(run, "en")


def test_a_record_from_before_does_not_say_since_when(run: Run, judge: Judge) -> None:
    judge.answers["Devices"] = {"devices": [described(**SAYS)]}
    assert OLD + KEEP in said(run)


@pytest.mark.parametrize("code", ["MISMATCH", "DUPLICATE", "DESTROYED"])
def test_the_other_alarms_name_them_too(run: Run, judge: Judge, code: str) -> None:
    judge.answers["Devices"] = {"devices": [described(asset="TB-0001", code=code, alarm=True)]}
    paths.AGENCY.parent.mkdir(parents=True, exist_ok=True)
    paths.AGENCY.write_text(CONTACT, encoding="utf-8")
    assert "báo Trần Thị Mẫu (Văn thư), điện thoại 000-0000." in said(run)
