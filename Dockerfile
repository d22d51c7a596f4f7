FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1
WORKDIR /opt/tongxing

COPY requirements.txt ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt

# Built by the pinned setuptools from what was copied: nothing is fetched.
COPY . ./
RUN pip install --no-cache-dir --no-index --no-deps --no-build-isolation . \
    && useradd --system --uid 10001 tongxing \
    && install --directory --owner tongxing --group tongxing /var/lib/tongxing

WORKDIR /var/lib/tongxing
USER tongxing
ENTRYPOINT ["tongxing"]
