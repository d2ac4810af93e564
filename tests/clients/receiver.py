"""A receiver of webhooks and messages, as a customer's own portal would have one, and the model for writing one.

Usage: receiver.py PORT SECRET FILE

Every POST must be signed: `Foretell-Signature` is "v1=" and the hex HMAC-SHA256, under SECRET, of `Foretell-Timestamp`, a full
stop and the body, and the timestamp is at most five minutes off; else the answer is 401. What was taken before, by its
`Idempotency-Key`, is answered as before and not taken again. Each request becomes one line of JSON in FILE: path, key, whether
it was new, and the body. Addresses that misbehave, for tests:

  /slow…    is taken, but the answer never comes
  /away…    says 503 with Retry-After: 1 to the first request of each key, and takes the next
  /robot…   knows no keys: each request is shown
"""

import hashlib
import hmac
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, secret, file = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3]
taken, asked, lock = set(), set(), threading.Lock()


def is_genuine(headers, body):
    timestamp, signature = headers.get("Foretell-Timestamp", ""), headers.get("Foretell-Signature", "")
    if not timestamp.isdigit() or abs(int(timestamp) - time.time()) > 300:
        return False
    expected = "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers.get("Idempotency-Key", "")
        if not is_genuine(self.headers, body):
            return self.say(401, {"errcode": 401, "errmsg": "the signature is not genuine"})
        with lock:
            if self.path.startswith("/away") and key not in asked:
                asked.add(key)
                return self.say(503, {"errcode": 503}, {"Retry-After": "1"})
            is_new = key not in taken
            taken.add(key)
            with open(file, "a", encoding="utf-8") as lines:
                line = {"path": self.path, "key": key, "new": is_new, "body": json.loads(body)}
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
        if self.path.startswith("/slow"):
            time.sleep(3600)
        self.say(200, {"errcode": 0, "errmsg": "ok"})

    def say(self, status, answer, headers=None):
        text = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
server.daemon_threads = True
server.serve_forever()
