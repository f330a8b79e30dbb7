"""A real browser, and an origin of its own to serve it pages from."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit

from harness.commands import Node

CONTENT_TYPES = {".html": "text/html", ".mjs": "text/javascript"}


class PageServer:
    """Serves files under names on a port of its own: to the browser, another origin than the server under test."""

    def __init__(self, files: dict[str, Path]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                file = files.get(urlsplit(self.path).path)
                self.send_response(200 if file else 404)
                content = file.read_bytes() if file else b""
                self.send_header("Content-Type", CONTENT_TYPES[file.suffix] if file else "text/plain")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def origin(self) -> str:
        """The value of the `Origin` header that its pages send."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> PageServer:
        """Serves until `stop`."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends, and waits for it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass(frozen=True)
class Sight:
    """What is to be seen in a browser: the page, whether it has a provider's login form, how wide its pictures are, the
    cookies that its scripts can read, and those that the browser keeps for it."""

    url: str
    status: int
    text: str
    form: bool
    pictures: list[int]
    readable: str
    cookies: dict[str, dict]


@dataclass(frozen=True)
class Browser:
    """Chromium: the one on PATH, or the one that comes as an npm package, driven by Playwright."""

    node: Node

    def upload(self, origin: str, file: str, file_type: str, urls: dict[str, str]) -> dict[str, dict]:
        """Opens the page of `js/upload.html`, uploads `file`, and returns what the page saw of each answer."""
        credentials = self.node.server.credentials
        told = urls | {
            "accessKeyId": credentials.access_key_id,
            "secretAccessKey": credentials.secret_access_key,
        }
        page = f"{origin}/#{quote(json.dumps(told))}"
        return self.node("browser.mjs", PAGE=page, FILE=file, FILE_TYPE=file_type, CHROMIUM=self.chromium())

    def read(self, origin: str, urls: dict[str, str]) -> dict:
        """Opens the page of `js/read.html` and returns what it could use of what lies at `urls`."""
        page = f"{origin}/read#{quote(json.dumps(urls))}"
        return self.node("browser_reads.mjs", PAGE=page, CHROMIUM=self.chromium())

    def visit(self, *steps: tuple[str, str]) -> list[Sight]:
        """Goes through the steps of `js/visits.mjs` as one person with no cookies; what was seen after each."""
        seen = self.node("visits.mjs", STEPS=json.dumps(steps), CHROMIUM=self.chromium())
        return [Sight(**sight) for sight in seen]

    @staticmethod
    def chromium() -> str:
        """The Chromium of this machine; empty if there is none."""
        return shutil.which("chromium") or ""
