"""The machine: what it is, and one core for the bot, another for everything that drives it.

It changes nothing outside this process.
"""

import os
import platform
import sqlite3
from pathlib import Path

BOT_CORE, DRIVER_CORE = 0, 1


def can_pin() -> bool:
    """Whether there are two cores to tell apart, on a system that lets a process choose."""
    return hasattr(os, "sched_setaffinity") and {BOT_CORE, DRIVER_CORE} <= os.sched_getaffinity(0)


def pin(core: int) -> None:
    """Keep this process, and the threads it begins from now on, on one core; elsewhere, do nothing."""
    if hasattr(os, "sched_setaffinity") and core in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {core})


def spread() -> None:
    """Let this process, and the threads it begins from now on, run on both cores."""
    if can_pin_both():
        os.sched_setaffinity(0, {BOT_CORE, DRIVER_CORE})


def can_pin_both() -> bool:
    """Whether there are two cores, whichever of them this process is kept on now."""
    return hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1


def computed(process: int) -> float | None:
    """Seconds that a process was running, all its threads together; None where /proc does not say."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(process: int) -> float:
    """Resident memory of a process in MB (10^6 bytes); 0 where /proc does not say."""
    return _size_mb(process, "VmRSS:")


def peak_mb(process: int) -> float:
    """The most that it ever was."""
    return _size_mb(process, "VmHWM:")


def _size_mb(process: int, of: str) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    sizes = [line.split() for line in status.splitlines() if line.startswith(of)]
    return int(sizes[0][1]) * 1024 / 1e6 if sizes else 0.0


def waited_for_core() -> float:
    """Seconds that this thread was ready to run while its core ran something else; 0 where /proc does not say."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def described() -> dict[str, str]:
    """What the numbers were measured on."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "pinned": "bot on core 0, everything else on core 1" if can_pin() else "no",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load": ", ".join(f"{each:.1f}" for each in os.getloadavg()),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
