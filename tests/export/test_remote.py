"""Exports to a bucket, on an S3 server of this machine: whole or not whole, and never uploaded twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import fsspec
import pytest
from export.made import Made, single, small
from moto.server import ThreadedMotoServer

from picofw.errors import ConfigError, StoreError
from picofw.export import upload
from picofw.export.check import verify_export
from picofw.export.manifest import NAME
from picofw.export.pico import Pico
from picofw.export.remote import UNDER_WAY, _Place

PICO = Pico(Pico.Options())
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # moto's and s3fs' own


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server, monkeypatch, request) -> str:
    for name, value in {
        "ENDPOINT_URL": server,
        "ACCESS_KEY_ID": "k",
        "SECRET_ACCESS_KEY": "s",
        "DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    name = f"bucket-{abs(hash(request.node.name))}"
    fsspec.filesystem("s3").mkdir(name)
    return f"s3://{name}/exports/pico"


def names(url: str) -> set[str]:
    files, root = fsspec.core.url_to_fs(url)
    files.invalidate_cache()
    return {name.removeprefix(f"{root}/") for name in files.find(root)}


def fetched(url: str, folder: Path) -> Path:
    files, root = fsspec.core.url_to_fs(url)
    files.get(root, str(folder), recursive=True)
    return folder


def test_what_is_uploaded_is_the_whole_export(bucket, tmp_path):
    done = upload(small(), PICO, bucket, tmp_path / "scratch")
    assert str(done).startswith(f"{bucket}: sft ")
    assert verify_export(fetched(bucket, tmp_path / "back")) == []
    assert list((tmp_path / "scratch").iterdir()) == []


def test_an_upload_that_broke_has_no_manifest_and_goes_on_where_it_was(bucket, tmp_path, monkeypatch):
    real, sent = _Place.send, []

    def breaking(self, folder, names):
        some = list(islice(names, 3))
        real(self, folder, some)
        sent.extend(some)
        raise StoreError("gone")

    def counting(self, folder, names):
        real(self, folder, (sent.append(name) or name for name in names))

    monkeypatch.setattr(_Place, "send", breaking)
    with pytest.raises(StoreError):
        upload(small(), PICO, bucket, tmp_path)
    assert NAME not in names(bucket)
    before = set(sent)
    sent.clear()
    monkeypatch.setattr(_Place, "send", counting)
    upload(small(), PICO, bucket, tmp_path)
    assert not before & set(sent)
    assert UNDER_WAY not in names(bucket)
    assert verify_export(fetched(bucket, tmp_path / "back")) == []


def test_the_same_export_again_uploads_nothing(bucket, tmp_path, monkeypatch):
    upload(small(), PICO, bucket, tmp_path)
    monkeypatch.setattr(_Place, "send", lambda *_: pytest.fail("it is there"))
    upload(small(), PICO, bucket, tmp_path)


def test_another_export_is_replaced_only_when_told_so_and_leaves_nothing_behind(bucket, tmp_path):
    upload(small(), PICO, bucket, tmp_path)
    other = Made([single("zz")])
    with pytest.raises(ConfigError, match="holds another export: choose another place, or add --overwrite"):
        upload(other, PICO, bucket, tmp_path)
    upload(other, PICO, bucket, tmp_path, overwrite=True)
    back = fetched(bucket, tmp_path / "back")
    assert verify_export(back) == []
    assert json.loads((back / NAME).read_text())["counts"]["sft"] == 1
    assert names(bucket) == {NAME, *json.loads((back / NAME).read_text())["files"]}


def test_a_place_that_cannot_be_reached_is_told(bucket, tmp_path):
    with pytest.raises(StoreError, match="s3://no-such-bucket/x: "):
        upload(small(), PICO, "s3://no-such-bucket/x", tmp_path)
    with pytest.raises(ConfigError, match="Protocol not known: nope"):
        upload(small(), PICO, "nope://x", tmp_path)
