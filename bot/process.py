"""The process as a place for one event loop beside worker threads: how the interpreter is to treat them.

It is called once by whatever runs the bot for long, and by no test: it changes the whole process.
"""

import gc
import sys

# After so many seconds a thread that waits for the interpreter gets it (Python's own: 5 ms). The loop gives it up at
# every poll and send, so while the writer is busy it waits that long each time. It costs commands a few per cent.
TURN = 0.001

# Python looks for circles of garbage after every 700 new objects. With thirty commands under way most of those are in
# use, so it walks over the same ones again and again: a tenth of a command's time. Little of ours is in circles.
CIRCLES_AFTER = 20_000


def favour_the_loop() -> None:
    """Let the loop have its turn sooner, collect garbage seldom, and leave what stands now out of every collection.

    Call it when everything is built: a full collection over all that was imported holds the loop up for 0.1 s and more.
    """
    sys.setswitchinterval(TURN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(CIRCLES_AFTER, *gc.get_threshold()[1:])
