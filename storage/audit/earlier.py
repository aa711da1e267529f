"""What the tree was when the log was shorter: the root that it had at a size, as far as the store still bears it out.

It only reads, and is as good as the store is: what is signed is what shows that a root is the one that was.
"""

from functools import cached_property

from storage.audit.archives import Archives, archived_tree, read_archives
from storage.audit.checkpoint import Verifier
from storage.audit.log import Transaction
from storage.audit.merkle import EMPTY_ROOT, Frontier
from storage.audit.tiles import Tree, beside, leaf_hashes
from storage.faults import AuditFault

_AT_ONCE = 1024


class Earlier:
    """The trees before this head. What it reads of the stored tree it reads once."""

    def __init__(self, tx: Transaction, head: Frontier, verifier: Verifier) -> None:
        self._tx = tx
        self._verifier = verifier
        self._head = head
        self._tree = Tree(tx, head.size)
        self._walked = Frontier()

    @cached_property
    def _archives(self) -> Archives:
        return read_archives(self._tx, self._verifier)

    def had(self, size: int, root: bytes) -> bool:
        """Whether the tree had this root when it had so many entries, and what stands beside the last of them says so.

        A damaged tile is no reason to doubt an entry: then the way is through the hashes of all entries, and long.
        """
        if size == 0:
            return root == EMPTY_ROOT
        if size > self._head.size:
            return False
        told = beside(self._tx, size - 1)
        if told is None:
            archived = archived_tree(self._tx, self._archives, size)
            return archived is not None and archived.root == root
        if told == root:
            return True
        for way in (self._by_tiles, self._by_entries):
            tree = way(size)
            if tree is not None and tree.is_told_by(told):
                return tree.root == root
        return False

    def _by_tiles(self, size: int) -> Frontier | None:
        if size == self._head.size:
            return self._head
        try:
            return self._tree.frontier(size)
        except AuditFault:
            return None

    def _by_entries(self, size: int) -> Frontier | None:
        archived = self._archives.frontier
        begin = archived if archived.size <= size else Frontier()
        tree = self._walked if begin.size <= self._walked.size <= size else begin
        try:
            while tree.size < size:
                end = min(size, tree.size + _AT_ONCE)
                tree, _ = tree.extend(leaf_hashes(self._tx, tree.size, end))
        except AuditFault:
            return None
        self._walked = tree
        return tree
