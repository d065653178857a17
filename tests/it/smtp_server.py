"""smtp_server.py: a submission server that keeps what it took, and says what a test wants it to say."""
import email
import email.policy
import socketserver
import threading


class Handler(socketserver.StreamRequestHandler):
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
            self.say("220 here")
            for line in iter(self.rfile.readline, b""):
                self.step(line.decode().strip())
        except ConnectionError:
            pass

    def step(self, line):
        verb = line[:4].upper()
        if self.said_instead(verb):
            return
        if verb == "EHLO":
            self.say("250 SIZE 1000000")
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
    """taken: (from, to, message) of each; answers: lists of lines by step: EHLO, MAIL, RCPT, DATA, end."""

    daemon_threads = allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken, self.answers = [], {}
        self.url = f"smtp://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def to(self, address):
        return [message for _, recipient, message in self.taken if recipient == address]

    def close(self):
        self.shutdown()
        self.server_close()
