"""`python -m bot`, and the command `wicket`: where the process begins.

It holds nothing but how what they need is loaded.
"""

import gc
import sys

# Loading makes objects by the hundred thousand, and nearly all of them stay: to look through them for garbage again and
# again is a fifth of the time that a command takes to begin. `bot.process` has its own number for whoever runs long.
_LOADED_AT_ONCE = 200_000
_BROKEN_OFF = 130


def main() -> None:
    """Run the command that was typed, and exit with its code."""
    gc.disable()
    try:
        from bot.cli import main as typed
    except (
        KeyboardInterrupt
    ):  # nothing is begun yet; a traceback would tell whoever pressed Ctrl-C of our files
        sys.exit(_BROKEN_OFF)

    gc.freeze()
    gc.set_threshold(_LOADED_AT_ONCE, *gc.get_threshold()[1:])
    gc.enable()
    typed()


if __name__ == "__main__":
    main()
