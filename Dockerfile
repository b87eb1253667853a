# One image for every process of the platform; docker-compose.yml says which command runs where.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes \
        -r requirements/base.txt
COPY . .
# Settings need a key to load; this one is made in a folder that stays behind in this stage.
RUN DATA_DIR=/tmp/build /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /opt/venv/bin/python -m compileall -q /app /opt/venv/lib

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="logplatform" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin logplatform \
    && install -d -o logplatform -g logplatform -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
# `manage.py up` collects static files at each start, which leaves these as they are.
RUN chown -R logplatform:logplatform /app/staticfiles
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    HOST=0.0.0.0
WORKDIR /app
USER logplatform
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Without a command the container is a whole platform: web, worker, beat, queue and log engine.
CMD ["python", "manage.py", "up"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
