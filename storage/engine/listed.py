"""A list of texts as one value of a statement, on both engines: SQLAlchemy writes a longer statement for each length.

It knows no table, and a list stands in no statement but as what a column is compared with.
"""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, Text, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from storage.engine.storable import is_storable


class _Listed(GenericFunction[Any]):
    inherit_cache = True


@compiles(_Listed, "sqlite")
def _of_sqlite(element: _Listed, compiler: Any, **how: Any) -> str:
    return f"json_each{compiler.process(element.clause_expr, **how)}"


@compiles(_Listed, "postgresql")
def _of_postgresql(element: _Listed, compiler: Any, **how: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clause_expr, **how)} AS json))"


def among(column: SQLColumnExpression[Any], name: str) -> ColumnElement[bool]:
    """Whether the column's text is in the list that is given by this name, as `listed` puts it."""
    return column.in_(select(_Listed(bindparam(name, type_=Text)).table_valued("value").c.value))


def listed(texts: Collection[str]) -> str:
    """The list as the one value that it is. What not every engine can keep is in no row, and is left out: SQLite would
    take it for another text, which ends at its null, and PostgreSQL refuse the whole list.
    """
    return json.dumps(list(filter(is_storable, texts)))
