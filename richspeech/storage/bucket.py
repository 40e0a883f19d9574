"""The recordings of jobs in an S3-compatible bucket, for workers on other machines.

The address, the region and the keys of the bucket are where every program for S3 looks for them:
``AWS_ENDPOINT_URL``, ``AWS_DEFAULT_REGION``, ``AWS_ACCESS_KEY_ID`` and others, or the role of the
machine. An object is there whole or not at all.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from richspeech.errors import JobError, StoreError
from richspeech.extras import extra
from richspeech.storage.recordings import IDENTIFIER, NEW_SECONDS, require_identifier

SCHEME = "s3://"


class Bucket:
    """A folder in a bucket, with what ``Recordings`` has; for all threads.

    Everything raises ``StoreError`` when the bucket cannot be used.
    """

    def __init__(self, url: str) -> None:
        """Take ``s3://BUCKET/FOLDER``. Raises ``SettingsError`` where fsspec or s3fs is missing."""
        self._root = url.removeprefix(SCHEME).strip("/")
        with extra("workers", "fsspec"):
            import fsspec  # noqa: PLC0415
        with extra("workers", "s3fs"):
            import s3fs  # noqa: F401, PLC0415
        self._fsspec = fsspec

    @cached_property
    def _files(self) -> Any:
        """Connects at the first use. Listings are never remembered: others change them."""
        return self._fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True)

    def keep(self, identifier: str, source: Path) -> None:
        """Have the recording of a job here as well."""
        with _told_unwritable(identifier):
            self._files.put_file(str(source.resolve(strict=True)), self._path(identifier))

    @contextmanager
    def open(self, identifier: str) -> Iterator[Path]:
        """Give the recording of a job to be decoded; raises ``JobError`` when it is gone.

        A copy, since a decoder cannot tell a bucket that hangs up from a recording that is broken.
        """
        with TemporaryDirectory(prefix="recording-") as folder:
            path = Path(folder) / "recording"
            with _told_unreadable(identifier):
                self._files.get_file(self._path(identifier), str(path))
            yield path

    def delete(self, identifier: str) -> None:
        """Delete the recording of a job; one that is gone already is no error."""
        with _told_unwritable(identifier):
            self._files.rm_file(self._path(identifier))

    def sweep(self, identifiers: Collection[str]) -> None:
        """Delete what belongs to none of these jobs, unless it is new."""
        for name, age_seconds in self._ages().items():
            is_ours = IDENTIFIER.fullmatch(name) and name not in identifiers
            if is_ours and age_seconds > NEW_SECONDS:
                self.delete(name)

    def _ages(self) -> dict[str, float]:
        try:
            found = self._files.ls(self._root, detail=True)
        except FileNotFoundError:  # nothing was ever kept
            return {}
        except _failures() as error:
            raise StoreError("recording.unlisted", why=str(error)) from error
        now = datetime.now(UTC)
        return {
            each["name"].rpartition("/")[2]: (now - each["LastModified"]).total_seconds()
            for each in found
            if each["type"] == "file"
        }

    def _path(self, identifier: str) -> str:
        require_identifier(identifier)
        return f"{self._root}/{identifier}"


@contextmanager
def _told_unreadable(identifier: str) -> Iterator[None]:
    """Turn what a bucket raises into what people are told."""
    try:
        yield
    except FileNotFoundError as error:
        raise JobError("job.no_recording", number=identifier) from error
    except _failures() as error:
        raise StoreError("recording.unreadable", number=identifier, why=str(error)) from error


@contextmanager
def _told_unwritable(identifier: str) -> Iterator[None]:
    try:
        yield
    except _failures() as error:
        raise StoreError("recording.unwritable", number=identifier, why=str(error)) from error


def _failures() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - an extra

    return OSError, BotoCoreError
