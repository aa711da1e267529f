"""The process as a place for one event loop: how the interpreter is to treat it.

It is called once by whatever runs the bot for long, and by no test: it changes the whole process.
"""

import gc


def favour_the_loop() -> None:
    """Leave what stands now out of every later garbage collection.

    Call it when everything is built: a full collection over all that was imported holds the loop up for 0.1 s and more.
    """
    gc.collect()
    gc.freeze()
