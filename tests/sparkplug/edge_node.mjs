// An edge node made of Eclipse Tahu's JavaScript client, not of Foretell's code.
//
// Usage: edge_node.mjs PORT live          births with aliases, then data by alias alone at QoS 0, 20 messages a second, until killed
//        edge_node.mjs PORT acknowledged N    N data messages by name at QoS 1, at most 10 in flight; ends when all are acknowledged
//
// EDGE_USER and EDGE_PASSWORD are its login, where it has one.
// Prints `born`, `sent N`, `asked` when a rebirth is requested, `acknowledged N`, `done`. SIGUSR2 loses one message.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const sparkplug = require("sparkplug-client");
const codec = require("sparkplug-payload").get("spBv1.0");

const [port, mode, count] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const [group, node, device] = ["Plant 1", "gw1", "K1"];
const say = (text) => process.stdout.write(`${text}\n`);

let last = 0;
// Every message has a time of its own.
const now = () => (last = Math.max(last + 1, Date.now()));

const client = sparkplug.newClient({
  serverUrl: `mqtt://127.0.0.1:${port}`,
  // Asked for by the client; null sends none.
  username: process.env.EDGE_USER ?? null,
  password: process.env.EDGE_PASSWORD ?? null,
  groupId: group,
  edgeNode: node,
  clientId: `edge-${node}`,
  mqttOptions: { reconnectPeriod: 200 },
});

const [TEMP, AMPS, HOURS, STATE] = ["Compressor/Discharge Temperature", "Compressor/Motor Current", "run_hours", "Compressor/State"];
let sent = 0;
let online = false;

// Degrees 80 to 99, amperes 40 to 49: no value can be taken for another signal's.
const values = (n) => [80 + (n % 20), 40 + (n % 10), 1000 + n, (n % 2) + 2];

function metrics(n, { name, alias, empty }) {
  const [temp, amps, hours, state] = values(n);
  const all = [
    { name: TEMP, alias: 1, type: "Double", value: temp },
    { name: AMPS, alias: 2, type: "Float", value: amps },
    { name: HOURS, alias: 3, type: "UInt64", value: hours },
    { name: STATE, alias: 4, type: "Int32", value: state },
    { name: "Serial", alias: 5, type: "String", value: "4711" },
  ];
  return all.map((metric) => ({
    ...(name ? { name: metric.name } : {}),
    ...(alias ? { alias: metric.alias } : {}),
    type: metric.type,
    value: empty ? null : metric.value,
  }));
}

function birth() {
  client.publishNodeBirth({
    timestamp: now(),
    metrics: [{ name: "Node Control/Rebirth", type: "Boolean", value: false }],
  });
  // Without values where every reading is to be of a data message.
  const births = metrics(sent, { name: true, alias: true, empty: mode === "acknowledged" });
  client.publishDeviceBirth(device, { timestamp: now(), metrics: births });
  online = true;
  say("born");
}

client.on("birth", birth);
client.on("close", () => (online = false));
client.on("ncmd", (payload) => {
  if (payload.metrics.some((metric) => metric.name === "Node Control/Rebirth" && metric.value === true)) {
    say("asked");
    birth();
  }
});
process.on("SIGUSR2", () => client.incrementSeqNum());

if (mode === "live") {
  setInterval(() => {
    if (!online) return;
    sent += 1;
    // What changes, as a node does: the serial number never.
    client.publishDeviceData(device, { timestamp: now(), metrics: metrics(sent, { alias: true }).slice(0, 4) });
    say(`sent ${sent}`);
  }, 50);
} else {
  let acknowledged = 0;
  const topic = `spBv1.0/${group}/DDATA/${node}/${device}`;
  setInterval(() => {
    if (!online || sent >= count || sent - acknowledged >= 10) return;
    const payload = { timestamp: now(), metrics: metrics(sent, { name: true }) };
    sent += 1;
    client.addSeqNumber(payload);
    // The client's own method has no quality of service to choose.
    client.client.publish(topic, Buffer.from(codec.encodePayload(payload)), { qos: 1 }, (error) => {
      if (error) return;
      acknowledged += 1;
      say(`acknowledged ${acknowledged}`);
      if (acknowledged === count) {
        say("done");
        process.exit(0);
      }
    });
  }, 5);
}
