"""Four eyes with a real stick and real accounts: dead until a second person approves it, whoever the first becomes."""

from tests.scenarios.rig import DOCUMENT, HOLDER, Rig, Sentences, one_line
from tests.scenarios.test_life import opens

WHY = "--reason 'da kiem tra' --document MAU-09/2026 --yes"
SAME = Sentences(
    "Another person has to approve proposal 1 for TB-0002: it was made by canboa, who is logged in here.",
    "Đề nghị 1 đối với TB-0002 phải do người khác phê duyệt: người lập là canboa, đang đăng nhập tại đây.",
)
NOBODY = Sentences(
    "The policy asks for two persons for TB-0002, and nobody is logged in here with an account of their own.",
    "Chính sách yêu cầu hai người đối với TB-0002, nhưng ở đây không có ai đăng nhập bằng tài khoản riêng của mình.",
)


def test_a_stick_that_one_person_adds_is_dead_until_another_approves_it(rig: Rig) -> None:
    """Not by the same login as another account or as root, not by nobody; each attempt is recorded."""
    rig.guest.run(
        "sed 's/^four_eyes = .*/four_eyes = 7/' /usr/share/usbguard-py/policies/standalone.toml > /root/two.toml"
    )
    rig.cli("policy use /root/two.toml")
    rig.guest.run("for name in canboa canbob; do useradd --groups usbguard-manager $name; done")
    first, other = {"user": "canboa", "login": "canboa"}, {"user": "canbob", "login": "canbob"}
    before = rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-0500")
    rig.await_entry(before, name=stick.port, code="NOT_LISTED")
    words = f"whitelist add --device {stick.port} --holder '{HOLDER}' --document {DOCUMENT} --yes"
    assert "CHƯA CÓ HIỆU LỰC: đề nghị 1 đối với TB-0002" in one_line(rig.cli(words, lang="vi", **first).stdout)
    rig.await_entry(before, name=stick.port, code="PENDING")
    rig.dead_again(stick.port)  # the examination opened it for itself
    stick.unplug()
    before = rig.seq()
    stick = rig.guest.plug_stick(serial="SAMPLE-0500")
    rig.blocked(stick, before, "PENDING")
    before = rig.seq()
    rig.fails(f"whitelist approve TB-0002 {WHY}", 77, SAME, langs=("vi",), **first)
    rig.fails(f"whitelist approve --proposal 1 {WHY}", 77, SAME, langs=("en",), user="canbob", login="canboa")
    rig.fails(f"whitelist approve --proposal 1 {WHY}", 77, SAME, langs=("vi",), login="canboa")
    rig.fails(f"whitelist approve --proposal 1 {WHY}", 77, NOBODY)
    refused = rig.entries(before, kind="refused")
    assert [(e["request"], e["by"]["user"], e["by"]["login"]) for e in refused] == [
        ("WhitelistApprove", "canboa", "canboa"),
        ("WhitelistApprove", "canbob", "canboa"),
        ("WhitelistApprove", "root", "canboa"),
        *[("WhitelistApprove", "root", "")] * 2,
    ]
    rig.guest.witness.assert_dead(stick.port)
    before = rig.seq()
    said = one_line(rig.cli(f"whitelist approve TB-0002 {WHY}", lang="vi", **other).stdout)
    assert "TB-0002" in said
    opens(rig, before, stick.port)
    approved = rig.await_entry(before, kind="proposal-approved")
    assert (approved["proposed_by"], approved["by"]["login"]) == ("canboa", "canbob")
