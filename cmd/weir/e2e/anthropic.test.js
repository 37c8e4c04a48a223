// What an application does all day with the npm package @anthropic-ai/sdk, through weir to the simulated model.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { collect, simConfig, startWeir } from "./weir.js";

let weir, anthropic;
before(async () => {
  weir = await startWeir(simConfig());
  anthropic = weir.anthropic();
});
after(() => weir?.stop());

const body = {
  model: "sim",
  max_tokens: 256,
  system: "You keep a light on a rocky coast.",
  messages: [{ role: "user", content: [{ type: "text", text: "What did the “night” bring?\n\u{1F30A}" }] }],
};
const weather = {
  name: "weather",
  description: "The weather at a place.",
  input_schema: {
    type: "object",
    properties: { place: { type: "string" }, days: { type: "integer", minimum: 1, maximum: 7 } },
    required: ["place", "days"],
    additionalProperties: false,
  },
};

const textOf = (message) => message.content.filter(({ type }) => type === "text").map(({ text }) => text).join("");

test("messages: one answer, its usage and its request id", async () => {
  const message = await anthropic.messages.create(body);
  assert.equal(message.type, "message");
  assert.equal(message.role, "assistant");
  assert.ok(textOf(message).length > 0);
  assert.equal(message.stop_reason, "end_turn");
  assert.ok(message.usage.input_tokens + (message.usage.cache_read_input_tokens ?? 0) > 0);
  assert.ok(message.usage.output_tokens > 0);
  assert.ok(message._request_id, "no request-id on the answer");
});

test("messages: max_tokens ends it early", async () => {
  const message = await anthropic.messages.create({ ...body, max_tokens: 2 });
  assert.equal(message.stop_reason, "max_tokens");
  assert.equal(message.usage.output_tokens, 2);
});

test("messages, streamed: every event in order, and the text of the unstreamed answer", async () => {
  const whole = await anthropic.messages.create(body);
  const events = await collect(await anthropic.messages.create({ ...body, stream: true }));
  const types = events.map(({ type }) => type);
  assert.deepEqual(types.slice(0, 2), ["message_start", "content_block_start"]);
  assert.deepEqual(types.slice(-3), ["content_block_stop", "message_delta", "message_stop"]);
  const deltas = events.filter(({ type }) => type === "content_block_delta");
  assert.ok(deltas.length > 2, `${deltas.length} deltas: not streamed`);
  assert.equal(deltas.map(({ delta }) => delta.text).join(""), textOf(whole));
});

test("messages, streamed with the SDK's helper: usage is that of the unstreamed answer", async () => {
  const whole = await anthropic.messages.create(body);
  const stream = anthropic.messages.stream(body);
  let seen = "";
  stream.on("text", (text) => (seen += text));
  const final = await stream.finalMessage();
  assert.equal(seen, textOf(whole));
  assert.equal(textOf(final), textOf(whole));
  assert.equal(final.stop_reason, whole.stop_reason);
  assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
});

test("tools: a call that fits the schema, then an answer to its result", async () => {
  const asking = { ...body, tools: [weather], tool_choice: { type: "any" } };
  const first = await anthropic.messages.create(asking);
  assert.equal(first.stop_reason, "tool_use");
  const call = first.content.find(({ type }) => type === "tool_use");
  checkCall(call);

  const result = { type: "tool_result", tool_use_id: call.id, content: '{"sky":"clear"}' };
  const second = await anthropic.messages.create({
    ...body,
    tools: [weather],
    messages: [...body.messages, { role: "assistant", content: first.content }, { role: "user", content: [result] }],
  });
  assert.equal(second.stop_reason, "end_turn");
  assert.ok(textOf(second).length > 0);
});

test("tools, streamed: the pieces join to the same call", async () => {
  const asking = { ...body, tools: [weather], tool_choice: { type: "tool", name: "weather" } };
  const find = (message) => message.content.find(({ type }) => type === "tool_use");
  const whole = find(await anthropic.messages.create(asking));
  const streamed = find(await anthropic.messages.stream(asking).finalMessage());
  checkCall(streamed);
  assert.deepEqual(streamed.input, whole.input);
});

function checkCall(call) {
  assert.equal(call.name, "weather");
  const { place, days, ...rest } = call.input;
  assert.equal(typeof place, "string");
  assert.ok(Number.isInteger(days) && days >= 1 && days <= 7, `days ${days}`);
  assert.deepEqual(rest, {});
}

test("count_tokens: what the answer's usage says the input was", async () => {
  const { max_tokens: _, ...counted } = body;
  const { input_tokens } = await anthropic.messages.countTokens(counted);
  const { usage } = await anthropic.messages.create(body);
  const total = usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  assert.equal(input_tokens, total);
});
