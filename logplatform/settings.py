"""Django settings. Values that differ between installations come from `logplatform.env`."""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url

from logplatform import admin_theme
from logplatform.env import embedded_urls, load_env, load_secrets
from logplatform.kernel import failpoints

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = load_env()
_embedded = embedded_urls(ENV)
failpoints.arm(ENV.failpoints_dir)

SECRET_KEY = ENV.secret_key or load_secrets(ENV.secrets_file)["secret_key"]
DEBUG = ENV.debug
PUBLIC_URL = ENV.public_url or f"http://localhost:{ENV.port}"
ALLOWED_HOSTS: list[str] = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    urlsplit(PUBLIC_URL).hostname or "localhost",
    *ENV.allowed_hosts,
]
CSRF_FAILURE_VIEW = "logplatform.dead_ends.no_form_token"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if ENV.public_url else []
_is_tls = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_tls
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trusted_proxies else None
SECURE_REFERRER_POLICY = "same-origin"
# The proxy that ends TLS leads there from plain HTTP, and says that it has to stay so (HSTS).
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]
X_FRAME_OPTIONS = "DENY"

VALKEY_URL = ENV.valkey_url or _embedded.get("valkey_url", "")
CLICKHOUSE_URL = ENV.clickhouse_url or _embedded.get("clickhouse_url", "")
CLICKHOUSE_CLUSTER = ENV.clickhouse_cluster

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_prometheus",
    "logplatform.apps.LogplatformConfig",
    "storage",
    "ingestion",
    "analytics",
    "dashboard",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "logplatform.middleware.RequestIdMiddleware",
    "logplatform.middleware.ContentSecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "logplatform.urls"
ASGI_APPLICATION = "logplatform.asgi.application"
WSGI_APPLICATION = "logplatform.wsgi.application"

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
            ]
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        ENV.database_url or f"sqlite:///{ENV.data_dir / 'control.sqlite3'}",
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "logplatform.sign_in.Guard",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "explorer"
LOGOUT_REDIRECT_URL = "login"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "logplatform.formats"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "dashboard.static_files.ModuleStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": VALKEY_URL,
        "KEY_PREFIX": "lgs:cache",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # No socket timeout. The layer waits 5 s for news in one command, and redis-py's own
            # 5 s ended every tail that was idle for so long. A longer one sends by
            # asyncio.wait_for, which swallows cancellations before Python 3.12: closed tails hung.
            "hosts": [{"address": VALKEY_URL, "socket_timeout": None, "socket_keepalive": True}],
            "prefix": "lgs:live",
            "capacity": 200,
            "expiry": 10,
        },
    }
}

# The whole body is counted and cut off by ingestion.door before Django sees it.
DATA_UPLOAD_MAX_MEMORY_SIZE = ENV.max_body_bytes

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ingestion.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "logplatform.api_errors.handle",
    "NUM_PROXIES": ENV.trusted_proxies,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Logplatform API",
    "DESCRIPTION": "Send logs, search them, and manage who may.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "logplatform.api_examples.add_examples",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ReplayStateEnum": "ingestion.models.Replay.State",
        "ReceiptStateEnum": ["queued", "done"],
        "MultilineEnum": ["auto", "off"],
        "RedactionEnum": "ingestion.treatment.models.Action",
        "FormatKindEnum": "ingestion.custom.models.Kind",
        "SuggestionKindEnum": "analytics.questions.suggest.KINDS",
        "PanelKindEnum": "analytics.saved.panels.KINDS",
        "ChangeKindEnum": "analytics.questions.insights.KINDS",
        "VolumeKindEnum": "analytics.questions.volume_anomalies.KINDS",
    },
}

CELERY_BROKER_URL = VALKEY_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 200
CELERY_TASK_TIME_LIMIT = 240
CELERY_VISIBILITY_TIMEOUT = 300
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "global_keyprefix": "lgs:celery:",
    "socket_timeout": 10,
    "socket_keepalive": True,
    "health_check_interval": 15,
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 5
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
# A child loads the parsers before it says that it is up. On a machine with too much to do that took
# longer than the 4 s of the default: each child was killed for it and nothing was drained.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 60
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5}
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BEAT_SCHEDULER = "logplatform.beat:Scheduler"
CELERY_TIMEZONE = "UTC"
# No results are kept, so beat needs no task to clean them.
CELERY_RESULT_EXPIRES = None
DJANGO_CELERY_BEAT_TZ_AWARE = True

UNFOLD = admin_theme.UNFOLD

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "logplatform.kernel.jsonlog.JsonFormatter"}},
    "filters": {"away": {"()": "logplatform.away.WithoutTraceback"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["away"]}
    },
    "root": {"handlers": ["stderr"], "level": ENV.log_level},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        # It calls a bell that came too late, which the next one makes up for, a revoked task.
        "celery.worker.request": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
