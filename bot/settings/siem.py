"""[siem]: where the audit log is sent on to as events, and in which version of OCSF.

Its token has no place here: it comes from WICKET_SIEM_TOKEN.
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from bot.settings.section import Section
from bot.settings.shapes import Line, is_loopback
from bot.siem.activities import Version


def _collector(value: str) -> str:
    """Kept letter by letter: collectors tell one path from another."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError(
            'is not a web address. Write it whole: "https://siem.example.com/services/collector/raw"'
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("must begin with https:// since the token and the whole record travel there")
    return value


class SiemSection(Section):
    """One way out. file, url: where to, for the two ways that need it. authorization: the word before the token."""

    to: Literal["stdout", "file", "http"] = Field(examples=["http"])
    file: Path | None = Field(default=None, examples=["events.jsonl"])
    url: Annotated[Line, AfterValidator(_collector)] | None = Field(
        default=None, examples=["https://siem.example.com/events"]
    )
    authorization: Literal["Bearer", "Splunk"] = Field(default="Bearer", examples=["Bearer"])
    version: Version = Field(default="1.7.0", examples=["1.7.0"])

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.to == "file" and self.file is None:
            raise ValueError('to = "file" needs to know which. Write, under [siem]: file = "events.jsonl"')
        if self.to == "http" and self.url is None:
            raise ValueError('to = "http" needs an address. Write, under [siem]: url = "https://…"')
        return self
