"""Rows through the ORM: ordinary ones, and both ends of what each field holds."""

import datetime
import decimal
import random
import uuid

from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session

from .models import Category, Customer, Line, Order, Product, Tag

UTC = datetime.timezone.utc
FIRST = datetime.datetime(2024, 3, 31, 0, 59, 59, 999999, UTC)

WARRANTIES = [
    None,
    datetime.timedelta(0),
    datetime.timedelta(days=730),
    datetime.timedelta(days=-1, microseconds=1),
    datetime.timedelta(days=400, hours=5, minutes=6, seconds=7, microseconds=8),
]
ADDRESSES = [None, "192.0.2.7", "2001:db8::1", "255.255.255.255", "::1"]
PRICES = ["0.00", "0.10", "1.10", "19.99", "99999999.99", "12345.60", "100"]
RATES = [None, "0.000001", "123456.654321", "-1.500000", "0"]
TIMES = [None, datetime.time(0), datetime.time(23, 59, 59, 999999), datetime.time(12, 30), datetime.time(8, 0, 1)]
DOCUMENTS = [
    {},
    {"ö": [1, 2.5, None, True, "\\ \" \n 中"], "a": {"b": {"c": []}}},
    [0.1, -0.001, 123456789012345678901234567890],
    "text",
    0,
]
TEXTS = ["", "plain", "Grüße, 世界 🛒", "two\nlines\tand 'quotes' \"double\" \\back", " spaces ", "%s {} $1"]


def pick(values, i):
    return values[i % len(values)]


def product(i, categories):
    number = decimal.Decimal
    rate = pick(RATES, i)
    return Product(
        name=f"Product {i // 2}",
        sku=f"SKU-{i:05}",
        state=pick(Product.State.values, i),
        description=pick(TEXTS, i),
        active=i % 2 == 0,
        approved=pick([None, True, False], i),
        stock=pick([0, -5, 2147483647, -2147483648, 17], i),
        views=pick([0, 9223372036854775807, -9223372036854775808, 3_000_000_000], i),
        rank=pick([0, 2147483647], i),
        level=pick([0, 32767, -32768], i),
        weight=pick([None, 0.1, 1e300, -2.5, 5e-324, 3.0], i),
        price=number(pick(PRICES, i)),
        rate=None if rate is None else number(rate),
        released=pick([None, datetime.date(2024, 2, 29), datetime.date(1, 1, 1), datetime.date(9999, 12, 31)], i),
        created=FIRST + datetime.timedelta(seconds=i, microseconds=pick([0, 1, 500000], i)),
        opens=pick(TIMES, i),
        warranty=pick(WARRANTIES, i),
        token=uuid.UUID(int=random.getrandbits(128)),
        attributes=pick(DOCUMENTS, i),
        extra=pick([None, *DOCUMENTS], i),
        image=pick([None, b"", bytes(range(256)), b"\x00\xff"], i),
        seen_from=pick(ADDRESSES, i),
        contact=pick(["", "someone@example.org"], i),
        page=pick(["", "https://example.org/ä?x=1&y=2"], i),
        manual=pick(["", "manuals/one.pdf"], i),
        category=pick(categories, i),
    )


def fill(products=40):
    """Everything into the default database."""
    random.seed(1)
    root = Category.objects.create(name="all")
    categories = [root] + [Category.objects.create(name=f"part {i}", parent=root) for i in range(4)]
    Category.objects.create(name="other root")
    Category.objects.filter(name="part 3").delete()
    categories = [category for category in categories if category.name != "part 3"]
    tags = [Tag.objects.create(slug=f"tag-{i}") for i in range(5)]
    Tag.objects.last().delete()
    made = []
    for i in range(products):
        item = product(i, categories)
        item.save()
        item.tags.set(tags[: i % 4])
        item.related.set(made[-2:])
        made.append(item)
    staff = Group.objects.create(name="staff")
    staff.permissions.set(Permission.objects.filter(codename__contains="product"))
    for i in range(5):
        user = User(username=f"user{i}", email=f"user{i}@example.org", date_joined=FIRST, password="!")
        user.save()
        user.groups.set([staff][: i % 2])
        customer = Customer.objects.create(user=user, birthday=pick([None, datetime.date(1900, 1, 1)], i))
        number = uuid.UUID(int=random.getrandbits(128))
        order = Order.objects.create(number=number, customer=customer, placed=FIRST)
        for item in made[i : i + 3]:
            Line.objects.create(order=order, product=item, amount=i + 1, price=item.price)
    Session.objects.create(session_key="k" * 32, session_data="data", expire_date=FIRST)


def insert_more(using):
    """New rows beside the old ones, with keys from the target's own sequences."""
    category = Category.objects.using(using).create(name="new", parent=Category.objects.using(using).first())
    item = product(100_000, [category])
    item.save(using=using)
    item.tags.set([Tag.objects.using(using).create(slug="new"), Tag.objects.using(using).first()])
    item.related.set(Product.objects.using(using).exclude(pk=item.pk)[:3])
    user = User.objects.db_manager(using).create_user("new", "new@example.org")
    user.groups.set([Group.objects.using(using).create(name="new")])
    customer = Customer.objects.using(using).create(user=user)
    order = Order.objects.using(using).create(customer=customer, placed=FIRST)
    Line.objects.using(using).create(order=order, product=item, amount=1, price=item.price)
