"""What stands out in a week, each by its rule and just beside it."""

from datetime import timedelta

from handlers.decisions.outliers import QUICK, SEVERAL, SLOW, Decided, Late, Outlier, StandsOut, stand_out

SECOND = timedelta(seconds=1)


def decided(after: timedelta, story: str = "g-1", by: str = "p-1") -> Decided:
    return Decided(story=story, what="prod-db", by=by, after=after)


def test_nothing_stands_out_just_below_each_rule() -> None:
    many = [("p-1", "g-1")] * (SEVERAL - 1)
    usual = [decided(QUICK), decided(SLOW - SECOND)]
    assert stand_out(usual, [], {"prod-db": SEVERAL - 1}, many) == ()


def test_each_is_named_with_what_it_is_measured_by_and_the_gravest_is_first() -> None:
    found = stand_out(
        [decided(QUICK - SECOND, "g-2"), decided(SLOW, "g-3", "p-2"), decided(SLOW, "g-4")],
        [
            Late(story="g-5", what="wiki", whose="p-3", by=60 * SECOND),
            Late(story="g-6", what="wiki", whose="p-4", by=90 * SECOND),
        ],
        {"wiki": SEVERAL, "prod-db": SEVERAL},
        [("p-9", "g-7"), ("p-8", "g-8"), ("p-9", "g-9"), ("p-9", "g-10")],
    )
    assert found == (
        StandsOut(why=Outlier.LATEST_END, story="g-6", what="wiki", who="p-4", took=90 * SECOND, of=2),
        StandsOut(why=Outlier.QUICKEST, story="g-2", what="prod-db", who="p-1", took=QUICK - SECOND, of=1),
        StandsOut(why=Outlier.MOST_REFUSED, story="g-10", who="p-9", times=3, of=4),
        StandsOut(why=Outlier.SLOWEST, story="g-3", what="prod-db", who="p-2", took=SLOW, of=3),
        StandsOut(why=Outlier.MOST_ASKED, what="prod-db", times=SEVERAL, of=2 * SEVERAL),
    )
