"""Exports to the Hugging Face Hub, on a server of this machine that speaks the endpoints which they need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from export.hub import Hub, hub
from export.made import Made, single, small

from picofw.errors import ConfigError, StoreError
from picofw.export import remote, upload
from picofw.export.check import verify_export
from picofw.export.hf import HuggingFace
from picofw.export.manifest import NAME
from picofw.export.pico import Pico
from picofw.export.remote import UNDER_WAY

PICO, HF = Pico(Pico.Options()), HuggingFace(HuggingFace.Options())
REPOSITORY = "me/edits"
URL = f"hf://datasets/{REPOSITORY}"


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub(REPOSITORY) as server:
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        template = f"{server.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
        fsspec.get_filesystem_class("hf").clear_instance_cache()
        yield server
        fsspec.get_filesystem_class("hf").clear_instance_cache()


def fetched(server: Hub, folder: Path, below: str = "") -> Path:
    for name, data in server.files.items():
        path = folder / name.removeprefix(below)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_what_is_uploaded_is_the_whole_export_at_the_repositorys_root(there, tmp_path):
    done = upload(small(), HF, URL, tmp_path / "scratch")
    assert str(done).startswith(f"{URL}: sft ")
    assert {"README.md", "croissant.json", NAME} <= there.files.keys()
    assert UNDER_WAY not in there.files
    assert verify_export(fetched(there, tmp_path / "back")) == []


def test_a_folder_of_the_repository_is_as_good(there, tmp_path):
    there.files["mine.txt"] = b"not ours"
    upload(small(), PICO, f"{URL}/v1", tmp_path)
    assert there.files.pop("mine.txt") == b"not ours"
    assert verify_export(fetched(there, tmp_path / "back", "v1/")) == []


def test_many_files_are_a_few_commits(there, tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "COMMIT_FILES", 4)
    done = upload(small(), PICO, URL, tmp_path)
    sent = [added for added, removed in there.commits if not removed][1:-1]
    assert sum(sent) == done.files
    assert set(sent[:-1]) == {4}


def test_an_upload_that_broke_has_no_manifest_and_goes_on_where_it_was(there, tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "COMMIT_FILES", 4)
    there.fail_after = 3
    with pytest.raises(StoreError, match="the same command goes on"):
        upload(small(), PICO, URL, tmp_path)
    assert NAME not in there.files
    before = len(there.files) - 1
    assert before == 8
    there.fail_after, there.commits = None, []
    done = upload(small(), PICO, URL, tmp_path)
    assert sum(added for added, _ in there.commits) == done.files - before + 2, "all else, and the manifest twice"
    assert verify_export(fetched(there, tmp_path / "back")) == []


def test_the_same_export_again_commits_nothing(there, tmp_path):
    upload(small(), PICO, URL, tmp_path)
    there.fail_after = 0
    upload(small(), PICO, URL, tmp_path)


def test_another_export_is_replaced_only_when_told_so_and_leaves_nothing_behind(there, tmp_path):
    upload(small(), PICO, URL, tmp_path)
    other = Made([single("zz")])
    with pytest.raises(ConfigError, match="holds another export"):
        upload(other, PICO, URL, tmp_path)
    upload(other, PICO, URL, tmp_path, overwrite=True)
    assert there.files.keys() == {NAME, *json.loads(there.files[NAME])["files"]}
    assert verify_export(fetched(there, tmp_path / "back")) == []


def test_a_repository_that_is_not_there_is_the_users_to_make(there, tmp_path):
    with pytest.raises(ConfigError, match=r"hf://datasets/me/other: .*create the repository first"):
        upload(small(), PICO, "hf://datasets/me/other", tmp_path)
    assert not there.commits
