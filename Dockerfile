# syntax=docker/dockerfile:1
# One image, four targets: router, worker, web, monitor. They differ in what they run, not in
# what is in them, so that a host keeps one set of layers.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/varde
# First what changes seldom: pinned and checked by hash.
COPY requirements.lock ./
RUN /opt/varde/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . .
RUN /opt/varde/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim-bookworm AS varde
COPY --from=build /opt/varde /opt/varde
ENV PATH=/opt/varde/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VARDE_HOME=/var/lib/varde
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin varde \
 && install --directory --owner=varde --group=varde --mode=0750 /var/lib/varde
USER varde
WORKDIR /var/lib/varde

FROM varde AS router
EXPOSE 11112
CMD ["varde", "router"]

FROM varde AS worker
CMD ["varde", "worker"]

FROM varde AS web
EXPOSE 8080
CMD ["varde", "web"]

FROM varde AS monitor
EXPOSE 9108
CMD ["varde", "monitor"]
