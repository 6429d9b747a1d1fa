"""A Hub on the loopback, for tests: enough of its protocol for the real `huggingface_hub` and `datasets` clients.

Repositories lie in memory as commits (each a whole {path: bytes}), branches and tags. Parquet goes through the LFS
protocol, everything else into the commit itself. A stale parent commit is 412, a tag that exists 409, no or a wrong
token 401. Clients need `HF_ENDPOINT=hub.url`, `HF_TOKEN=hub.token` and `HF_HUB_DISABLE_XET=1` before they are imported.
"""

import base64
import hashlib
import json
import re
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

Files = dict[str, bytes]
LARGE = (".parquet", ".safetensors")
"""Ends of the names of files that go through the LFS protocol."""


class Repository:
    """One repository: what each commit holds, where branches and tags point."""

    def __init__(self, private: bool) -> None:
        self.private = private
        self.commits: dict[str, Files] = {}
        self.messages: list[str] = []
        self.descriptions: list[str] = []
        self.gated: str | bool = False
        self.branches: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.commit({".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"}, "initial commit")

    @property
    def head(self) -> str:
        return self.branches["main"]

    @property
    def files(self) -> Files:
        return self.commits[self.head]

    def commit(self, files: Files, message: str) -> str:
        """Put a new commit with exactly these files on main."""
        stated = f"{len(self.commits)} {message} " + " ".join(
            f"{name}:{_sha256(files[name])}" for name in sorted(files)
        )
        sha = hashlib.sha1(stated.encode()).hexdigest()
        self.commits[sha] = dict(files)
        self.messages.append(message)
        self.branches["main"] = sha
        return sha

    def resolve(self, revision: str) -> str | None:
        revision = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        found = self.branches.get(revision) or self.tags.get(revision) or revision
        return found if found in self.commits else None


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        self.status, self.message, self.code = status, message, code


class Hub:
    """Serves at `url` until the `with` block ends."""

    def __init__(self) -> None:
        self.token = "hf_loopback"
        self.repositories: dict[str, Repository] = {}
        self.objects: Files = {}
        """LFS objects by SHA-256."""
        self.log: list[str] = []
        """`METHOD /path` of every request."""
        self.before: dict[str, Callable[[], Any]] = {}
        """{verb of a request (`commit`, `tag`, ...): called once, before it is answered}."""
        self.fault: tuple[int, str] | None = None
        """After so many more requests, one goes wrong: a status (`500`), `page` (of HTML), `reset` (the line breaks
        before anything is done) or `lost` (the line breaks once it is done, before the answer)."""
        self.answers: Callable[[str, str], tuple[int, dict[str, str], bytes] | None] | None = None
        """Asked first about every request (method and path): status, headers and body of another answer, or None."""
        self.anybody = False
        """Whether a token is not asked for, as by a mirror that wants a login in its address."""
        self.words = "the Hub is not well"
        """What it says when a request goes wrong."""
        self.lock = threading.RLock()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def due(self) -> str:
        """How this request is to go wrong; empty for not at all."""
        with self.lock:
            if self.fault is None:
                return ""
            left, how = self.fault
            self.fault = (left - 1, how) if left else None
            return "" if left else how

    def count(self, verb: str) -> int:
        """How many requests had this verb in their path."""
        return sum(f"/{verb}" in line for line in self.log)


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        self.method, self.body = method, self._read_body()
        parts = urlsplit(self.path)
        self.query = parse_qs(parts.query)
        path = parts.path
        self.hub.log.append(f"{method} {unquote(path)}")
        self.fault = self.hub.due()
        if self.hub.answers and (other := self.hub.answers(method, unquote(path))):
            return self._send(*other)
        if self.fault.isdigit():
            return self._json({"error": self.hub.words}, int(self.fault), message=self.hub.words)
        if self.fault == "page":
            return self._send(200, {"Content-Type": "text/html"}, f"<html>{self.hub.words}</html>".encode())
        if self.fault != "reset":
            self._route(method, path)
        if self.fault:
            # Closed without lingering: the client sees a reset, not an end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()

    def _route(self, method: str, path: str) -> None:
        for pattern, handler in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found is None or handler.split("_", 1)[0] not in ("any", method.lower().replace("head", "get")):
                continue
            verb = handler.split("_", 1)[1]
            if action := self.hub.before.pop(verb, None):
                action()
            try:
                with self.hub.lock:
                    getattr(self, handler)(*[unquote(group or "") for group in found.groups()])
            except Refusal as refusal:
                self._json({"error": refusal.message}, refusal.status, code=refusal.code, message=refusal.message)
            return
        self._json({"error": f"no such page: {method} {path}"}, 404)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _json(self, value: Any, status: int = 200, code: str = "", message: str = "") -> None:
        headers = {"Content-Type": "application/json"}
        headers |= {"X-Error-Code": code} if code else {}
        headers |= {"X-Error-Message": message} if message else {}
        self._send(status, headers, json.dumps(value).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        if self.fault == "lost":
            return
        # Else the server's own clock is in every answer.
        (self.send_response_only if "Date" in headers else self.send_response)(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.method != "HEAD":
            self.wfile.write(body)

    def _signed_in(self, *, needed: bool) -> bool:
        given = self.headers.get("Authorization")
        if given == f"Bearer {self.hub.token}" or self.hub.anybody:
            return True
        if given is not None:
            raise Refusal(401, "Invalid credentials in Authorization header")
        if needed:
            raise Refusal(401, "Invalid username or password.")
        return False

    def _repository(self, name: str, *, write: bool = False) -> Repository:
        signed_in = self._signed_in(needed=write)
        repository = self.hub.repositories.get(name)
        if repository is None or (repository.private and not signed_in):
            raise Refusal(404 if signed_in else 401, "Repository not found", "RepoNotFound")
        if write and name.startswith("others/"):
            raise Refusal(403, "Forbidden: you don't have write access to this repository.")
        return repository

    def _at(self, repository: Repository, revision: str) -> tuple[str, Files]:
        sha = repository.resolve(revision)
        if sha is None:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return sha, repository.commits[sha]

    def get_whoami(self) -> None:
        self._signed_in(needed=True)
        self._json({"type": "user", "name": "org", "fullname": "Org", "orgs": [], "auth": {"accessToken": {}}})

    def post_validate(self) -> None:
        document = json.loads(self.body)["content"]
        found = re.match(r"---\n([\s\S]*?)\n---\n", document)
        import yaml

        metadata = yaml.safe_load(found[1]) if found else None
        if not isinstance(metadata, dict) or "license" not in metadata:
            self._json({"errors": [{"message": '"license" is required'}], "warnings": []}, 400)
        else:
            self._json({"errors": [], "warnings": []})

    def post_create(self) -> None:
        self._signed_in(needed=True)
        asked = json.loads(self.body)
        name = f"{asked.get('organization') or 'org'}/{asked['name']}"
        if name.startswith("others/"):
            raise Refusal(403, "Forbidden: you don't have the rights to create a dataset under this namespace")
        if name in self.hub.repositories:
            # The client takes the address from here, where the repository may be there already.
            return self._json({"error": "You already created this dataset repo", "url": f"{self.hub.url}/{name}"}, 409)
        self.hub.repositories[name] = Repository(asked.get("visibility") == "private" or bool(asked.get("private")))
        self._json({"url": f"{self.hub.url}/datasets/{name}", "name": name, "id": name})

    def put_settings(self, name: str) -> None:
        asked = json.loads(self.body)
        repository = self._repository(name, write=True)
        repository.gated = asked.get("gated", repository.gated)
        self._json({})

    def post_preupload(self, name: str, revision: str) -> None:
        _, files = self._at(self._repository(name, write=True), revision)
        answers = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False,
                "oid": _oid(file["path"], files[file["path"]]) if file["path"] in files else None,
            }
            for file in json.loads(self.body)["files"]
        ]
        self._json({"files": answers})

    def post_batch(self, name: str) -> None:
        self._repository(name, write=True)
        objects = json.loads(self.body)["objects"]
        for item in objects:
            if item["oid"] not in self.hub.objects:
                item["actions"] = {"upload": {"href": f"{self.hub.url}/lfs/{item['oid']}", "header": {}}}
        self._json({"transfer": "basic", "objects": objects})

    def put_lfs(self, oid: str) -> None:
        if _sha256(self.body) != oid:
            raise Refusal(400, "these bytes have another hash")
        self.hub.objects[oid] = self.body
        self._send(200, {}, b"")

    def post_commit(self, name: str, revision: str) -> None:
        repository = self._repository(name, write=True)
        head, files = self._at(repository, revision)
        files = dict(files)
        message = ""
        for line in self.body.splitlines():
            item = json.loads(line)
            key, value = item["key"], item["value"]
            if key == "header":
                message = value["summary"]
                repository.descriptions.append(value.get("description", ""))
                if value.get("parentCommit") not in (None, head):
                    raise Refusal(412, "A commit has happened since. Please refresh and try again.")
            elif key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                if value["oid"] not in self.hub.objects:
                    raise Refusal(400, f"{value['path']}: this LFS object was never uploaded")
                files[value["path"]] = self.hub.objects[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
            else:
                raise Refusal(400, f"unknown operation {key}")
        sha = repository.commit(files, message)
        self._json({"success": True, "commitOid": sha, "commitUrl": f"{self.hub.url}/datasets/{name}/commit/{sha}"})

    def post_tag(self, name: str, revision: str) -> None:
        repository = self._repository(name, write=True)
        tag = json.loads(self.body)["tag"]
        if tag in repository.tags:
            raise Refusal(409, f"Tag reference exists already: {tag}")
        repository.tags[tag] = self._at(repository, revision)[0]
        self._json({})

    def get_refs(self, name: str) -> None:
        repository = self._repository(name)

        def listed(kind: str, refs: dict[str, str]) -> list[dict[str, str]]:
            return [{"name": ref, "ref": f"refs/{kind}/{ref}", "targetCommit": sha} for ref, sha in refs.items()]

        branches, tags = listed("heads", repository.branches), listed("tags", repository.tags)
        self._json({"branches": branches, "converts": [], "tags": tags})

    def get_info(self, name: str, revision: str) -> None:
        repository = self._repository(name)
        sha, files = self._at(repository, revision or "main")
        siblings = [{"rfilename": path} for path in sorted(files)]
        self._json(
            {
                "id": name,
                "_id": name,
                "sha": sha,
                "private": repository.private,
                "gated": repository.gated,
                "disabled": False,
                "tags": [],
                "downloads": 0,
                "likes": 0,
                "siblings": siblings,
                "lastModified": "2026-01-01T00:00:00.000Z",
                "createdAt": "2026-01-01T00:00:00.000Z",
            }
        )

    def get_tree(self, name: str, revision: str, folder: str) -> None:
        _, files = self._at(self._repository(name), revision)
        prefix = f"{folder}/" if folder else ""
        inside = {path: data for path, data in files.items() if path.startswith(prefix)}
        if folder and not inside:
            raise Refusal(404, f"{folder} does not exist", "EntryNotFound")
        if self.query.get("recursive", ["false"])[0].lower() != "true":
            inside = {path: data for path, data in inside.items() if "/" not in path[len(prefix) :]}
        folders = {
            prefix + "/".join(path[len(prefix) :].split("/")[:depth])
            for path in files
            if path.startswith(prefix)
            for depth in range(1, path[len(prefix) :].count("/") + 1)
            if depth == 1 or self.query.get("recursive", ["false"])[0].lower() == "true"
        }
        entries = [
            {"type": "directory", "path": path, "oid": _sha1(path.encode()), "size": 0} for path in sorted(folders)
        ]
        self._json(entries + [_entry(path, data) for path, data in sorted(inside.items())])

    def post_paths(self, name: str, revision: str) -> None:
        _, files = self._at(self._repository(name), revision)
        given = self.body.decode()
        asked = json.loads(given)["paths"] if given.startswith("{") else parse_qs(given).get("paths", [])
        entries: list[dict[str, Any]] = []
        for path in [asked] if isinstance(asked, str) else asked:
            if path in files:
                entries.append(_entry(path, files[path]))
            elif any(known.startswith(f"{path}/") for known in files):
                entries.append({"type": "directory", "path": path, "oid": _sha1(path.encode()), "size": 0})
        self._json(entries)

    def get_resolve(self, name: str, revision: str, path: str) -> None:
        sha, files = self._at(self._repository(name), revision)
        if path not in files:
            raise Refusal(404, "Entry not found", "EntryNotFound")
        data = files[path]
        headers = {"X-Repo-Commit": sha, "ETag": f'"{_oid(path, data)}"', "Accept-Ranges": "bytes"}
        if path.endswith(LARGE):
            headers |= {"X-Linked-Size": str(len(data)), "X-Linked-ETag": f'"{_sha256(data)}"'}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted is None:
            self._send(200, headers, data)
            return
        start, end = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        self._send(206, headers, data[start : end + 1])


_NAME, _KIND = r"([^/]+/[^/]+)", r"(?:datasets|models)"
_ROUTES = (
    (r"/api/whoami-v2", "get_whoami"),
    (r"/api/validate-yaml", "post_validate"),
    (r"/api/repos/create", "post_create"),
    (rf"/api/{_KIND}/{_NAME}/settings", "put_settings"),
    (rf"/api/{_KIND}/{_NAME}/preupload/([^/]+)", "post_preupload"),
    (rf"/(?:datasets/)?{_NAME}\.git/info/lfs/objects/batch", "post_batch"),
    (r"/lfs/([0-9a-f]{64})", "put_lfs"),
    (rf"/api/{_KIND}/{_NAME}/commit/([^/]+)", "post_commit"),
    (rf"/api/{_KIND}/{_NAME}/tag/([^/]+)", "post_tag"),
    (rf"/api/{_KIND}/{_NAME}/refs", "get_refs"),
    (rf"/api/{_KIND}/{_NAME}(?:/revision/([^/]+))?", "get_info"),
    (rf"/api/{_KIND}/{_NAME}/tree/([^/]+)(?:/(.+))?", "get_tree"),
    (rf"/api/{_KIND}/{_NAME}/paths-info/([^/]+)", "post_paths"),
    (rf"/(?:datasets/)?{_NAME}/resolve/([^/]+)/(.+)", "get_resolve"),
)


def _entry(path: str, data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": _git_oid(data)}
    if path.endswith(LARGE):
        entry["lfs"] = {"oid": _sha256(data), "size": len(data), "pointerSize": 130}
    return entry


def _oid(path: str, data: bytes) -> str:
    return _sha256(data) if path.endswith(LARGE) else _git_oid(data)


def _git_oid(data: bytes) -> str:
    return _sha1(b"blob %d\x00" % len(data) + data)


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
