"""Writing rows: whole ones by the ORM, and changes without its bookkeeping, which costs more than the change itself.

It decides nothing about what may change; the modules of each table do.
"""

from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, bindparam, update
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value
from sqlmodel import Session, SQLModel

from storage.engine.plain import Plain, run
from storage.faults import NotKept
from storage.macs import VOID
from storage.signing import resigned

R = TypeVar("R", bound=SQLModel)


def put(tx: Session, row: R) -> R:
    """Write a new row now, or what was assigned to one."""
    tx.add(row)
    tx.flush()
    return row


def change(tx: Session, row: SQLModel, **values: Any) -> None:
    """Set these columns of a row that is stored under its `id`, in the database and on the object, and sign it anew.

    What was assigned to it and is not written yet is written with them: a MAC is of the whole row. NotKept where the
    database says that it changed none.
    """
    state = instance_state(row)
    if state.session_id is not None and state.committed_state:
        values = {name: getattr(row, name) for name in state.committed_state} | values
    values = values if "mac" in values else {**values, **resigned(tx, row, values)}
    table = row.metadata.tables[str(row.__tablename__)]
    new = {f"new_{name}": value for name, value in values.items()}
    about = {"of": getattr(row, "id"), **new}  # noqa: B009 - mypy
    if run(tx.connection(), _update(table, tuple(values)), about) != 1:
        raise NotKept
    if state.session_id is None and not state.modified and not state.expired_attributes:
        instance_dict(row).update(values)  # nobody follows what becomes of it
        return
    for name, value in values.items():
        set_committed_value(row, name, value)


def change_where(tx: Session, record: type[SQLModel], *which: ColumnElement[bool], **values: Any) -> int:
    """Set these columns of the rows that are such, in the database alone, and sign them anew; how many they are."""
    done: Any = tx.execute(
        update(record).where(*which).values(**values).execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def change_if(
    tx: Session, record: type[SQLModel], key: Any, *which: ColumnElement[bool], **values: Any
) -> bool:
    """The same of the one row of this key. False if there is none that is such: somebody was faster, or it is over."""
    (column,) = record.metadata.tables[str(record.__tablename__)].primary_key
    return change_where(tx, record, column == key, *which, **values) == 1


def unsign(tx: Session, row: SQLModel) -> None:
    """It counts no more, whatever else of it is changed."""
    table = row.metadata.tables[str(row.__tablename__)]
    run(tx.connection(), _update(table, ("mac",)), {"of": getattr(row, "id"), "new_mac": VOID})  # noqa: B009 - mypy
    set_committed_value(row, "mac", VOID)


@cache
def _update(table: Table, names: tuple[str, ...]) -> Plain:
    """Made once for each set of columns: making a statement costs more than running it."""
    new = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    return Plain(update(table).where(table.c.id == bindparam("of")).values(new))
