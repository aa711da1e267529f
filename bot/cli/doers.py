"""Who has a command do something, and why: both are put on the record.

It asks nobody whether they are who they say they are: whoever runs a command has the machine.
"""

import typer

from handlers.intents import CLI, RATIONALE_LIMIT, By


def doer_of(by: str, why: str) -> By:
    """What was said of them with --by and --why. BadParameter where one of the two says nothing, or too much."""
    if not by.strip() or not why.strip() or len(why) > RATIONALE_LIMIT:
        raise typer.BadParameter(f"Say who and why, in at most {RATIONALE_LIMIT} characters.")
    return By(name=by.strip(), why=why.strip(), where=CLI)
