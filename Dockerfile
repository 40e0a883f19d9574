# The console as an image, without root. As it stands for a CPU; for an NVIDIA GPU
# --build-arg TORCH_INDEX= takes torch from PyPI, whose build brings CUDA along. What does the work are
# scripts that CI runs as well: docs/deployment.md.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS dependencies
COPY scripts/install_system.sh /opt/richspeech/scripts/
RUN bash /opt/richspeech/scripts/install_system.sh
WORKDIR /opt/richspeech
COPY requirements.txt requirements-workers.txt ./
COPY scripts/environment.sh scripts/
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN --mount=type=cache,target=/root/.cache/pip \
    bash -c '. scripts/environment.sh && environment requirements-workers.txt'

FROM dependencies AS package
COPY requirements-dev.txt pyproject.toml README.md postprocess.py app_sensevoice.py config.yaml ./
COPY scripts/build.sh scripts/
COPY examples examples
COPY models models
COPY richspeech richspeech
RUN bash scripts/build.sh

FROM dependencies
# Only this layer and what follows change with the program; the one before has the gigabytes.
RUN --mount=type=bind,from=package,source=/opt/richspeech/dist,target=/dist \
    .venv/bin/python -m pip install --quiet --no-deps --no-index /dist/*.whl
COPY deploy/entrypoint.sh /usr/local/bin/richspeech-entrypoint
ENV PATH=/opt/richspeech/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_DATA_HOME=/var/lib \
    XDG_CACHE_HOME=/var/cache/richspeech \
    MODELSCOPE_CACHE=/var/cache/richspeech/modelscope \
    HF_HOME=/var/cache/richspeech/huggingface \
    NUMBA_CACHE_DIR=/var/cache/richspeech/numba \
    RICHSPEECH_MODEL__CACHE_FOLDER=/var/cache/richspeech/prepared \
    TMPDIR=/var/tmp \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HUB_DISABLE_TELEMETRY=1 \
    DO_NOT_TRACK=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 1000:1000
WORKDIR /var/lib/richspeech
VOLUME ["/var/lib/richspeech", "/var/cache/richspeech"]
EXPOSE 6006
# The first start imports everything from a cold disk.
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:6006/livez', timeout=4)"]
# tini passes signals on and buries the dead, which a first process has to do.
ENTRYPOINT ["tini", "--", "sh", "/usr/local/bin/richspeech-entrypoint"]
# On every address, or nobody outside would reach it: then the console wants a user and a password.
CMD ["richspeech", "serve", "--host", "0.0.0.0"]
