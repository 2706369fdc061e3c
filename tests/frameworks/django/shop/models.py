"""A shop with a field of every kind that Django has for both databases."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Category(models.Model):
    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=50)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE)

    class Meta:
        unique_together = [("parent", "name")]


class Tag(models.Model):
    slug = models.SlugField(unique=True)


class Product(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft"
        LIVE = "live"

    name = models.CharField(max_length=200, db_index=True)
    sku = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=5, choices=State)
    description = models.TextField(blank=True)
    active = models.BooleanField(default=True)
    approved = models.BooleanField(null=True)
    stock = models.IntegerField()
    views = models.BigIntegerField(default=0)
    rank = models.PositiveIntegerField(default=0)
    level = models.SmallIntegerField(default=0)
    weight = models.FloatField(null=True)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    rate = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    released = models.DateField(null=True)
    created = models.DateTimeField()
    changed = models.DateTimeField(auto_now=True)
    opens = models.TimeField(null=True)
    warranty = models.DurationField(null=True)
    token = models.UUIDField(default=uuid.uuid4, unique=True)
    attributes = models.JSONField(default=dict)
    extra = models.JSONField(null=True)
    image = models.BinaryField(null=True)
    seen_from = models.GenericIPAddressField(null=True)
    contact = models.EmailField(blank=True)
    page = models.URLField(blank=True)
    manual = models.FileField(blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT)
    tags = models.ManyToManyField(Tag)
    related = models.ManyToManyField("self")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="price_not_negative"),
            models.UniqueConstraint(fields=["name"], condition=Q(active=True), name="one_active_of_a_name"),
        ]
        indexes = [models.Index(fields=["-created", "state"], name="newest_of_state")]


class Customer(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    birthday = models.DateField(null=True)


class Order(models.Model):
    """The table's name is a word of SQL, and its key is no number."""

    number = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    placed = models.DateTimeField()

    class Meta:
        db_table = "order"


class Line(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    amount = models.PositiveSmallIntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        unique_together = [("order", "product")]
