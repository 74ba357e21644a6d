# Build: a virtual environment with tieout and what it needs; nothing of the build stays in the image that runs.
FROM python:3.11-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY models models
COPY streams streams
COPY tables tables
COPY agents agents
RUN python -m venv /opt/tieout && /opt/tieout/bin/pip install --no-cache-dir .

FROM python:3.11-slim
LABEL org.opencontainers.image.title="tieout" org.opencontainers.image.licenses="Apache-2.0"
# The only folder that is written to is the data folder (and /tmp): the root file system may be read-only.
RUN groupadd --gid 10001 tieout \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/tieout --shell /usr/sbin/nologin tieout \
    && install -d -o 10001 -g 10001 -m 0750 /var/lib/tieout
COPY --from=build /opt/tieout /opt/tieout
ENV PATH=/opt/tieout/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TIEOUT_DATA_DIR=/var/lib/tieout \
    TIEOUT_WEB_HOST=0.0.0.0 \
    TIEOUT_WEB_PORT=6066 \
    TIEOUT_METRICS_PORT=6067
WORKDIR /var/lib/tieout
VOLUME ["/var/lib/tieout"]
USER 10001:10001
EXPOSE 6066 6067
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:6067/health/live', timeout=4)"]
ENTRYPOINT ["tieout"]
CMD ["worker"]
