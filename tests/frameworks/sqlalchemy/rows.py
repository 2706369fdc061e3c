"""Rows through the ORM: ordinary ones, and both ends of what each column holds."""

import datetime
import decimal
import random
import uuid

from models import Author, Book, Loan, Page, Shelf
from sqlalchemy.orm import Session

FIRST = datetime.datetime(2024, 3, 31, 0, 59, 59, 999999)
LOANS = [
    None,
    datetime.timedelta(0),
    datetime.timedelta(days=14),
    datetime.timedelta(days=-1, microseconds=1),
    datetime.timedelta(days=400, hours=5, minutes=6, seconds=7, microseconds=8),
]
TIMES = [None, datetime.time(0), datetime.time(23, 59, 59, 999999), datetime.time(12, 30)]
DATES = [None, datetime.date(2024, 2, 29), datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]
PRICES = [None, "0.00", "0.10", "1.10", "99999999.99", "-19.99", "100"]
FACTS = [None, {}, {"ö": [1, 2.5, None, True, "\\ \" \n 中"], "a": {"b": []}}, {"long": 1e300}]
TEXTS = [None, "", "plain", "Grüße, 世界 🛒", "two\nlines\tand 'quotes' \"double\" \\back", " spaces ", "%s {} $1"]


def pick(values, i):
    return values[i % len(values)]


def book(i):
    price = pick(PRICES, i)
    seen = pick([None, FIRST, FIRST.replace(microsecond=0)], i)
    return Book(
        title=f"Book {i // 2}",
        printing=i % 2,
        pages=pick([None, 0, 2147483647], i),
        copies=pick([0, 9223372036854775807, -9223372036854775808], i),
        current=i % 2 == 0,
        lent=pick([None, True, False], i),
        text=pick(TEXTS, i),
        bought=FIRST + datetime.timedelta(days=i, microseconds=pick([0, 1], i)),
        seen=None if seen is None else seen.replace(tzinfo=datetime.timezone.utc),
        printed=pick(DATES, i),
        opens=pick(TIMES, i),
        loan=pick(LOANS, i),
        price=None if price is None else decimal.Decimal(price),
        weight=pick([None, 0.1, 1e300, -2.5, 5e-324, 3.0], i),
        shelf=pick([None, *Shelf], i),
        facts=pick(FACTS, i),
        cover=pick([None, b"", bytes(range(256)), b"\x00\xff"], i),
        token=uuid.UUID(int=random.getrandbits(128)),
    )


def fill(engine, books=40):
    random.seed(1)
    with Session(engine) as session:
        authors = [Author(name=f"Author {i}", born=pick(DATES, i)) for i in range(6)]
        for author, teacher in zip(authors[1:], authors):
            author.teacher = teacher
        session.add_all(authors)
        for i in range(books):
            item = book(i)
            item.authors = authors[: i % 4]
            session.add(item)
            session.flush()
            session.add_all(Page(book_id=item.id, number=n, content=f"page {n}") for n in range(i % 3))
            session.add(Loan(id=uuid.UUID(int=random.getrandbits(128)), book_id=item.id, ends=pick([None, FIRST], i)))
        session.commit()


def insert_more(engine):
    """New rows beside the old ones, with keys from the target's own sequences."""
    with Session(engine) as session:
        item = book(100_000)
        item.authors = [Author(name="new"), session.get(Author, 1)]
        session.add(item)
        session.flush()
        session.add(Page(book_id=item.id, number=1, content="new"))
        session.add(Loan(book_id=item.id))
        session.commit()
