"""A library with a column of every kind that SQLAlchemy has for both databases."""

import datetime
import decimal
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Shelf(enum.Enum):
    """Stored by name: `FICTION`, not `fiction`."""

    FICTION = "fiction"
    SCIENCE = "science"
    À_LA_CARTE = "à la carte"


book_author = sa.Table(
    "book_author",
    Base.metadata,
    sa.Column("book_id", sa.ForeignKey("book.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("author_id", sa.ForeignKey("author.id"), primary_key=True),
    sa.Column("place", sa.SmallInteger, nullable=False, default=0),
)


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100), index=True)
    born: Mapped[datetime.date | None] = mapped_column(sa.Date)
    teacher_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    teacher: Mapped["Author | None"] = relationship(remote_side="Author.id")


class Book(Base):
    __tablename__ = "book"
    __table_args__ = (
        sa.UniqueConstraint("title", "printing"),
        sa.CheckConstraint("pages >= 0", name="pages_not_negative"),
        sa.Index("one_current_of_a_title", "title", unique=True, sqlite_where=sa.text("current"), postgresql_where=sa.text("current")),
        sa.Index("by_lower_title", sa.text("lower(title)")),
    )

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    printing: Mapped[int] = mapped_column(sa.Integer)
    pages: Mapped[int | None] = mapped_column(sa.Integer)
    copies: Mapped[int] = mapped_column(sa.BigInteger)
    current: Mapped[bool] = mapped_column(sa.Boolean)
    lent: Mapped[bool | None] = mapped_column(sa.Boolean)
    text: Mapped[str | None] = mapped_column(sa.Text)
    bought: Mapped[datetime.datetime] = mapped_column(sa.DateTime)
    seen: Mapped[datetime.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    printed: Mapped[datetime.date | None] = mapped_column(sa.Date)
    opens: Mapped[datetime.time | None] = mapped_column(sa.Time)
    loan: Mapped[datetime.timedelta | None] = mapped_column(sa.Interval)
    price: Mapped[decimal.Decimal | None] = mapped_column(sa.Numeric(10, 2))
    weight: Mapped[float | None] = mapped_column(sa.Float)
    shelf: Mapped[Shelf | None] = mapped_column(sa.Enum(Shelf))
    facts: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    cover: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    token: Mapped[uuid.UUID] = mapped_column(sa.Uuid, unique=True)
    authors: Mapped[list[Author]] = relationship(secondary=book_author)


class Page(Base):
    """A key of two columns, one of them a foreign key."""

    __tablename__ = "page"

    book_id: Mapped[int] = mapped_column(sa.ForeignKey("book.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(sa.Text)


class Loan(Base):
    """A key that is no number."""

    __tablename__ = "loan"

    id: Mapped[uuid.UUID] = mapped_column(sa.Uuid, primary_key=True, default=uuid.uuid4)
    book_id: Mapped[int] = mapped_column(sa.ForeignKey("book.id"))
    ends: Mapped[datetime.datetime | None] = mapped_column(sa.DateTime)
