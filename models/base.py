"""What every table shares: naming of constraints, enums stored by value, times in UTC, statuses that move along a
table."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, Enum, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=False,
            length=40,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }


def check_enums() -> None:
    """Give every enum column a constraint that lists its values; named after the column, as two may share a type."""
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, Enum):
                values = ", ".join(f"'{value}'" for value in column.type.enums)
                table.append_constraint(CheckConstraint(f"{column.name} IN ({values})", name=f"{column.name}_known"))


class HasId:
    """A random public id: it says nothing about order or number (security.md C13)."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


class HasFile(HasId):
    """A file in the store (security.md section 4): where its encrypted bytes lie, and its own key, wrapped for this
    row.

    Only services.files reads or writes them; the row's id is set before the file is kept.
    """

    __tablename__: str
    storage_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    key_box: Mapped[bytes | None] = mapped_column(LargeBinary)


class HasNationalId:
    """A national identity number as two columns (security.md section 4): a sealed box to show it, a keyed index to
    find it.

    Only services.national_ids reads or writes them.
    """

    national_id_box: Mapped[bytes | None] = mapped_column(LargeBinary)
    national_id_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)


class InvalidTransition(Exception):
    """A status was asked to move where its table does not lead; someone was first, or the caller is wrong."""

    def __init__(self, row: "HasStatus", target: StrEnum) -> None:
        super().__init__(f"{type(row).__name__} cannot go from {row.status} to {target}")
        self.row = row
        self.target = target


class HasStatus:
    """A row whose status moves only along TRANSITIONS; the table is the rule, the diagram and the documentation."""

    TRANSITIONS: ClassVar[Mapping[Any, frozenset[Any]]]
    if TYPE_CHECKING:
        status: Any

    def can_move_to(self, target: StrEnum) -> bool:
        return target in self.TRANSITIONS.get(self.status, frozenset())

    def move_to(self, target: StrEnum) -> None:
        if not self.can_move_to(target):
            raise InvalidTransition(self, target)
        self.status = target
