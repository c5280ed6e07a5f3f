"""A server on this machine that misbehaves on demand."""

import http.server
import threading
import time
from contextlib import contextmanager, suppress


class Site:
    """A file, what to do to successive requests for it, and what was asked and sent."""

    def __init__(self, body):
        self.body = body
        self.headers = {"ETag": '"v1"', "Content-Type": "application/octet-stream"}
        self.tells_length = True
        self.takes_ranges = True
        self.moved_to = None  # path of another file
        self.statuses = []  # answered to the first requests instead of the file
        self.drops = []  # bytes after which the connection of the first answers drops
        self.stalls = []  # seconds before each of the first answers
        self.asked = []  # the Range header of each request
        self.sent = []  # bytes of the file sent for each answer

    def slice(self, wanted):
        """Status, first byte to send, and headers for a Range header."""
        size = len(self.body)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.takes_ranges else 0
        headers = dict(self.headers)
        if start >= size > 0:
            return 416, size, {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
        if self.tells_length:
            headers["Content-Length"] = str(size - start)
        if start:
            return 206, start, headers | {"Content-Range": f"bytes {start}-{size - 1}/{size}"}
        return 200, 0, headers


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the files of `server.sites`."""

    def do_GET(self):
        site = self.server.sites.get(self.path.partition("?")[0])
        if site is None:
            return self.reply(404, {"Content-Length": "0"})
        if site.moved_to:
            return self.reply(302, {"Location": site.moved_to})
        wanted = self.headers["Range"]
        site.asked.append(wanted)
        time.sleep(site.stalls.pop(0) if site.stalls else 0)
        if site.statuses:
            return self.reply(site.statuses.pop(0), {"Content-Length": "0"})
        status, start, headers = site.slice(wanted)
        data = site.body[start:][: site.drops.pop(0) if site.drops else None]
        site.sent.append(len(data))  # before the client has its answer, and looks
        self.reply(status, headers)
        with suppress(OSError):  # a client may have stopped listening
            self.wfile.write(data)

    def reply(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def serve(sites):
    """Serve `sites`, path → Site; gives the address of the server, without a slash at its end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.sites = sites
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
