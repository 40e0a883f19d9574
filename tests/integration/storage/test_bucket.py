"""Recordings in a bucket: there whole or not at all; one that is gone is no broken recording."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from richspeech.errors import JobError, StoreError
from richspeech.storage import bucket
from richspeech.storage.bucket import Bucket

ID, OTHER = "0123456789abcdef", "fedcba9876543210"


@contextmanager
def storage() -> Iterator[str]:
    """Run a server that speaks as S3 does; gives its address."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def recordings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with storage() as address:
        keys = {"ACCESS_KEY_ID": "tester", "SECRET_ACCESS_KEY": "tester"}
        for name, value in {**keys, "ENDPOINT_URL": address, "MAX_ATTEMPTS": "1"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        made = Bucket("s3://recordings/of-tests")
        made._files.mkdir("recordings")
        yield made
        made._files.rm("recordings", recursive=True)  # the server's memory is this process's


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "call.wav"
    path.write_bytes(bytes(range(256)) * 4_000)
    return path


def test_a_recording_is_fetched_as_it_was_kept_until_it_is_deleted(
    recordings: Bucket, source: Path
) -> None:
    recordings.keep(ID, source)
    recordings.keep(ID, source)
    with recordings.open(ID) as path:
        assert path.read_bytes() == source.read_bytes()
    assert not path.exists()
    recordings.delete(ID)
    recordings.delete(ID)
    with pytest.raises(JobError, match=ID), recordings.open(ID):
        pytest.fail("it was deleted")


def test_what_belongs_to_no_job_goes_once_it_is_not_new(
    recordings: Bucket, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings.sweep([])
    recordings.keep(ID, source)
    recordings.keep(OTHER, source)
    recordings.sweep([OTHER])
    with recordings.open(ID):
        pass
    monkeypatch.setattr(bucket, "NEW_SECONDS", -1.0)
    recordings.sweep([OTHER])
    with recordings.open(OTHER):
        pass
    with pytest.raises(JobError), recordings.open(ID):
        pytest.fail("it belonged to no job")


def test_a_bucket_that_is_gone_is_said_so(recordings: Bucket, source: Path) -> None:
    with pytest.raises(StoreError, match=f"{ID}.*bucket does not exist"):
        Bucket("s3://none-of-this-name").keep(ID, source)


@pytest.mark.parametrize("identifier", ["../" + ID, "", "call.wav", ID + "/x"])
def test_nothing_but_an_id_becomes_a_key(recordings: Bucket, source: Path, identifier: str) -> None:
    with pytest.raises(StoreError, match="job"):
        recordings.keep(identifier, source)
    with pytest.raises(StoreError, match="job"):
        recordings.delete(identifier)


def test_a_server_that_is_gone_is_no_broken_recording(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with storage() as address:
        pass
    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    gone = Bucket("s3://recordings/of-tests")
    began = time.monotonic()
    with pytest.raises(StoreError, match=ID), gone.open(ID):
        pytest.fail("there is no server")
    assert time.monotonic() - began < 30
