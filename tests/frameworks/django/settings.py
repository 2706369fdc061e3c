"""Settings of an ordinary Django project; the places of its two databases come from the environment."""

import os

import psycopg

_target = psycopg.conninfo.conninfo_to_dict(os.environ.get("SHOP_TARGET", ""))

SECRET_KEY = "not a secret"
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "shop"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SHOP_SQLITE", "shop.sqlite3")},
    "target": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _target.get("dbname"),
        "USER": _target.get("user"),
        "PASSWORD": _target.get("password"),
        "HOST": _target.get("host"),
        "PORT": _target.get("port"),
    },
}
