"""A policy set looked through: every mistake with its line and column, and a sentence that says how to mend it."""

import pytest

from handlers.decisions.inspecting import Trouble, inspect
from handlers.policies import shipped
from storage.faults import PolicyFault

SOURCES, SCHEMA = shipped()
NOTES = '@id("own") @reason("It is ours.") @control("AC-3")\n'
GRANT = 'permit (principal, action == Action::"grant", resource)'


def troubles(text: str) -> list[Trouble]:
    """Those of a set of one file."""
    return list(inspect({"own.cedar": text}, SCHEMA).troubles)


def trouble(text: str) -> Trouble:
    """The only one."""
    (one,) = troubles(text)
    return one


def test_the_shipped_policies_have_no_trouble() -> None:
    """And it is told which of them refuse without an exception."""
    found = inspect(SOURCES, SCHEMA)
    assert found.troubles == ()
    assert "say-why" in found.silent
    assert "no-self-approval" not in found.silent


@pytest.mark.parametrize(
    ("body", "line", "column", "wrong", "mend"),
    [
        ("when { resource.risk < 3 &&\n  resource.rsk == 1 }", 4, 12, "`rsk`", "Did you mean `risk`?"),
        ("when { context.role == \"owner\" }", 3, 16, "optional attribute `role`", "`has`"),
        ('when { resource.risk == "3" }', 3, 1, "Long and String", "like with like"),
        ("when { resource.risk = 3 }", 3, 22, "'='", "`==`"),
        ("when { resource.risk && }", 3, 26, "Unexpected token `}`", "something else here"),
        ("when { principal.groups.contain(\"a\") }", 3, 25, "`contain`", "Did you mean `contains`?"),
        ("whn { principal.active }", 3, 1, "whn", "`when` or `unless`"),
        ("when { principal.active", 3, 24, "Unexpected token `;`", "something else here"),
        ("when { principal == resource }", 3, 1, "can never apply", "exclude each other"),
        ("when { resource.risk > 3 && false }", 3, 1, "can never apply", "exclude each other"),
        ('when { principal.team == "a }', 3, 26, "Invalid token", "left open"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_column(
    body: str, line: int, column: int, wrong: str, mend: str
) -> None:
    """Cedar says what is wrong; where it stands, and what to do, is found for it."""
    one = trouble(
        f"// Ours.\n{NOTES.strip()} {GRANT}\n{body};".replace(f" {GRANT}", f"\n{GRANT}", 1).replace(
            "// Ours.\n", "", 1
        )
    )
    assert (one.line, one.column) == (line, column)
    assert one.where == f"own.cedar:{line}:{column}"
    assert wrong in one.wrong
    assert mend in one.mend
    assert one.level == "failed"


def test_a_reason_that_no_message_has_room_for_is_told() -> None:
    one = trouble(f'@id("own") @reason("{"x" * 501}") @control("AC-3")\n{GRANT};')
    assert (one.level, one.wrong) == ("failed", "@reason has 501 characters, and a message has room for 500.")


def test_what_looks_the_same_in_a_comment_or_a_sentence_is_not_meant() -> None:
    text = (
        f'// resource.rsk\n@id("own") @reason("rsk") @control("AC-3")\n{GRANT}\nwhen {{ resource.rsk == 1 }};'
    )
    assert trouble(text).where == "own.cedar:4:17"


def test_an_action_that_there_is_not_is_told_with_the_nearest() -> None:
    one = trouble(f'{NOTES}permit (principal, action == Action::"gran", resource);')
    assert (one.line, one.mend) == (2, "Did you mean `grant`?")


def test_a_scope_that_no_action_has_is_told() -> None:
    one = trouble(f'{NOTES}permit (principal is Owner, action == Action::"grant", resource);')
    assert "applicable action" in one.wrong


@pytest.mark.parametrize(
    ("notes", "said", "column"),
    [
        ('@reason("x") @control("y")', "@id is missing.", 1),
        ('@id("Own One") @reason("x") @control("y")', "@id is not `Own One`.", 1),
        ('@id("own") @control("y")', "@reason is missing.", 1),
        ('@id("own") @reason(" ") @control("y")', "@reason is missing.", 12),
        ('@id("own") @reason("x")', "@control is missing.", 1),
        ('@id("own") @reason("x") @control("y") @severity("hihg")', "@severity is not `hihg`.", 39),
        ('@id("own") @reason("x") @control("y") @severity("")', "@severity is missing.", 39),
    ],
)
def test_what_a_policy_does_not_say_of_itself_is_told(notes: str, said: str, column: int) -> None:
    """At the annotation, or at the policy that has none."""
    one = trouble(f'{notes}\nforbid (principal, action == Action::"grant", resource);')
    assert (one.wrong, one.line, one.column) == (said, 1, column)
    assert one.mend


def test_a_severity_where_nobody_is_refused_is_a_warning() -> None:
    one = trouble(f'@severity("low") {NOTES}{GRANT};')
    assert (one.level, one.policy) == ("warning", "own")


def test_everything_is_told_at_once_and_in_order() -> None:
    """One mistake hides no other, in its statement or in the next."""
    text = f"{NOTES}{GRANT} when {{ resource.rsk == 1 && resource.knd == 2 }};\n{GRANT};\n{NOTES}{GRANT};"
    assert [(one.line, one.wrong.split("`")[0].strip()) for one in troubles(text)] == [
        (2, "Attribute"),
        (2, "Attribute"),
        (3, "@id is missing."),
        (3, "@reason is missing."),
        (3, "@control is missing."),
        (4, "The @id"),
    ]
    assert "already used at own.cedar:1" in troubles(text)[-1].wrong


def test_templates_are_told() -> None:
    assert "template" in trouble(f"{NOTES}permit (principal == ?principal, action, resource);").wrong


def test_a_file_that_is_one_open_quote_is_told_at_once() -> None:
    """However long: the place is found by halves."""
    one = trouble(NOTES + GRANT + ' when { principal.team == "a' + " || true" * 20_000)
    assert (one.line, "Invalid token" in one.wrong) == (2, True)


def test_a_schema_that_will_not_do_is_a_fault() -> None:
    with pytest.raises(PolicyFault, match="the policy schema"):
        inspect(SOURCES, "entity Account {")
