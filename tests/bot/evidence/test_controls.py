"""The map of controls: each row stands on entries that exist, and each says what it does not show."""

from bot.evidence.controls import CONTROLS
from tests.bot.siem.golden import GOLDEN


def test_every_control_is_counted_by_actions_that_are_recorded() -> None:
    """AU-12: a query for something that never happens would be evidence of nothing."""
    unknown = {action for one in CONTROLS for action in (*one.actions, *one.refused)} - set(GOLDEN)
    assert unknown == set()


def test_every_control_says_what_is_not_evidenced() -> None:
    assert all(one.gap and one.shows and one.actions for one in CONTROLS)
    assert len({(one.framework, one.id) for one in CONTROLS}) == len(CONTROLS)


def test_a_count_is_of_the_controls_own_entries() -> None:
    [expires] = [one for one in CONTROLS if one.id == "AC-2(2)"]
    counts = {("access.removed", "done"): 3, ("access.removed", "failed"): 1, ("question.asked", "done"): 9}
    assert expires.count(counts) == 4


def test_wrong_proofs_are_counted_where_a_control_speaks_of_them_and_right_ones_are_not() -> None:
    """AC-7, DE.CM-03: nobody who gave a right proof, and none that the directory was silent about, failed at one."""
    counts = {
        ("proof.given", "done"): 100, ("proof.given", "failed"): 50, ("link.proven", "done"): 25,
        ("proof.given", "refused"): 3, ("link.proven", "refused"): 1,
    }  # fmt: skip
    counted = {one.id: one.count(counts) for one in CONTROLS}
    assert (counted["AC-7"], counted["DE.CM-03"]) == (4, 4)
    assert counted["PR.AA-03"] == 179  # right and wrong ones, as it says
    [told] = [one.counted_by for one in CONTROLS if one.id == "AC-7"]
    assert told == "proofs.unlocked proof.given (refused) link.proven (refused)"
