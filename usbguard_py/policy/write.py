"""Policy values to text, so that ``read_policy(write_policy(p)) == p``."""

from usbguard_py.policy.knobs import Policy
from usbguard_py.policy.table import rows


def write_policy(policy: Policy) -> str:
    """``policy`` as TOML, each knob with its meaning above it."""
    return "\n".join(f"# {row.meaning}\n{row.name} = {row.value}\n" for row in rows(policy))
