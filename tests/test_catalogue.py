"""The catalogue that is read text by text says what the standard module says of the same file."""

import gettext
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from usbguard_py.catalogue import Catalogue
from usbguard_py.i18n import DOMAIN, LOCALE, choose, ngettext, speaking, translate

FILE = LOCALE / "vi" / "LC_MESSAGES" / f"{DOMAIN}.mo"


@pytest.fixture(scope="module")
def standard() -> gettext.GNUTranslations:
    with FILE.open("rb") as file:
        return gettext.GNUTranslations(file)


def test_every_text_is_what_the_standard_module_says(standard: gettext.GNUTranslations) -> None:
    with FILE.with_suffix(".po").open("rb") as file:
        every = [message for message in read_po(file, locale="vi") if message.id]
    ours = Catalogue(str(FILE))
    for message in every:
        if isinstance(message.id, str):
            assert ours.text(message.id) == standard.gettext(message.id)
        else:
            one, many = message.id
            for count in (0, 1, 2, 1000):
                assert ours.plural(one, many) == standard.ngettext(one, many, count)
    assert len(every) > 1000, "this is not the product's catalogue"


@pytest.mark.parametrize("text", ["", "\0", "nothing of ours", "\uffff", "Status "])
def test_other_texts_are_not_found(text: str) -> None:
    assert Catalogue(str(FILE)).plural(text, text) is None
    assert not text or Catalogue(str(FILE)).text(text) is None


@pytest.mark.parametrize("data", [b"", b"\xde\x12\x04\x95", b"no catalogue at all, and long enough to be one"])
def test_a_file_that_is_no_catalogue_has_no_texts(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mo").write_bytes(data)
    assert Catalogue(str(tmp_path / "a.mo")).text("Status") is None
    assert Catalogue(str(tmp_path / "missing.mo")).text("Status") is None


def test_languages_follow_each_other() -> None:
    with speaking("vi"):
        assert translate("Alarms") != "Alarms"
        with speaking("en"):
            assert translate("Alarms") == "Alarms"
            assert [ngettext("{count} device.", "{count} devices.", n) for n in (0, 1, 2)] == [
                "{count} devices.",
                "{count} device.",
                "{count} devices.",
            ]
        assert translate("Alarms") != "Alarms"
        assert translate("nothing of ours") == "nothing of ours"
    choose("")
