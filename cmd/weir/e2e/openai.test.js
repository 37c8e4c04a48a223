// What an application does all day with the npm package openai, through weir to the simulated model.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { collect, simConfig, startWeir } from "./weir.js";

let weir, openai;
before(async () => {
  weir = await startWeir(simConfig());
  openai = weir.openai();
});
after(() => weir?.stop());

const model = "sim";
const messages = [
  { role: "system", content: "You keep a light on a rocky coast." },
  { role: "user", content: [{ type: "text", text: "What did the “night” bring?\n\u{1F30A}" }] },
];
const weather = {
  type: "function",
  function: {
    name: "weather",
    description: "The weather at a place.",
    parameters: {
      type: "object",
      properties: { place: { type: "string" }, days: { type: "integer", minimum: 1, maximum: 7 } },
      required: ["place", "days"],
      additionalProperties: false,
    },
  },
};

test("chat: one answer, its usage and its request id", async () => {
  const answer = await openai.chat.completions.create({ model, messages });
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.choices.length, 1);
  assert.equal(answer.choices[0].message.role, "assistant");
  assert.ok(answer.choices[0].message.content.length > 0);
  assert.equal(answer.choices[0].finish_reason, "stop");
  const { prompt_tokens, completion_tokens, total_tokens } = answer.usage;
  assert.ok(prompt_tokens > 0 && completion_tokens > 0);
  assert.equal(total_tokens, prompt_tokens + completion_tokens);
  assert.ok(answer._request_id, "no x-request-id on the answer");
});

test("chat: max_tokens ends it early", async () => {
  const answer = await openai.chat.completions.create({ model, messages, max_completion_tokens: 2 });
  assert.equal(answer.choices[0].finish_reason, "length");
  assert.equal(answer.usage.completion_tokens, 2);
});

test("chat, streamed: every chunk arrives and the text is that of the unstreamed answer", async () => {
  const whole = await openai.chat.completions.create({ model, messages });
  const chunks = await collect(await openai.chat.completions.create({ model, messages, stream: true }));
  assert.ok(chunks.length > 2, `${chunks.length} chunks: not streamed`);
  assert.ok(chunks.every((chunk) => chunk.object === "chat.completion.chunk" && chunk.id === chunks[0].id));
  assert.equal(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""), whole.choices[0].message.content);
  assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
});

test("chat, streamed: usage is hidden from a client that did not ask", async () => {
  const chunks = await collect(await openai.chat.completions.create({ model, messages, stream: true }));
  for (const chunk of chunks) {
    assert.equal(chunk.choices.length, 1, "the usage chunk was shown");
    assert.equal(chunk.usage ?? null, null);
  }
});

test("chat, streamed: usage comes last when asked for", async () => {
  const whole = await openai.chat.completions.create({ model, messages });
  const stream = await openai.chat.completions.create({
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await collect(stream);
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.prompt_tokens, whole.usage.prompt_tokens);
  assert.equal(last.usage.completion_tokens, whole.usage.completion_tokens);
  assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage));
});

test("chat, streamed: chunks come as they are made, not all at the end", async (t) => {
  const slow = await startWeir(simConfig({ tpot: "50ms" }));
  t.after(() => slow.stop());
  const stream = await slow.openai().chat.completions.create({ model, messages, stream: true, max_completion_tokens: 12 });
  const times = [];
  for await (const chunk of stream) if (chunk.choices[0].delta.content) times.push(performance.now());
  const gaps = times.slice(1).map((time, i) => time - times[i]).filter((gap) => gap > 25);
  assert.ok(gaps.length >= 8, `${times.length} chunks with ${gaps.length} pauses between them`);
});

test("chat: eight at once, each with its own answer", async () => {
  const ask = (content) => openai.chat.completions.create({ model, messages: [{ role: "user", content }] });
  const prompts = Array.from({ length: 8 }, (_, i) => `question ${i}`);
  const together = await Promise.all(prompts.map(ask));
  for (const [i, answer] of together.entries()) {
    const alone = await ask(prompts[i]);
    assert.equal(answer.choices[0].message.content, alone.choices[0].message.content);
  }
});

test("tools: a call that fits the schema, then an answer to its result", async () => {
  const first = await openai.chat.completions.create({ model, messages, tools: [weather], tool_choice: "required" });
  assert.equal(first.choices[0].finish_reason, "tool_calls");
  const [call] = first.choices[0].message.tool_calls;
  assert.equal(call.function.name, "weather");
  checkArguments(JSON.parse(call.function.arguments));

  const second = await openai.chat.completions.create({
    model,
    tools: [weather],
    messages: [...messages, first.choices[0].message, { role: "tool", tool_call_id: call.id, content: '{"sky":"clear"}' }],
  });
  assert.equal(second.choices[0].finish_reason, "stop");
  assert.ok(second.choices[0].message.content.length > 0);
});

test("tools, streamed: the pieces join to the same call", async () => {
  const body = { model, messages, tools: [weather], tool_choice: "required" };
  const whole = await openai.chat.completions.create(body);
  const runner = openai.chat.completions.stream(body);
  const [call] = (await runner.finalChatCompletion()).choices[0].message.tool_calls;
  const expected = whole.choices[0].message.tool_calls[0];
  assert.equal(call.function.name, expected.function.name);
  assert.equal(call.function.arguments, expected.function.arguments);
  checkArguments(JSON.parse(call.function.arguments));
});

function checkArguments({ place, days, ...rest }) {
  assert.equal(typeof place, "string");
  assert.ok(Number.isInteger(days) && days >= 1 && days <= 7, `days ${days}`);
  assert.deepEqual(rest, {});
}

test("completions, whole and streamed", async () => {
  const body = { model, prompt: "Once upon a time" };
  const whole = await openai.completions.create(body);
  assert.equal(whole.object, "text_completion");
  assert.ok(whole.choices[0].text.length > 0);
  const chunks = await collect(await openai.completions.create({ ...body, stream: true }));
  assert.ok(chunks.length > 2);
  assert.equal(chunks.map((chunk) => chunk.choices[0].text).join(""), whole.choices[0].text);
});

test("embeddings: floats and base64 hold the same numbers", async () => {
  const body = { model, input: ["the sea", "the shore"] };
  const floats = await openai.embeddings.create({ ...body, encoding_format: "float" });
  const base64 = await openai.embeddings.create({ ...body, encoding_format: "base64" });
  const decoded = await openai.embeddings.create(body); // the SDK asks for base64 and decodes it
  assert.equal(floats.data.length, 2);
  assert.ok(floats.usage.prompt_tokens > 0);
  for (const i of [0, 1]) {
    const numbers = floats.data[i].embedding;
    assert.ok(numbers.length > 0);
    const bytes = Buffer.from(base64.data[i].embedding, "base64");
    assert.equal(bytes.length, numbers.length * 4);
    for (const [j, number] of numbers.entries()) {
      assert.equal(bytes.readFloatLE(j * 4), Math.fround(number));
      assert.equal(decoded.data[i].embedding[j], Math.fround(number));
    }
  }
  assert.notDeepEqual(floats.data[0].embedding, floats.data[1].embedding);
});

test("models: listed and retrieved", async () => {
  const models = await collect(openai.models.list());
  assert.ok(models.some(({ id, object }) => id === model && object === "model"), JSON.stringify(models));
  assert.equal((await openai.models.retrieve(model)).id, model);
});

test("responses, whole and streamed", async () => {
  const body = { model, instructions: "You keep a light.", input: "What did the night bring?" };
  const whole = await openai.responses.create(body);
  assert.equal(whole.status, "completed");
  assert.ok(whole.output_text.length > 0);
  assert.equal(whole.usage.total_tokens, whole.usage.input_tokens + whole.usage.output_tokens);

  const events = await collect(await openai.responses.create({ ...body, stream: true }));
  assert.equal(events[0].type, "response.created");
  assert.equal(events.at(-1).type, "response.completed");
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, i) => i), "an event is missing");
  const deltas = events.filter(({ type }) => type === "response.output_text.delta");
  assert.ok(deltas.length > 2);
  assert.equal(deltas.map(({ delta }) => delta).join(""), whole.output_text);
  assert.equal(events.at(-1).response.usage.output_tokens, whole.usage.output_tokens);
});

test("responses: a tool call and its result", async () => {
  const { name, description, parameters } = weather.function;
  const tools = [{ type: "function", name, description, parameters, strict: true }];
  const input = [{ role: "user", content: "Will it hold?" }];
  const first = await openai.responses.create({ model, input, tools, tool_choice: "required" });
  const call = first.output.find(({ type }) => type === "function_call");
  assert.equal(call.name, "weather");
  checkArguments(JSON.parse(call.arguments));
  const result = { type: "function_call_output", call_id: call.call_id, output: '{"sky":"clear"}' };
  const second = await openai.responses.create({ model, tools, input: [...input, call, result] });
  assert.ok(second.output_text.length > 0);
});
