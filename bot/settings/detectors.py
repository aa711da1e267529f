"""[detectors.NAME]: which patterns in the record the security channel is told of, and from how much of each.

Each is on unless it is switched off; what is usual stands with the detector itself.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from bot.settings.section import Section
from handlers.detectors.at_once import AtOnce
from handlers.detectors.dormant import Dormant
from handlers.detectors.each_other import EachOther
from handlers.detectors.many_asked import ManyAsked
from handlers.detectors.refusals import Refusals
from handlers.detectors.resets import Resets
from handlers.detectors.shape import Tuned
from handlers.detectors.table import DETECTORS

_MANY = 1000
_A_WEEK = 10_080


class _Detector(Section):
    """One detector. on: whether it looks."""

    on: bool = Field(default=True, examples=[True])


class RefusalsSection(_Detector):
    """So many refusals of one person, or of everybody, within so many minutes."""

    person: int = Field(default=Refusals.person, ge=2, le=_MANY, examples=[Refusals.person])
    everybody: int = Field(default=Refusals.everybody, ge=2, le=_MANY, examples=[Refusals.everybody])
    minutes: int = Field(default=Refusals.minutes, ge=1, le=_A_WEEK, examples=[Refusals.minutes])


class ResetsSection(_Detector):
    """So many resets of one person, or of everybody, within so many minutes."""

    person: int = Field(default=Resets.person, ge=2, le=_MANY, examples=[Resets.person])
    everybody: int = Field(default=Resets.everybody, ge=2, le=_MANY, examples=[Resets.everybody])
    minutes: int = Field(default=Resets.minutes, ge=1, le=_A_WEEK, examples=[Resets.minutes])


class EachOtherSection(_Detector):
    """So many approvals each way within so many days."""

    times: int = Field(default=EachOther.times, ge=1, le=50, examples=[EachOther.times])
    days: int = Field(default=EachOther.days, ge=1, le=90, examples=[EachOther.days])


class AtOnceSection(_Detector):
    """So many approvals of one person within so many hours, each within so many seconds."""

    times: int = Field(default=AtOnce.times, ge=1, le=100, examples=[AtOnce.times])
    seconds: int = Field(default=AtOnce.seconds, ge=1, le=600, examples=[AtOnce.seconds])
    hours: int = Field(default=AtOnce.hours, ge=1, le=168, examples=[AtOnce.hours])


class DormantSection(_Detector):
    """A request for something of at least this risk, after so many days without anything of theirs."""

    days: int = Field(default=Dormant.days, ge=2, le=3650, examples=[Dormant.days])
    risk: int = Field(default=Dormant.risk, ge=1, le=5, examples=[Dormant.risk])


class ManyAskedSection(_Detector):
    """So many different things asked for by one person within so many minutes."""

    different: int = Field(default=ManyAsked.different, ge=2, le=100, examples=[ManyAsked.different])
    minutes: int = Field(default=ManyAsked.minutes, ge=1, le=_A_WEEK, examples=[ManyAsked.minutes])


class DetectorsSection(Section):
    """All of them, each by its name (handlers.detectors.table)."""

    resets: ResetsSection = ResetsSection()
    refusals: RefusalsSection = RefusalsSection()
    dormant: DormantSection = DormantSection()
    each_other: EachOtherSection = EachOtherSection()
    at_once: AtOnceSection = AtOnceSection()
    many_asked: ManyAskedSection = ManyAskedSection()

    def tuned(self) -> Iterator[Tuned[Any]]:
        """Those that are on, with their settings."""
        for detector in DETECTORS:
            section = getattr(self, detector.name)
            if section.on:
                yield Tuned(
                    detector=detector, settings=detector.settings(**section.model_dump(exclude={"on"}))
                )
