"""What every section of `wicket.toml` is: frozen, strict, and silent about the values it refuses.

It holds no setting itself.
"""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the settings: frozen, and refusing what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)
