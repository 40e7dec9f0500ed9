"""Crashes start from where the attacks start."""

from tests.attacks.conftest import *  # noqa: F403 - fixtures are found by their names here
