"""Publishes the rows of a MetroPT CSV one by one at QoS 1 with paho, a client that is not Foretell's.

Usage: publish_rows.py PORT TOPIC FILE.csv

Keeps its session over reconnects, so what was not acknowledged is sent again. Prints `acknowledged N` as N grows, `done`
when all rows are acknowledged.
"""

import csv
import json
import sys
import time

import paho.mqtt.client as mqtt

port, topic, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
acknowledged = set()


def on_publish(_client, _userdata, mid):
    acknowledged.add(mid)
    print(f"acknowledged {len(acknowledged)}", flush=True)


client = mqtt.Client(client_id="publisher", clean_session=False)
client.on_publish = on_publish
client.reconnect_delay_set(min_delay=1, max_delay=1)
client.max_inflight_messages_set(20)
client.connect("127.0.0.1", port, keepalive=10)
client.loop_start()

with open(path, newline="") as file:
    rows = list(csv.DictReader(file))
published = 0
for row in rows:
    payload = {
        "timestamp": row["timestamp"],
        "Oil_temperature": float(row["Oil_temperature"]),
        "Motor_current": float(row["Motor_current"]),
    }
    # At most 20 rows in flight, as a controller with a small buffer would: a row that was lost with a connection is sent
    # again before any newer one, so the order stays.
    while published - len(acknowledged) >= 20:
        time.sleep(0.001)
    client.publish(topic, json.dumps(payload), qos=1)
    published += 1
    # About 200 rows a second: slow enough for five kills to fall into the traffic.
    time.sleep(0.005)

deadline = time.monotonic() + 90
while len(acknowledged) < len(rows):
    if time.monotonic() > deadline:
        sys.exit(f"only {len(acknowledged)} of {len(rows)} rows were acknowledged")
    time.sleep(0.05)
print("done", flush=True)
client.disconnect()
client.loop_stop()
