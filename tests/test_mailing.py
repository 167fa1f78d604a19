"""Mail, to a server on this machine."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from zotui.config import MailConfig
from zotui.errors import UsageError, ZotuiError
from zotui.mailing import mail
from zotui.secret import Secret


class Server(socketserver.ThreadingTCPServer):
    """Speaks as much of SMTP as a mail takes (RFC 5321)."""

    refuses = False
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.lines: list[str] = []


class Session(socketserver.StreamRequestHandler):
    server: Server

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            self.server.lines.append(line)
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif verb == "AUTH":
                self.say("235 well")
            elif verb == "RCPT" and self.server.refuses:
                self.say("550 nobody of that name")
            elif verb == "DATA":
                self.say("354 go on")
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    self.server.lines.append(text)
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 well")


@contextmanager
def serving() -> Iterator[tuple[Server, MailConfig]]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        config = MailConfig("127.0.0.1", server.server_address[1], "none", "me", "me@example.org")
        yield server, config
        server.shutdown()
        thread.join()


def test_a_text() -> None:
    with serving() as (server, config):
        mail(config, Secret("word"), "you@example.org", "news\nof today", "Grüße\n.\nend")
    assert "RCPT TO:<you@example.org>" in " ".join(server.lines).replace("rcpt", "RCPT").replace("to:", "TO:")
    assert "Subject: news of today" in server.lines
    assert any(line.startswith("AUTH PLAIN") for line in server.lines)


def test_a_server_that_refuses() -> None:
    with serving() as (server, config):
        server.refuses = True
        with pytest.raises(ZotuiError, match=r"127\.0\.0\.1"):
            mail(config, None, "you@example.org", "a", "b")


def test_no_server() -> None:
    with pytest.raises(UsageError, match="no mail server is set"):
        mail(MailConfig(), None, "you@example.org", "a", "b")
    with pytest.raises(ZotuiError, match=r"127\.0\.0\.1:1"):
        mail(MailConfig("127.0.0.1", 1, "none", "", "me@example.org"), None, "you@example.org", "a", "b")
