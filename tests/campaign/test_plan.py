"""A seed is a plan: drawn again it is the same, and it is a storm that the verdict can judge."""

from collections import Counter

import pytest

from tests.campaign.evidence import HANDS, JUDGE
from tests.campaign.plan import AFTER, ARRIVALS, EARLIEST, LENGTH, Plan, seeded, storm
from tests.campaign.world import ROLES, STAYS

PLANS = [storm(seeded(1, "kill", number), list(ROLES), STAYS) for number in range(300)]


def test_the_same_seed_gives_the_same_plan() -> None:
    again = [storm(seeded(1, "kill", number), list(ROLES), STAYS) for number in range(300)]
    assert again == PLANS
    assert storm(seeded(2, "kill", 0), list(ROLES), STAYS) != PLANS[0]
    assert storm(seeded(1, "cut", 0), list(ROLES), STAYS) != PLANS[0]


@pytest.mark.parametrize("plan", PLANS[::10])
def test_a_storm_can_be_carried_out(plan: Plan) -> None:
    """In its order each device goes in and out in turn, few enough times to have entries of its own."""
    assert plan.steps == sorted(plan.steps)
    assert plan.steps[-1][0] <= LENGTH
    for name in ROLES:
        mine = [inside for _, one, inside in plan.steps if one == name]
        assert mine == [number % 2 == 0 for number in range(len(mine))]
        assert 1 <= mine.count(True) <= ARRIVALS
    assert STAYS in plan.inside()


def test_all_that_can_be_killed_is_killed_at_all_moments() -> None:
    targets = Counter(plan.targets for plan in PLANS)
    assert set(targets) == {(JUDGE,), (HANDS,), (JUDGE, HANDS)}
    assert targets[JUDGE,] > len(PLANS) / 2
    moments = [plan.moment for plan in PLANS]
    assert min(moments) < EARLIEST + 0.2
    assert max(moments) > LENGTH + AFTER - 0.2
    assert {plan.sticks for plan in PLANS} == {True, False}
