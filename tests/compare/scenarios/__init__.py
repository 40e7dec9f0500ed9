"""The scenarios, a module for each kind."""

from tests.compare.scenarios import access, everyday, faults, identity, many, revocation, speed

__all__ = ["access", "everyday", "faults", "identity", "many", "revocation", "speed"]
