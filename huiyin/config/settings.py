"""Settings, read from the environment with defaults that work on a bare machine.

`HUIYIN_HOME` is the data folder (database, files, keys); `DATABASE_URL` names another database,
e.g. `postgres://user:secret@host:5432/name`. See docs/how-to/configure.md.
"""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("HUIYIN_HOME") or ROOT / "var")
HOME.mkdir(parents=True, exist_ok=True)


def _flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    return default if value is None else value.lower() in {"1", "true", "yes", "on"}


def _kept_secret(name: str) -> str:
    """A secret made at the first start and kept in the data folder, readable by its owner only."""
    path = HOME / name
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text().strip()


PLANNING = "-c jit=off -c parallel_setup_cost=20000"
"""How PostgreSQL plans for us: compiling a plan, and calling in further processes for what takes milliseconds,
cost more than they save."""


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme in {"postgres", "postgresql"}:
        query = dict(parse_qsl(parts.query))
        host = parts.hostname or query.pop("host", "")
        # 0 for a pooler that shares connections between transactions: no plans are kept then.
        prepare = int(query.pop("prepare_threshold", "5"))
        if prepare:
            query.setdefault("options", PLANNING)
        config: dict[str, object] = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": str(parts.port or query.pop("port", "")),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": False,
            "OPTIONS": {**query, "prepare_threshold": prepare or None},
        }
        return config
    if parts.scheme == "sqlite":
        name = unquote(parts.path[1:] if parts.netloc == "" else parts.path)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name or str(HOME / "huiyin.sqlite3"),
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
                "PRAGMA foreign_keys=ON;PRAGMA cache_size=-65536;PRAGMA mmap_size=268435456;",
            },
        }
    raise SystemExit(f"DATABASE_URL: unknown database kind {parts.scheme!r}; use postgres:// or sqlite:///")


DEBUG = _flag("HUIYIN_DEBUG", False)
SECRET_KEY = os.environ.get("HUIYIN_SECRET_KEY") or _kept_secret("secret.key")
FIELD_KEY = os.environ.get("HUIYIN_FIELD_KEY") or _kept_secret("field.key")
TRAIL_KEY = os.environ.get("HUIYIN_TRAIL_KEY") or _kept_secret("trail.key")
ALLOWED_HOSTS = os.environ.get("HUIYIN_HOSTS", "*").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("HUIYIN_ORIGINS", "").split(",") if o]
FILES = HOME / "files"
HUIYIN_PACKS = tuple(
    name.strip() for name in (os.environ.get("HUIYIN_PACKS") or "base,property").split(",") if name.strip()
)
"""The packs in force: folders under `packs/`, or whole paths."""

INSTALLED_APPS = [
    "huiyin.base.kit",
    "huiyin.base.trail",
    "huiyin.base.org",
    "huiyin.engines.numbering",
    "huiyin.engines.files",
    "huiyin.engines.search",
    "huiyin.engines.packs",
    "huiyin.engines.clocks",
    "huiyin.engines.messages",
    "huiyin.engines.imports",
    "huiyin.engines.approvals",
    "huiyin.records.places",
    "huiyin.records.customers",
    "huiyin.work.cases",
    "huiyin.insight.indicators",
    "huiyin.insight.reports",
    "huiyin.insight.coverage",
    "huiyin.faces.desk",
    "huiyin.faces.api",
    "huiyin.faces.demo",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django.forms",
    "django_htmx",
    "template_partials",
]

MIDDLEWARE = [
    "huiyin.base.kit.middleware.NoNul",
    "django.middleware.security.SecurityMiddleware",
    "huiyin.base.org.middleware.ApiMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "huiyin.base.org.middleware.ScopeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "huiyin.config.urls"
WSGI_APPLICATION = "huiyin.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "huiyin.base.org.context.shell",
                "huiyin.faces.desk.context.bell",
            ],
        },
    }
]
FORM_RENDERER = "huiyin.base.kit.forms.Renderer"
FILTERS_EMPTY_CHOICE_LABEL = _("All")

DATABASES = {"default": _database(os.environ.get("DATABASE_URL") or "sqlite://")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "huiyin.base.org.backends.locked_out"
AXES_CLIENT_IP_CALLABLE = "huiyin.base.org.backends.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
TRUSTED_PROXIES = int(os.environ.get("HUIYIN_PROXIES", "0"))
"""How many proxies of our own stand before the web server; that many of X-Forwarded-For are believed."""
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "phone")},
    },
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [
    ("zh-hans", _("Simplified Chinese")),
    ("zh-hant", _("Traditional Chinese")),
    ("en", _("English")),
]
LOCALE_PATHS = [ROOT / "huiyin" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("HUIYIN_TIME_ZONE", "Asia/Shanghai")

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
CSRF_FAILURE_VIEW = "huiyin.base.kit.failures.too_old"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 14
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if _flag("HUIYIN_HTTPS", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("HUIYIN_LOG", "WARNING")},
}
