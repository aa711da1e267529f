"""Short questions to a directory, for tests that compare its answers.

They hide nothing but the time of the answer.
"""

from storage.directories.base import Directory


async def members_of(directory: Directory, group: str) -> frozenset[str] | None:
    """Ids of everybody in the group, nested ones included; None if there is no such group."""
    found = await directory.group(group)
    return None if found is None else found.members
