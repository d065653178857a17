// ingest.cjs: the same work as a careful Node team would write it (fastify, kafkajs): the signature checked over the raw body,
// what came meanwhile sent as one batch, answered once the broker has it. usage: node ingest.cjs PORT BROKERS TOPIC
const { createHmac, timingSafeEqual } = require("node:crypto");
const fastify = require("fastify")({ logger: false });
const { Kafka, logLevel } = require("kafkajs");

const [port, brokers, topic] = process.argv.slice(2);
const kafka = new Kafka({ clientId: "bench", brokers: brokers.split(","), logLevel: logLevel.ERROR });
const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
let waiting = [];
let isSending = false;

async function send() {
  if (isSending || waiting.length === 0) return;
  isSending = true;
  const batch = waiting;
  waiting = [];
  try {
    await producer.send({ topic, acks: -1, messages: batch.map(({ key, value }) => ({ key, value })) });
    batch.forEach(({ resolve }) => resolve());
  } catch (error) {
    batch.forEach(({ reject }) => reject(error));
  }
  isSending = false;
  setImmediate(send);
}

function isGenuine(header, body) {
  const given = Buffer.from(String(header).replace(/^sha256=/, ""), "hex");
  const wanted = createHmac("sha256", "demo-whatsapp-secret").update(body).digest();
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

fastify.addContentTypeParser("application/json", { parseAs: "buffer" }, (_, body, done) => done(null, body));
fastify.post("/v1/channels/whatsapp/demo", async (request, reply) => {
  if (!isGenuine(request.headers["x-hub-signature-256"], request.body)) return reply.code(401).send();
  const key = JSON.parse(request.body).entry[0].changes[0].value.messages[0].from;
  await new Promise((resolve, reject) => {
    waiting.push({ key, value: request.body, resolve, reject });
    send();
  });
  return reply.code(200).send();
});
producer.connect().then(() => fastify.listen({ port: Number(port), host: "127.0.0.1" }));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
