"""The audit tables.

What keeps their rows from being changed stands in storage.audit.guards; what proves that none was is the tree.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text
from sqlmodel import Field, SQLModel

from storage.records.columns import only
from storage.types import UtcMicros

# The outcome of nearly every entry.
DONE = "done"

# Joined to nothing, so that no engine takes the index over all actions instead and reads each reset that ever was.
OF_A_CHANGED_PASSWORD = "action || '' = 'password.changed'"  # noqa: S105  no password

# SQLite's row number is an INTEGER primary key and nothing else; elsewhere 2^31 entries are too few.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


class AuditEntry(SQLModel, table=True):
    """One leaf. `index` counts from 0 without gaps; `root` is the mark of the tree after this leaf (merkle.mark_of), or
    its root, as versions before wrote it: either says which leaves stand up to here, and in which order.

    The columns between are copies of what the leaf says, for searching; only the leaf is evidence.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        # SQLite looks for times by ids (storage.audit.times): each index is a page that every entry changes.
        Index("ix_audit_entries_at", "at").ddl_if(dialect="postgresql"),
        Index("audit_entries_action", "action", "index"),
        Index("audit_entries_password_changed", "subject", "at", **only(OF_A_CHANGED_PASSWORD)),
        Index("audit_entries_not_done", "outcome", "index", **only(f"outcome <> '{DONE}'")),
        Index("audit_entries_action_not_done", "outcome", "action", "index", **only(f"outcome <> '{DONE}'")),
    )

    index: int = Field(sa_column=Column("index", _NUMBER, primary_key=True, autoincrement=False))
    id: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    at: datetime = Field(sa_column=Column(UtcMicros, nullable=False))
    actor: str = Field(sa_column=Column(Text, nullable=False, index=True))
    subject: str | None = Field(sa_column=Column(Text, index=True))
    resource: str | None = Field(sa_column=Column(Text, index=True))
    action: str = Field(sa_column=Column(Text, nullable=False))
    outcome: str = Field(sa_column=Column(Text, nullable=False))
    correlation: str = Field(sa_column=Column(Text, nullable=False, index=True))
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    leaf_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditText(SQLModel, table=True):
    """One free text of one entry, with the salt of its commitment. Erased: both are null, and `erased_by` says why.

    erased_by: id of the audit entry that records the erasure.
    """

    __tablename__ = "audit_texts"

    index: int = Field(sa_column=Column("index", _NUMBER, primary_key=True, autoincrement=False))
    name: str = Field(sa_column=Column(Text, primary_key=True))
    text: str | None = Field(sa_column=Column(Text))
    salt: bytes | None = Field(sa_column=Column(LargeBinary))
    erased_by: str | None = Field(default=None, sa_column=Column(Text))


class AuditHead(SQLModel, table=True):
    """The one row that knows how far the tree has grown: its size and its frontier (merkle.Frontier.to_bytes).

    marks: whether new entries have marks beside them. Not so in a store that replicas of the version before may share.
    mac: over all of that (storage.audit.heads); None until the record says that it is under a key, "" once Wicket found
    that other hands had moved it.
    """

    __tablename__ = "audit_head"

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    frontier: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    marks: bool | None = Field(default=None, sa_column=Column(Boolean))
    mac: str | None = Field(default=None, sa_column=Column(Text))


class AuditCheckpoint(SQLModel, table=True):
    """A signed checkpoint as it left the house: `note` is its whole text, `size` the number of entries it covers."""

    __tablename__ = "audit_checkpoints"
    __table_args__ = (Index("ix_audit_checkpoints_size_id", "size", "id"),)

    id: int | None = Field(default=None, sa_column=Column(_NUMBER, primary_key=True))
    at: datetime = Field(sa_column=Column(UtcMicros, nullable=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))


class AuditTile(SQLModel, table=True):
    """256 hashes that stand side by side in the tree, as C2SP's tlog-tiles counts levels and indexes; full tiles only.

    hashes: 256 of 32 bytes. root: of the tree over them, which is a hash of the level above. It stands before them:
    what looks for it alone then reads a page of SQLite's, and not three.
    """

    __tablename__ = "audit_tiles"

    level: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    index: int = Field(sa_column=Column("index", BigInteger, primary_key=True, autoincrement=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hashes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditArchive(SQLModel, table=True):
    """The signed statement that the entries from `first` up to `size` stand in files outside (storage.audit.archives).

    frontier: of the tree over the first `size` entries. stay: a bit for each entry, set if it stands here all the same.
    Of several rows about the same entries the newest that the log's key signed counts.
    """

    __tablename__ = "audit_archives"

    id: int | None = Field(default=None, sa_column=Column(_NUMBER, primary_key=True))
    first: int = Field(sa_column=Column(BigInteger, nullable=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    frontier: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    stay: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


ENTRIES: Table = SQLModel.metadata.tables["audit_entries"]
TEXTS: Table = SQLModel.metadata.tables["audit_texts"]
HEAD: Table = SQLModel.metadata.tables["audit_head"]
CHECKPOINTS: Table = SQLModel.metadata.tables["audit_checkpoints"]
TILES: Table = SQLModel.metadata.tables["audit_tiles"]
ARCHIVES: Table = SQLModel.metadata.tables["audit_archives"]

TABLES = (ENTRIES, TEXTS, HEAD, CHECKPOINTS, TILES, ARCHIVES)
