"""All detectors, in the order in which they look.

One that does not stand here is none; nothing is found by its name or its folder.
"""

from typing import Any

from handlers.detectors.at_once import AT_ONCE
from handlers.detectors.dormant import DORMANT
from handlers.detectors.each_other import EACH_OTHER
from handlers.detectors.many_asked import MANY_ASKED
from handlers.detectors.refusals import REFUSALS
from handlers.detectors.resets import RESETS
from handlers.detectors.shape import Detector

DETECTORS: tuple[Detector[Any], ...] = (RESETS, REFUSALS, DORMANT, EACH_OTHER, AT_ONCE, MANY_ASKED)
