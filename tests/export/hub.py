"""The few endpoints of the Hugging Face Hub that uploads need, for one dataset repository; files are kept in memory."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from huggingface_hub import DatasetCard


class Hub(ThreadingHTTPServer):
    """A hub that has one repository.

    Attributes:
        files: The repository's files by path.
        commits: For each commit: how many files it added and removed.
        fail_after: Commits that are answered before all further ones fail; None: none fails.
    """

    def __init__(self, repository: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repository = repository
        self.files: dict[str, bytes] = {}
        self.commits: list[tuple[int, int]] = []
        self.fail_after: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def hub(repository: str) -> Iterator[Hub]:
    server = Hub(repository)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._route("HEAD")

    def do_GET(self) -> None:
        self._route("GET")

    def do_POST(self) -> None:
        self._route("POST")

    def _route(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(self._chunks())
        path, name = unquote(urlsplit(self.path).path), re.escape(self.server.repository)
        for pattern, answer in {
            f"/datasets/{name}/resolve/[^/]+/(.+)": self._file,
            f"/api/datasets/{name}/paths-info/[^/]+": self._paths,
            f"/api/datasets/{name}/tree/[^/]+/?(.*)": self._tree,
            f"/api/datasets/{name}/preupload/[^/]+": self._preupload,
            f"/api/datasets/{name}/commit/[^/]+": self._commit,
            f"/api/datasets/{name}(?:/revision/[^/]+)?": self._repository,
            "/api/validate-yaml": self._card,
        }.items():
            if found := re.fullmatch(pattern, path):
                answer(body, *found.groups())
                return
        self._say(404, {"error": f"{method} {path}"}, **{"X-Error-Code": "RepoNotFound"})

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _say(self, status: int, value: object, **headers: str) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for key, text in {"Content-Length": str(len(data)), "Content-Type": "application/json", **headers}.items():
            self.send_header(key, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _repository(self, _: bytes) -> None:
        self._say(200, {"id": self.server.repository, "sha": "0" * 40, "private": True, "siblings": [], "tags": []})

    def _card(self, body: bytes) -> None:
        """The hub refuses a card whose header it cannot read."""
        fields = json.loads(body)
        errors = [] if DatasetCard(fields["content"]).data.configs else ["a card without configs"]
        self._say(400 if errors else 200, {"errors": errors, "warnings": []})

    def _file(self, _: bytes, path: str) -> None:
        if path in self.server.files:
            data = self.server.files[path]
            commit = {"X-Repo-Commit": "0" * 40, "ETag": f'"{_oid(data)}"'}
            whole = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            if whole:
                first, last = map(int, whole.groups())
                commit["Content-Range"] = f"bytes {first}-{min(last, len(data) - 1)}/{len(data)}"
                data = data[first : last + 1]
            self._say(206 if whole else 200, data, **commit)
        else:
            self._say(404, {}, **{"X-Error-Code": "EntryNotFound"})

    def _entries(self, below: str) -> list[dict[str, object]]:
        files = {path: data for path, data in self.server.files.items() if path.startswith(below)}
        folders = {path.rpartition("/")[0] for path in files} - {""}
        return [
            *({"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in sorted(folders)),
            *(
                {"type": "file", "path": path, "oid": _oid(data), "size": len(data)}
                for path, data in sorted(files.items())
            ),
        ]

    def _tree(self, _: bytes, path: str) -> None:
        found = self._entries(f"{path}/" if path else "")
        if path and not found:
            self._say(404, {}, **{"X-Error-Code": "EntryNotFound"})
        else:
            self._say(200, found)

    def _paths(self, body: bytes) -> None:
        fields = json.loads(body)
        self._say(200, [entry for entry in self._entries("") if entry["path"] in fields["paths"]])

    def _preupload(self, body: bytes) -> None:
        files = [
            {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
            for file in json.loads(body)["files"]
        ]
        self._say(200, {"files": files})

    def _commit(self, body: bytes) -> None:
        if self.server.fail_after is not None and len(self.server.commits) >= self.server.fail_after:
            self._say(403, {"error": "no more"})
            return
        added = removed = 0
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                self.server.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
                added += 1
            elif line["key"] == "deletedFile":
                del self.server.files[line["value"]["path"]]
                removed += 1
        self.server.commits.append((added, removed))
        made = f"{len(self.server.commits):040}"
        url = f"{self.server.url}/datasets/{self.server.repository}/commit/{made}"
        self._say(200, {"commitUrl": url, "commitOid": made})


def _oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
