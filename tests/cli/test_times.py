"""Times as people type them."""

from datetime import datetime, timedelta, timezone

import pytest

from usbguard_py.cli.times import parsed
from usbguard_py.errors import Usage

NOW = datetime(2026, 11, 21, 14, 5, 30, tzinfo=timezone(timedelta(hours=7)))

GOOD = {
    ("21/11/2026", False): "2026-11-21T00:00:00+07:00",
    ("21/11/2026", True): "2026-11-21T23:59:59.999999+07:00",
    ("2026-11-21", False): "2026-11-21T00:00:00+07:00",
    ("1/2/2026 9:05", True): "2026-02-01T09:05:00+07:00",
    ("2026-02-01T09:05:07", False): "2026-02-01T09:05:07+07:00",
    ("14:05", False): "2026-11-21T14:05:00+07:00",
    ("7d", False): "2026-11-14T14:05:30+07:00",
    ("24h", True): "2026-11-20T14:05:30+07:00",
    (" 30m ", False): "2026-11-21T13:35:30+07:00",
}


@pytest.mark.parametrize(("text", "end", "expected"), [(*k, v) for k, v in GOOD.items()])
def test_times(text: str, end: bool, expected: str) -> None:
    assert parsed(text, NOW, end=end).isoformat() == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "hôm qua", "31/02/2026", "21/11", "25:00", "21/11/2026 25:00", "21/11/2026 x", "7w", "2026-11-21 1 2"],
)
def test_no_times(text: str) -> None:
    with pytest.raises(Usage):
        parsed(text, NOW)
