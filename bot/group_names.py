"""Which names are one group, as the settings of each directory say.

It asks no directory, and loads nothing that could: whoever opens the store needs this alone of them.
"""

from collections.abc import Mapping

from bot.settings import DirectorySection, LocalDirectorySection
from storage.directories.ldap_shape import group_key
from storage.group_names import GroupNames


def group_names(sections: Mapping[str, DirectorySection]) -> GroupNames:
    """Which names are one group in each of these directories. In a local one, each way to write a name is another."""
    return GroupNames(
        {
            name: group_key(section.attributes.group_name)
            for name, section in sections.items()
            if not isinstance(section, LocalDirectorySection)
        }
    )
