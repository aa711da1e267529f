"""The transcript: who says what, what they see, and when; and the one way a step can fail.

It prints what it is given and knows nothing of the story.
"""

from datetime import datetime, timedelta

from rich.console import Console
from rich.text import Text

_TIME = 10


class NotAsPromised(Exception):
    """Something in the story came out differently; the message says what was seen."""


def expect(holds: bool, otherwise: str) -> None:
    """Raise NotAsPromised with this sentence unless it holds."""
    if not holds:
        raise NotAsPromised(otherwise)


class Teller:
    """Writes the transcript, plain where the output is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def chapter(self, title: str) -> None:
        """A new part of the story."""
        self._print(Text(f"\n{title}", style="bold"))

    def step(self, number: int, sentence: str) -> None:
        """What is about to be shown."""
        self._print(Text(f"\n{number:>3}  {sentence}", style="bold cyan"))

    def does(self, at: datetime, who: str, what: str) -> None:
        """Somebody does something."""
        line = Text(f"     {at:%H:%M:%S}  ", style="dim")
        line.append(who, style="bold")
        line.append(f" {what}", style="none")
        self._print(line)

    def shows(self, text: str) -> None:
        """What is to be seen, line by line."""
        for line in text.splitlines():
            self._print(Text(f"{'':5}{'':{_TIME}}│ {line}"))

    def later(self, span: timedelta) -> None:
        """Time goes by; nothing is told where none does."""
        if not span:
            return
        hours, minutes = divmod(round(span.total_seconds()) // 60, 60)
        parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
        self._print(Text(f"     … {' '.join(part for part in parts if part)} later", style="dim"))

    def ends(self, sentence: str, *, well: bool) -> None:
        """How it came out."""
        self._print(Text(f"\n{sentence}", style="bold green" if well else "bold red"))

    def _print(self, text: Text) -> None:
        self._console.print(text)
