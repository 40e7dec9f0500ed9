"""The catalogue is whole: every text has its translation, with the same facts in it, in the product's words."""

import ast
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from usbguard_py import i18n
from usbguard_py.i18n import choose, translate, unaccented

ROOT = Path(__file__).parents[1]
PO = i18n.LOCALE / "vi/LC_MESSAGES/usbguard-py.po"
FACT = re.compile(r"\{(\w*)(![rs])?\}|%\((\w+)\)s")


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    with PO.open("rb") as file:
        return [m for m in read_po(file, locale="vi") if m.id]


def texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(v) for v in value] if isinstance(value, tuple | list) else []


def test_there_are_texts(messages: list[Message]) -> None:
    assert len(messages) > 300


def test_everything_is_translated(messages: list[Message]) -> None:
    assert [m.id for m in messages if not all(texts(m.string)) or not texts(m.string)] == []
    assert [m.id for m in messages if m.fuzzy] == []


def test_the_same_facts(messages: list[Message]) -> None:
    """A plural of click may name the number itself where its singular says "1"."""
    wrong = [
        (message.id, said)
        for message in messages
        for said in texts(message.string)
        if set(FACT.findall(said)) not in [set(FACT.findall(t)) for t in texts(message.id)]
    ]
    assert wrong == []


AVOIDED = {
    "danh sách trắng": "danh sách thiết bị được phép",
    "vui lòng": "the imperative",
    "bạn đã": "the fact; nobody is blamed",
    "serial": "số sê-ri",
    "sê ri": "sê-ri",
}


def test_the_words_of_the_office(messages: list[Message]) -> None:
    wrong = [
        (word, said)
        for m in messages
        for said in texts(m.string)
        for word in AVOIDED
        if re.search(rf"(?<![-\w]){word}(?!\w)", re.sub(r"`[^`]*`|--[\w-]+|\{[^}]*\}", "", said.lower()))
    ]
    assert wrong == []


def test_vietnamese_is_composed(messages: list[Message]) -> None:
    assert [s for m in messages for s in texts(m.string) if s != unicodedata.normalize("NFC", s)] == []


def test_no_text_hides_in_a_formatted_string() -> None:
    """Extraction does not look into the braces of an f-string."""
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in [*(ROOT / "usbguard_py").rglob("*.py"), *(ROOT / "scripts").glob("*.py")]
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"_", "N_"}
        and isinstance(call.args[0], ast.Constant)
    ]
    assert hidden == []


def test_generated_files_are_up_to_date() -> None:
    """Catalogues, references, man pages and completion are what ``scripts/generate.py`` writes."""
    run = subprocess.run(
        [sys.executable, "scripts/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    choose("")
    for name in ("USBGUARD_PY_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


LANGUAGES = {
    "nothing": ({}, "vi"),
    "English": ({"LANG": "en_US.UTF-8"}, "en"),
    "C": ({"LANG": "C.UTF-8"}, "vi"),
    "Vietnamese": ({"LANG": "vi_VN.UTF-8"}, "vi"),
    "LC_ALL first": ({"LC_ALL": "vi_VN.UTF-8", "LANG": "en_US.UTF-8"}, "vi"),
    "ours before all": ({"USBGUARD_PY_LANG": "en", "LC_ALL": "vi_VN.UTF-8"}, "en"),
    "empty is not set": ({"LC_ALL": "", "LANG": "en"}, "en"),
}


@pytest.mark.parametrize(("variables", "expected"), LANGUAGES.values(), ids=LANGUAGES.keys())
def test_the_language(environment: pytest.MonkeyPatch, variables: dict[str, str], expected: str) -> None:
    for name, value in variables.items():
        environment.setenv(name, value)
    assert i18n.language() == expected


def test_a_language_for_a_while(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("LANG", "vi_VN.UTF-8")
    with i18n.speaking("en"):
        assert translate("Error: {sentence}") == "Error: {sentence}"
    assert translate("Error: {sentence}") == "Lỗi: {sentence}"
    assert translate("no such text") == "no such text"
    assert translate("") == ""


@pytest.mark.parametrize(("text", "expected"), {"Đặng Thị Mẫu": "Dang Thi Mau", "“x” – y": '"x" - y', "": ""}.items())
def test_unaccented(text: str, expected: str) -> None:
    assert unaccented(text) == expected
