"""The negative control of the trials: root opens a stranger in the storm, and the verdict must say so."""

from pathlib import Path

from tests.campaign.evidence import UNKNOWN
from tests.campaign.kill import BASE, Kills
from tests.campaign.plan import seeded, storm
from tests.campaign.world import ROLES, STAYS

READY = "/run/lab-opener"
# Root lets a stranger in as soon as it comes, as if nothing enforced.
OPEN = """
: > {ready}
while :; do
    for device in /sys/bus/usb/devices/{port}; do
        [ "$(cat $device/authorized 2>/dev/null)" = 1 ] || echo 1 > $device/authorized
        for interface in $device/{port}:*; do
            echo 1 > $interface/authorized && echo ${{interface##*/}} > /sys/bus/usb/drivers_probe
        done
    done 2>/dev/null
done
"""


def opened(kills: Kills, seed: int, folder: Path) -> None:
    """Make one trial with the stranger let in; fails unless witness and kernel log each show it to the verdict."""
    kills.guest.restore(BASE)
    port = kills.world.ports["stranger"]
    assert kills.world.devices()[port] == UNKNOWN
    opener = kills.guest.start(OPEN.format(port=port, ready=READY))
    kills.guest.wait_path(READY)
    trial = kills.run(storm(seeded(seed, "opened", 1), list(ROLES), STAYS), folder)
    opener.kill()
    assert [one for one in trial.problems if one.startswith(f"{port} is not approved: a driver was bound")]
    assert [one for one in trial.problems if f"the kernel's log has {port}:1.0 bound" in one]
