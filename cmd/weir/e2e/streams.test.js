// Streams that end before their time: the upstream's fault must reach the SDK as an error, the client's leaving must reach the model.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { collect, fault, simConfig, startWeir } from "./weir.js";

const model = "sim";
const messages = [{ role: "user", content: "Tell me about the sea." }];
const max_tokens = 64;

const ofOpenAI = { client: (weir) => weir.openai(), errorClass: OpenAI.APIError, abortClass: OpenAI.APIUserAbortError };

/** Every surface that streams, and how to ask for it. */
const surfaces = [
  {
    name: "openai chat",
    ...ofOpenAI,
    create: (client, stream, options) => client.chat.completions.create({ model, messages, stream }, options),
  },
  {
    name: "openai completions",
    ...ofOpenAI,
    create: (client, stream, options) => client.completions.create({ model, prompt: "The sea", max_tokens, stream }, options),
  },
  {
    name: "openai responses",
    ...ofOpenAI,
    create: (client, stream, options) => client.responses.create({ model, input: "The sea?", stream }, options),
  },
  {
    name: "anthropic messages",
    client: (weir) => weir.anthropic(),
    errorClass: Anthropic.APIError,
    abortClass: Anthropic.APIUserAbortError,
    create: (client, stream, options) => client.messages.create({ model, messages, max_tokens, stream }, options),
  },
];

/** Reads a stream to its end, whatever that is. */
async function drain(stream) {
  const events = [];
  try {
    for await (const event of stream) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events };
}

for (const surface of surfaces) {
  describe(`${surface.name}: the upstream fails in mid-stream`, () => {
    let weir, client;
    before(async () => {
      weir = await startWeir(simConfig({ sim: "idle: 300ms" }));
      client = surface.client(weir);
    });
    after(() => weir?.stop());

    const faults = {
      "closes between chunks": "cut=between:3",
      "closes inside a chunk": "cut=inside:3",
      "resets the connection": "reset=3",
      "falls silent": "stall=3",
      "sends a malformed chunk size": "malformed=chunk",
      "ends in order, but too early": "cut=clean:3",
      "sends an event that is not JSON": "garbage=json:3",
      "sends a page of HTML": "garbage=html:3",
    };
    for (const [what, value] of Object.entries(faults)) {
      test(`it ${what}: an error, never a clean end`, async () => {
        const { error } = await drain(await surface.create(client, true, fault(value)));
        assert.ok(error, "the SDK saw a clean end");
        assert.ok(error instanceof surface.errorClass, `${error.constructor.name}: ${error.message}`);
        assert.ok(error.message.length > 0);
      });
    }

    test("what came before the cut is delivered", async () => {
      const { events, error } = await drain(await surface.create(client, true, fault("cut=between:3")));
      assert.ok(events.length >= 1 && events.length <= 3, `${events.length} events`);
      assert.ok(error);
    });
  });

  describe(`${surface.name}: the client leaves`, () => {
    // One slot: a request is served only once the model has let go of the one before. A stream left running
    // would hold it for minutes.
    let weir, client;
    before(async () => {
      weir = await startWeir(simConfig({ tpot: "10s", sim: "slots: 1" }));
      client = surface.client(weir);
    });
    after(() => weir?.stop());

    /** Resolves when the model begins to serve another stream, which is then left as well. */
    async function slotIsFree() {
      const started = performance.now();
      const stream = await surface.create(client, true, { signal: AbortSignal.timeout(5000) });
      for await (const _ of stream) break;
      return performance.now() - started;
    }

    test("in mid-stream, by AbortController", async () => {
      const controller = new AbortController();
      const stream = await surface.create(client, true, { signal: controller.signal });
      const { events } = await drain(abortAfterFirst(stream, controller));
      assert.ok(events.length >= 1);
      assert.ok((await slotIsFree()) < 2000);
    });

    test("in mid-stream, by leaving the loop", async () => {
      for await (const _ of await surface.create(client, true)) break;
      assert.ok((await slotIsFree()) < 2000);
    });

    test("before the first byte", async () => {
      // Unstreamed, nothing comes back before the whole answer is made.
      await assert.rejects(surface.create(client, false, { signal: AbortSignal.timeout(200) }), surface.abortClass);
      assert.ok((await slotIsFree()) < 2000);
    });

    test("while it waits for the slot", async () => {
      const holder = await surface.create(client, true);
      await assert.rejects(surface.create(client, false, { signal: AbortSignal.timeout(200) }), surface.abortClass);
      for await (const _ of holder) break;
      assert.ok((await slotIsFree()) < 2000);
    });
  });
}

async function* abortAfterFirst(stream, controller) {
  for await (const event of stream) {
    yield event;
    controller.abort();
  }
}

test("fifty streams left at once leave the model free", async (t) => {
  const weir = await startWeir(simConfig({ tpot: "10s", sim: "slots: 50" }));
  t.after(() => weir.stop());
  const openai = weir.openai();
  const open = () => openai.chat.completions.create({ model, messages, stream: true });
  for (let round = 0; round < 2; round++) {
    const streams = await Promise.all(Array.from({ length: 50 }, open));
    await Promise.all(streams.map(async (stream) => {
      for await (const _ of stream) break;
    }));
  }
});

test("SIGTERM lets an open stream end", async (t) => {
  const weir = await startWeir(simConfig({ tpot: "20ms" }));
  t.after(() => weir.stop());
  const openai = weir.openai();
  const stream = await openai.chat.completions.create({ model, messages, stream: true });
  const chunks = stream[Symbol.asyncIterator]();
  await chunks.next();
  const stopped = weir.stop(); // expects exit code 0
  const rest = await collect({ [Symbol.asyncIterator]: () => chunks });
  assert.equal(rest.at(-1).choices[0].finish_reason, "stop");
  await stopped;
});
