"""The consumer that people write first: paho, json, sqlite3. It stands in the table of `tests/bench` for comparison.

Usage: consumer.py PORT MESSAGES DATABASE every-message|every-second

Inserts what arrives on foretell/v1/+/+/telemetry and commits after every message (as most examples do) or once a second
(as those do who found the first too slow; what paho has acknowledged since then is lost with the power). Prints `ready`
when it is subscribed, and after MESSAGES messages the seconds from the first to the last.
"""

import json
import sqlite3
import sys
import time

import paho.mqtt.client as mqtt

port, messages, path, commits = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
database = sqlite3.connect(path, check_same_thread=False)
database.execute(
    "CREATE TABLE readings (ts TEXT, site TEXT, machine TEXT, discharge_temp_c REAL, motor_current_a REAL, "
    "run_hours REAL, ambient_temp_c REAL)"
)
database.commit()
seen = 0
first = None
committed = time.monotonic()


def on_message(client, _userdata, message):
    global seen, first, committed
    now = time.monotonic()
    first = first or now
    _, _, site, machine, _ = message.topic.split("/")
    reading = json.loads(message.payload)
    database.execute(
        "INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            reading["ts"],
            site,
            machine,
            reading["discharge_temp_c"],
            reading["motor_current_a"],
            reading["run_hours"],
            reading.get("ambient_temp_c"),
        ),
    )
    seen += 1
    if commits == "every-message" or now - committed >= 1 or seen == messages:
        database.commit()
        committed = now
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
