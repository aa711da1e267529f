"""[policy]: where policies of your own stand, which of the shipped ones they replace, and who approves a change.

It reads no policy.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from bot.settings.section import Section
from bot.settings.shapes import Line, Slug


class PolicySection(Section):
    """directory: its *.cedar files are added to the shipped set. replaces: the @id of shipped policies to leave out.

    owners: the directory group of the policy owners. two_owners: a change counts once two of them approved it.
    """

    directory: Path | None = Field(default=None, examples=["policies"])
    replaces: tuple[Slug, ...] = Field(default=(), examples=[["owner-approval"]])
    owners: Line | None = Field(default=None, examples=["policy-owners"])
    two_owners: bool = Field(default=False, examples=[False])

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if self.two_owners and self.owners is None:
            raise ValueError(
                'two_owners needs to know whose. Write, under [policy]: owners = "policy-owners"'
            )
        return self
