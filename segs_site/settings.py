"""Settings of every process, read from the environment once and refused by name when bad.

Each variable is described in `docs/settings.md`. Nothing here imports an app.
"""

import sys
from datetime import timedelta
from pathlib import Path

from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError, ValidationError, validate

from segs_site import valid

BASE_DIR = Path(__file__).resolve().parent.parent
DEV_SECRET_KEY = "segs-demo-secret-key-never-for-production"  # noqa: S105 refused when DEBUG is off

env = Env(eager=False)


def _are_limits(limits: dict[str, int]) -> None:
    unknown = sorted(limits.keys() - SEGS_API_LIMITS.keys())
    if unknown or min(limits.values(), default=0) < 0:
        message = f"must be role=requests a minute, of the roles {', '.join(SEGS_API_LIMITS)}"
        raise ValidationError(message)


DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", DEV_SECRET_KEY)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", [])
SEGS_PROXIES = env.int("SEGS_PROXIES", 0, validate=validate.Range(0, 5))
SEGS_TLS_REDIRECT = env.bool("SEGS_TLS_REDIRECT", not DEBUG)
DATABASE_URL = env.str(
    "DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/segs", validate=valid.is_database
)
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0", validate=valid.is_broker)
CACHE_URL = env.str("CACHE_URL", "", validate=lambda url: url == "" or valid.is_broker(url))

# People: where links of mails lead, who sends them, and what a sign-in needs.
SEGS_SITE_URL = env.str(
    "SEGS_SITE_URL", f"http://localhost:{env.str('PORT', '8000')}", validate=valid.is_site
)
SEGS_MAIL_FROM = env.str("SEGS_MAIL_FROM", "SEGS <segs@localhost>")
# Bills by mail: the PDF attached, a link to where the customer signs in, or none at all.
SEGS_BILL_MAIL = env.str(
    "SEGS_BILL_MAIL", "attachment", validate=validate.OneOf(["attachment", "link", "off"])
)
# Text messages, which are offered where there is a gateway; and whom webhooks may reach.
SEGS_SMS_URL = env.str(
    "SEGS_SMS_URL",
    f"file:///{BASE_DIR / env.str('SEGS_HOME', '.segs')}/texts" if DEBUG else "",
    validate=valid.is_gateway,
)
SEGS_SMS_TOKEN = env.str("SEGS_SMS_TOKEN", "")
SEGS_SMS_FROM = env.str("SEGS_SMS_FROM", "SEGS")
SEGS_SMS_FORMAT = env.str("SEGS_SMS_FORMAT", "json", validate=validate.OneOf(["json", "form"]))
SEGS_SMS_FIELDS: dict[str, str] = env.dict(
    "SEGS_SMS_FIELDS", {"to": "to", "from": "from", "text": "text"}, validate=valid.are_sms_fields
)
SEGS_WEBHOOK_NETWORKS: list[str] = env.list(
    "SEGS_WEBHOOK_NETWORKS", [], validate=valid.are_networks
)
SEGS_WEBHOOK_HTTP = env.bool("SEGS_WEBHOOK_HTTP", False)
SEGS_REQUIRE_SECOND_FACTOR = env.bool("SEGS_REQUIRE_SECOND_FACTOR", False)

# How long things are kept and how they are cut; see docs/settings.md.
SEGS_SITE_ZONE = env.str("SEGS_SITE_ZONE", "UTC", validate=valid.is_zone)
SEGS_SUPPLIER = env.str("SEGS_SUPPLIER", "SEGS")
SEGS_SUPPLIER_ADDRESS = env.str("SEGS_SUPPLIER_ADDRESS", "")
SEGS_SUPPLIER_CONTACT = env.str("SEGS_SUPPLIER_CONTACT", "")
SEGS_SUPPLIER_TAX_ID = env.str("SEGS_SUPPLIER_TAX_ID", "")
SEGS_IBAN = env.str("SEGS_IBAN", "", validate=valid.is_iban)
SEGS_BIC = env.str(
    "SEGS_BIC", "", validate=validate.Regexp(r"([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?)?$")
)
# What the ledger calls receivables, revenue, tax, bank and fees, where it has numbers for them.
SEGS_LEDGER_ACCOUNTS: dict[str, str] = env.dict("SEGS_LEDGER_ACCOUNTS", {})
SEGS_FONTS: list[str] = env.list("SEGS_FONTS", ["/usr/share/fonts", "/usr/local/share/fonts"])
SEGS_SHARDS = env.int("SEGS_SHARDS", 4, validate=validate.Range(1, 255))
SEGS_RAW_RETENTION_DAYS = env.int("SEGS_RAW_RETENTION_DAYS", 90, validate=validate.Range(min=1))
SEGS_KEPT_YEARS = env.int("SEGS_KEPT_YEARS", 10, validate=validate.Range(1, 100))
SEGS_OUTBOX_RETENTION_HOURS = env.int(
    "SEGS_OUTBOX_RETENTION_HOURS", 48, validate=validate.Range(1)
)
SEGS_AUTO_REGISTER = env.bool("SEGS_AUTO_REGISTER", False)
SEGS_READING_INTERVAL_S = env.int("SEGS_READING_INTERVAL_S", 10, validate=validate.Range(1, 900))
SEGS_METER_LIMIT_KW = env.float("SEGS_METER_LIMIT_KW", 100.0, validate=validate.Range(min=0.001))
SEGS_MAX_BODY_BYTES = env.int("SEGS_MAX_BODY_BYTES", 4_000_000, validate=validate.Range(1000))
SEGS_BACKLOG_LIMIT = env.int("SEGS_BACKLOG_LIMIT", 20_000, validate=validate.Range(min=1))
SEGS_BROKER_MEMORY_LIMIT_MB = env.int(
    "SEGS_BROKER_MEMORY_LIMIT_MB", 2048, validate=validate.Range(min=16)
)
SEGS_DEDUPE_MARKS = env.int("SEGS_DEDUPE_MARKS", 1_000_000, validate=validate.Range(min=0))
SEGS_WAITAOF_REPLICAS = env.int("SEGS_WAITAOF_REPLICAS", 0, validate=validate.Range(0, 5))
SEGS_MAX_UPLOAD_BYTES = env.int(
    "SEGS_MAX_UPLOAD_BYTES", 200_000_000, validate=validate.Range(min=1000)
)
SEGS_MAX_SOCKETS = env.int("SEGS_MAX_SOCKETS", 2000, validate=validate.Range(min=1))
SEGS_API_LIMITS: dict[str, int] = {
    "anonymous": 60,
    "customer": 300,
    "operator": 1200,
    "clerk": 1200,
    "admin": 1200,
    "head_end": 600,
}  # requests a minute
SEGS_API_LIMITS |= env.dict(
    "SEGS_API_LIMITS",
    {},
    subcast_values=int,
    validate=_are_limits,
)
SEGS_WATCH_PORT = env.int("SEGS_WATCH_PORT", 0, validate=validate.Range(0, 65535))
SEGS_WATCH_ADDRESS = env.str("SEGS_WATCH_ADDRESS", "127.0.0.1", validate=valid.is_address)

_database = env.dj_db_url("DATABASE_URL", DATABASE_URL, conn_max_age=60)
# In the demo each mail is a file, so that its link can be followed with no mail server.
_mail = env.dj_email_url(
    "EMAIL_URL",
    f"file:///{BASE_DIR / env.str('SEGS_HOME', '.segs')}/mail" if DEBUG else "smtp://localhost:25",
)

try:
    env.seal()
except EnvError as refusal:
    message = f"the environment holds a value SEGS cannot use: {refusal}"
    raise ImproperlyConfigured(message) from refusal

if not DEBUG and SECRET_KEY in ("", DEV_SECRET_KEY):
    message = "SECRET_KEY is not set: set it to a long random text, or DEBUG=1 for a demo"
    raise ImproperlyConfigured(message)

EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"]
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = SEGS_MAIL_FROM

# What a process is called in the audit trail and in pg_stat_activity, unless the URL says it.
_program = " ".join([Path(sys.argv[0]).name, *(a for a in sys.argv[1:2] if a[:1] != "-")])
_database["OPTIONS"] = {
    "application_name": _program[:63],
    # A process that is stopped in the middle of a transaction, or cut off, keeps its locks no
    # longer than this.
    "options": "-c idle_in_transaction_session_timeout=60s",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
} | _database.get("OPTIONS", {})
DATABASES = {"default": _database | {"CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "daphne",
    "segs_site.lib.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "csp",
    "segs_site.lib",
    "grid",
    "meters",
    "tariffs",
    "accounts",
    "alerts",
    "billing",
    "workers",
]

MIDDLEWARE = [
    "segs_site.lib.trace.trace_requests",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "segs_site.lib.bounds.bound_bodies",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pads its answers against guessing by length
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "segs_site.lib.bounds.bound_uploads",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "segs_site.lib.sliding.slide_sessions",
    "segs_site.lib.manners.mind_manners",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "segs_site.lib.throttles.tell_rate",
]

ROOT_URLCONF = "segs_site.urls"
ASGI_APPLICATION = "segs_site.asgi.application"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.services.sign_in.People"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
# In which people are told of outages; pages and API speak those with a complete catalogue.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français"),
             ("nl", "Nederlands")]  # fmt: skip
PAGE_LANGUAGES = ["en"]
TIME_ZONE = "UTC"  # Django's own default is America/Chicago
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG

CACHES = {
    "default": {
        "BACKEND": "segs_site.lib.caching.Cache",
        # Another database number than the streams': clearing the cache is a FLUSHDB.
        "LOCATION": CACHE_URL or f"{REDIS_URL.rsplit('/', 1)[0]}/1",
    },
}
CHANNEL_LAYERS = {
    "default": {
        # The other Redis layer drops silently beyond 100 messages a channel and, with
        # redis-py 8, times out in its own blocking pop.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    },
}

SESSION_COOKIE_AGE = 3600  # one hour, sliding
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_HTTPONLY = True  # scripts read the token from the page
SECURE_SSL_REDIRECT = SEGS_TLS_REDIRECT
SECURE_REDIRECT_EXEMPT = [r"^healthz?/?$", r"^readyz/?$", r"^metrics/?$"]  # asked from inside
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
# Only a proxy of ours may say so: any client can send the header.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SEGS_PROXIES else None
# To be in browsers' preload lists is a promise for a whole domain, which we cannot make.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-none-match"]
CORS_EXPOSE_HEADERS = [
    "Content-Disposition", "ETag", "Idempotent-Replayed", "RateLimit-Limit",
    "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "X-Request-Id",
]  # fmt: skip
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # bytes of a body that is no file
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # larger files lie on disk while they are read
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.ByToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["segs_site.lib.rendering.Json"],
    "DEFAULT_THROTTLE_CLASSES": ["segs_site.lib.throttles.ByRole"],
    "EXCEPTION_HANDLER": "segs_site.lib.problems.handle_exception",
    "NUM_PROXIES": SEGS_PROXIES,  # else any client chooses the address it is counted by
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "CHECK_REVOKE_TOKEN": True,  # a changed password ends every token given under the old one
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SEGS API",
    "DESCRIPTION": "Smart energy grid management: metering, prices, alarms and bills.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "segs_site.lib.schema.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "KeyStateEnum": "accounts.choices.KeyState",
        "RequestActionEnum": "meters.choices.RequestAction",
        "ReportingEnum": "meters.choices.Reporting",
        "QuarantineStateEnum": "meters.choices.QuarantineState",
        "FindingStateEnum": "meters.choices.FindingState",
        "SeverityEnum": "alerts.choices.SEVERITY_WORDS",
        "InvoiceStateEnum": "billing.choices.InvoiceState",
        "RunStateEnum": "billing.choices.RunState",
        "CorrectionStateEnum": "billing.choices.CorrectionState",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

CELERY_BROKER_URL = REDIS_URL
# A queue is a list in the broker and an event stream another kind of key: `alerts` is both.
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": "celery:"}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "windows"
CELERY_TIMEZONE = "UTC"  # crontabs have faults on clock-change days elsewhere
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# The schedule stands in `workers.celery` and is kept nowhere: beat needs no database, and after a
# restart everything is looked at once.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s %(request_id)s: %(message)s"}
    },
    "filters": {"trace": {"()": "segs_site.lib.trace.LogFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["trace"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},  # else a line for every request of the simulator
    },
}
