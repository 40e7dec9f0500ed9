"""The page in the docs is what the committed results say."""

import json

from tests.compare import registry
from tests.compare.__main__ import PAGE, RESULTS
from tests.compare.page import page


def test_the_page_is_what_the_results_say() -> None:
    """``python -m tests.compare page`` writes it; a row without a finding is an error there, and so is the reverse."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert page(results, registry.every()) == PAGE.read_text(encoding="utf-8")
