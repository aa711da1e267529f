"""`python -m bot`: the same as the command `wicket`.

It holds nothing of its own.
"""

from bot.cli import main

if __name__ == "__main__":
    main()
