"""The consumer that people write first: paho, json, and sqlite3 or line protocol. It stands in the table of `tests/bench`.

Usage: consumer.py PORT MESSAGES DATABASE every-message|every-second
       consumer.py PORT MESSAGES HOST:PORT influx-line

Inserts what arrives on foretell/v1/+/+/telemetry and commits after every message (as most examples do) or once a second
(as those do who found the first too slow; what paho has acknowledged since then is lost with the power), or posts each as a
line to a server that speaks /api/v2/write, on one connection that stays open. Prints `ready`
when it is subscribed, and after MESSAGES messages the seconds from the first to the last.
"""

import http.client
import json
import sqlite3
import sys
import time
from datetime import datetime

import paho.mqtt.client as mqtt

port, messages, store, commits = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
SIGNALS = ("discharge_temp_c", "motor_current_a", "run_hours", "ambient_temp_c")


class Sqlite:
    def __init__(self, path):
        self.database = sqlite3.connect(path, check_same_thread=False)
        columns = ", ".join(f"{signal} REAL" for signal in SIGNALS)
        self.database.execute(f"CREATE TABLE readings (ts TEXT, site TEXT, machine TEXT, {columns})")
        self.database.commit()
        self.committed = time.monotonic()

    def keep(self, site, machine, reading, last):
        row = (reading["ts"], site, machine, *(reading.get(signal) for signal in SIGNALS))
        self.database.execute("INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        now = time.monotonic()
        if commits == "every-message" or now - self.committed >= 1 or last:
            self.database.commit()
            self.committed = now


class Influx:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address)

    def keep(self, site, machine, reading, _last):
        fields = ",".join(f"{signal}={reading[signal]}" for signal in SIGNALS if reading.get(signal) is not None)
        at_ms = int(datetime.fromisoformat(reading["ts"].replace("Z", "+00:00")).timestamp() * 1000)
        line = f"readings,site={site},machine={machine} {fields} {at_ms}"
        self.connection.request("POST", "/api/v2/write?bucket=foretell&precision=ms", body=line)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status >= 300:
            sys.exit(f"consumer.py: the server answered {answer.status}")


keeper = Influx(store) if commits == "influx-line" else Sqlite(store)
seen = 0
first = None


def on_message(client, _userdata, message):
    global seen, first
    first = first or time.monotonic()
    _, _, site, machine, _ = message.topic.split("/")
    seen += 1
    keeper.keep(site, machine, json.loads(message.payload), seen == messages)
    if seen == messages:
        print(json.dumps({"messages": seen, "seconds": time.monotonic() - first}), flush=True)
        client.disconnect()


try:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, client_id="consumer", clean_session=True)
except AttributeError:
    client = mqtt.Client(client_id="consumer", clean_session=True)
client.on_message = on_message
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("127.0.0.1", port)
client.subscribe("foretell/v1/+/+/telemetry", qos=1)
client.loop_forever()
