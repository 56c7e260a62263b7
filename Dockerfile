# Two stages: the wheels are made in the first, the second has Python, the wheels and nothing to build with.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
# For the compiled pass over raw bytes; without a compiler the image works all the same, slower.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY requirements.lock .
RUN python -m venv /opt/trailwarden \
 && /opt/trailwarden/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml setup.py README.md LICENSE ./
COPY src src
RUN python -m venv /tmp/build && /tmp/build/bin/pip install --no-cache-dir build \
 && /tmp/build/bin/python -m build --wheel --outdir /tmp/dist . \
 && /opt/trailwarden/bin/pip install --no-cache-dir --no-deps --no-index /tmp/dist/*.whl

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="Trailwarden" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /var/lib/trailwarden --create-home trailwarden \
 && mkdir -p /var/spool/cloudtrail
COPY --from=build /opt/trailwarden /opt/trailwarden
COPY config/trailwarden.yaml /etc/trailwarden/trailwarden.yaml
ENV PATH=/opt/trailwarden/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
VOLUME ["/var/lib/trailwarden"]
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/livez', timeout=2)"]
ENTRYPOINT ["trailwarden"]
CMD ["run", "--config", "/etc/trailwarden/trailwarden.yaml"]
