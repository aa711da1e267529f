"""[help_desk]: who may unlock, start a reset or have access checked again for other people, and for whom.

Whom a desk serves is always said: a desk without it is refused, and so is one that says both all and some.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from bot.settings.section import Section
from bot.settings.shapes import Line, Slug

_LONGEST_PATTERN = 200


def _ticket_pattern(text: str) -> str:
    """A regular expression that takes no longer the odder the text is: without groups nothing repeats in itself."""
    if "(" in text or len(text) > _LONGEST_PATTERN:
        raise ValueError(
            f"must be a regular expression of at most {_LONGEST_PATTERN} characters without parentheses. "
            'Write: ticket = "INC-[0-9]{4,9}|HD-[0-9]{4,9}"'
        )
    try:
        re.compile(text)
    except re.error as wrong:
        raise ValueError(
            f'is no regular expression: {wrong.msg}. Write: ticket = "INC-[0-9]{{4,9}}"'
        ) from None
    return text


TicketPattern = Annotated[Line, AfterValidator(_ticket_pattern)]


class DeskSection(Section):
    """[help_desk.desks.NAME]: a directory group, what its members may do, and whom they serve.

    Of teams, locations and companies each that is written must fit the person.
    """

    group: Line = Field(examples=["help-desk-oslo"])
    name: Line | None = Field(default=None, max_length=60, examples=["the Oslo help desk"])
    may: tuple[Literal["unlock", "reset", "recheck"], ...] = Field(
        min_length=1, examples=[["unlock", "reset", "recheck"]]
    )
    teams: tuple[Line, ...] = Field(default=(), examples=[["Payments"]])
    locations: tuple[Line, ...] = Field(default=(), examples=[["Oslo"]])
    companies: tuple[Line, ...] = Field(default=(), examples=[["Example AS"]])
    everybody: bool = Field(default=False, examples=[False])

    @model_validator(mode="after")
    def _says_whom(self) -> Self:
        narrowed = bool(self.teams or self.locations or self.companies)
        if narrowed == self.everybody:
            raise ValueError(
                "must say whom it serves, and one or the other. "
                'Write teams = ["…"], locations = ["…"] or companies = ["…"]; or everybody = true'
            )
        return self


class HelpDeskSection(Section):
    """[help_desk]: which tickets count, and how much may be done; [help_desk.desks.NAME]: each desk."""

    # None: any key such as INC-4711, or a link.
    ticket: TicketPattern | None = Field(default=None, examples=["INC-[0-9]{4,9}"])
    acts_a_day: int = Field(default=30, ge=1, le=1000, examples=[30])
    for_one_a_day: int = Field(default=3, ge=1, le=50, examples=[3])
    acts_on_a_ticket: int = Field(default=5, ge=1, le=1000, examples=[5])
    desks: dict[Slug, DeskSection] = Field(default={}, examples=["oslo"])
