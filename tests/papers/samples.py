"""Papers to look at and to test: every kind in both languages, with what a list really holds and with the worst."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from tests.build import a_stick, an_asset
from usbguard_py.core.whitelist import Asset, Custody
from usbguard_py.papers.document import Document
from usbguard_py.papers.fill import ListMark, Matter, filled
from usbguard_py.papers.kinds import KINDS
from usbguard_py.papers.template import Template
from usbguard_py.shell import papers

DAY = "2026-11-22"
SEAL = "0016K-3X9QT-M2T4B-8HZP0-40QKD-7V3NA-Z1C8M-55TRX"
MARK = ListMark(number=57, entry=1234, digest="3f" * 32, day="2026-11-20", sealed=1240, seal=SEAL)
FIELDS = {
    "body_above": "ỦY BAN NHÂN DÂN TỈNH MẪU",
    "body": "VĂN PHÒNG",
    "body_code": "VP",
    "place": "Tỉnh Mẫu",
    "basis": "Quyết định số 00/QĐ-MAU ngày 02 tháng 11 năm 2026 về việc cấp thiết bị lưu trữ",
    "venue": "Phòng Cơ yếu",
    "giver": "Trần Thị Mẫu",
    "giver_position": "Cán bộ cơ yếu",
    "giver_unit": "Phòng Cơ yếu",
    "receiver": "Nguyễn Văn Mẫu",
    "receiver_position": "Chuyên viên",
    "receiver_unit": "Phòng Hành chính - Tổng hợp",
    "cause": "chuyển công tác",
    "inspector": "Lê Văn Mẫu",
    "inspector_position": "Cán bộ kỹ thuật",
    "inspector_unit": "Tổ Công nghệ thông tin",
    "present": "Trần Thị Mẫu",
    "present_position": "Cán bộ cơ yếu",
    "present_unit": "Phòng Cơ yếu",
    "chair": "Phạm Thị Mẫu",
    "chair_position": "Chánh Văn phòng",
    "secretary": "Trần Thị Mẫu",
    "witness": "Lê Văn Mẫu",
    "method": "nghiền vụn",
    "keeper": "Trần Thị Mẫu",
}
LONG = "Phòng Kiểm soát thủ tục hành chính, Hành chính công và Công nghệ thông tin " * 3
UNBROKEN = "SAMPLE-" + "0123456789" * 24
CITATIONS = papers.citations()
HOSTILE = b"=cmd|' /C calc'!A0 \x1b[31m\xe2\x80\xaegpj</w:t><script>&\xff\x00"


def devices(count: int = 3, **more: Any) -> tuple[Asset, ...]:
    """So many devices in use."""
    return tuple(
        an_asset(
            a_stick(f"SAMPLE-{n:04d}".encode()),
            **(
                {
                    "id_": f"TB-{n:04d}",
                    "label": f"USB an toàn số {n}",
                    "printed_serial": f"SAMPLE-{n:04d}",
                    "holder": "Nguyễn Văn Mẫu",
                    "unit": "Phòng Hành chính - Tổng hợp",
                    "inspected_on": "2026-05-20",
                    "reason_document": "12/BB-MAU",
                }
                | more
            ),
        )
        for n in range(1, count + 1)
    )


def long() -> tuple[Asset, ...]:
    """Two devices with names as long as the list takes them, with and without a place to break."""
    return (
        *devices(1, label=LONG, holder=LONG[:250], unit=LONG[:250]),
        *devices(1, id_="TB-0002", label=UNBROKEN, printed_serial=UNBROKEN, holder=UNBROKEN),
    )


def hostile() -> tuple[Asset, ...]:
    """A device that chose its strings to do harm."""
    return (an_asset(a_stick(HOSTILE, manufacturer=HOSTILE, product=HOSTILE), label="", printed_serial=""),)


def matter(assets: Sequence[Asset] = (), by_hand: Sequence[str] = (), day: str = DAY, **fields: str) -> Matter:
    return Matter(
        day=day,
        today=day,
        fields=FIELDS | fields,
        by_hand=frozenset(by_hand),
        assets=assets or devices(),
        citations=CITATIONS,
        mark=MARK,
    )


def paper(kind: str, language: str = "vi", **more: Any) -> Document:
    """A paper of that kind with everything on it."""
    return filled(form(kind, language), matter(**more))


@functools.cache
def form(kind: str, language: str) -> Template:
    """The form of the package."""
    return papers.form(kind, language).template


def all_papers() -> Mapping[str, Document]:
    """The papers that are rendered, by the names of their files."""
    plain = {f"{kind}-{language}": paper(kind, language) for kind in KINDS for language in ("vi", "en")}
    gone = devices(2, state=Custody.REVOKED, holder="", unit="")
    hand = ("basis", "venue", "giver_position", "giver_unit", "receiver_position", "receiver_unit", "body_code")
    return {
        **plain,
        "destruction-vi": paper("destruction", assets=gone),
        "destruction-en": paper("destruction", "en", assets=gone),
        **{f"{kind}-long": paper(kind, assets=long(), receiver=LONG[:250], body=LONG[:120]) for kind in KINDS},
        **{f"{kind}-200": paper(kind, assets=devices(200)) for kind in ("handover", "register")},
        "handover-blank": paper("handover", by_hand=hand, body_above=""),
        "handover-hostile": paper("handover", assets=hostile()),
    }
