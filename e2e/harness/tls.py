"""A TLS front for the server, as a reverse proxy gives it in production: it decrypts and passes bytes on.

Over TLS the SDKs behave differently: they stop signing the payload and send their checksum in a trailer behind
an aws-chunked body. Without this front those code paths of boto3 and the aws CLI would never meet the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

import trustme

COPY_BYTES = 64 * 1024


class TlsFront:
    """Listens on a free port of 127.0.0.1 with a certificate of its own authority; lives in one thread."""

    def __init__(self, plain_endpoint: str, directory: Path) -> None:
        target = urlsplit(plain_endpoint)
        self._target = (target.hostname, target.port)
        authority = trustme.CA()
        self.authority_file = directory / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority_file))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self._context)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tls-front", daemon=True)
        self._listener: asyncio.Server | None = None
        self.endpoint = ""

    def start(self) -> TlsFront:
        """Returns once the port is open."""
        self._thread.start()
        opening = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self._listener = asyncio.run_coroutine_threadsafe(opening, self._loop).result()
        self.endpoint = f"https://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    def stop(self) -> None:
        """Ends the thread; connections still open are dropped."""
        asyncio.run_coroutine_threadsafe(self._drop_connections(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _drop_connections(self) -> None:
        self._listener.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self._target)
        async with asyncio.TaskGroup() as directions:
            directions.create_task(_copy(reader, server_writer))
            directions.create_task(_copy(server_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # Either side may vanish at any time; the other one learns it by the close.
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while block := await reader.read(COPY_BYTES):
            writer.write(block)
            await writer.drain()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        writer.close()
