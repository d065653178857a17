"""smtp_server.py: a submission server that keeps what it took, and says what a test wants it to say; with TLS or without."""
import base64
import email
import email.policy
import socketserver
import ssl
import threading

LOGIN, PASSWORD = "care", "demo-mail-password"


class Handler(socketserver.StreamRequestHandler):
    def secure(self):
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.setup()

    def is_inside(self):
        return isinstance(self.request, ssl.SSLSocket)

    def finish(self):
        super().finish()
        self.request.close()

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def said_instead(self, step):
        """Whether the test wants something else said at this step; None: nothing, the line goes dead."""
        answers = self.server.answers.get(step, [])
        if not answers:
            return False
        line = answers.pop(0)
        if line is None:
            raise ConnectionAbortedError
        self.say(line)
        return True

    def handle(self):
        try:
            if self.server.url.startswith("smtps:"):
                self.secure()
            self.say("220 here")
            for line in iter(lambda: self.rfile.readline(), b""):  # another file inside TLS
                self.step(line.decode().strip())
        except (ConnectionError, ssl.SSLError):
            pass

    def step(self, line):
        verb = line[:4].upper()
        self.server.heard.append((verb, self.is_inside()))
        if self.said_instead(verb):
            return
        if verb == "EHLO":
            if self.server.tls and not self.is_inside():
                self.say("250-STARTTLS")
            self.say("250-AUTH PLAIN")
            self.say("250 SIZE 1000000")
        elif verb == "STAR":
            self.say("220 go on")
            self.secure()
        elif verb == "AUTH":
            self.say("334 ")
            is_known = base64.b64decode(self.rfile.readline()) == f"\0{LOGIN}\0{PASSWORD}".encode()
            self.say("235 2.7.0 welcome" if is_known else "535 5.7.8 who are you")
        elif verb == "QUIT":
            self.say("221 bye")
            raise ConnectionAbortedError
        elif verb == "DATA":
            self.say("354 go on")
            self.take()
        else:
            self.envelope = {**getattr(self, "envelope", {}), verb: line.partition(":")[2].split()[0].strip("<>")}
            self.say("250 2.1.0 ok")

    def take(self):
        lines = []
        for line in iter(self.rfile.readline, b".\r\n"):
            if not line:
                raise ConnectionAbortedError
            lines.append(line[1:] if line.startswith(b".") else line)
        message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.taken.append((self.envelope["MAIL"], self.envelope["RCPT"], message))
        if not self.said_instead("end"):
            self.say("250 2.0.0 queued")


class SmtpServer(socketserver.ThreadingTCPServer):
    """taken: (from, to, message) of each; heard: (four letters of the verb, whether inside TLS); answers: lists of lines by step:
    EHLO, MAIL, RCPT, DATA, end. tls: the SSLContext that it has; by STARTTLS, or from the start."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, scheme="smtp", host="127.0.0.1", tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken, self.heard, self.answers, self.tls = [], [], {}, tls
        self.url = f"{scheme}://{host}:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def to(self, address):
        return [message for _, recipient, message in self.taken if recipient == address]

    def close(self):
        self.shutdown()
        self.server_close()
