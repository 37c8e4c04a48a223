// Stock clients meet a policy: what plugins deny, edit and stop reaches the SDKs as what it is. The plugins are guests of testdata.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import path from "node:path";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { simConfig, startWeir } from "./weir.js";

const guest = (name) => path.resolve(import.meta.dirname, `../../../testdata/guests/working/${name}.wasm`);
const limits = "limits: { deadline: 5s, wait: 5s }";

// Requests with the word are denied; the letter e of questions and answers is edited; an answer with a "w" is stopped.
const plugins = `cache_dir: cache
plugins:
  deny: { module: ${guest("deny")}, ${limits}, config: { word: forbidden } }
  edit: { module: ${guest("edit")}, ${limits}, config: { word: e, by: "3" } }
  stop: { module: ${guest("deny")}, ${limits}, config: { word: w } }
policies:
  editing: { before: [deny, edit], budget: 20s }
  stopping: { before: [stop], budget: 20s }
routes:
  - { match: { models: [stopped] }, targets: [sim], policy: stopping }
  - { targets: [sim], policy: editing }
`;

let weir, openai, anthropic;
before(async () => {
  weir = await startWeir(simConfig({ lines: plugins }));
  openai = weir.openai();
  anthropic = weir.anthropic();
});
after(() => weir?.stop());

const max_tokens = 64;
const user = (content) => [{ role: "user", content }];

/** Every surface: how to ask for it, and the text of an answer or of one of a stream's events. */
const surfaces = [
  {
    name: "openai chat",
    errorClass: OpenAI.APIError,
    create: (model, text, stream) => openai.chat.completions.create({ model, messages: user(text), max_tokens, stream }),
    text: (answer) => answer.choices[0].message.content,
    piece: (event) => event.choices[0]?.delta.content ?? "",
  },
  {
    name: "openai completions",
    errorClass: OpenAI.APIError,
    create: (model, prompt, stream) => openai.completions.create({ model, prompt, max_tokens, stream }),
    text: (answer) => answer.choices[0].text,
    piece: (event) => event.choices[0]?.text ?? "",
  },
  {
    name: "openai responses",
    errorClass: OpenAI.APIError,
    create: (model, input, stream) => openai.responses.create({ model, input, max_output_tokens: max_tokens, stream }),
    text: (answer) => answer.output_text,
    piece: (event) => (event.type === "response.output_text.delta" ? event.delta : ""),
  },
  {
    name: "anthropic messages",
    errorClass: Anthropic.APIError,
    create: (model, text, stream) => anthropic.messages.create({ model, messages: user(text), max_tokens, stream }),
    text: (answer) => answer.content[0].text,
    piece: (event) => (event.type === "content_block_delta" ? event.delta.text : ""),
  },
];

/** The text of a stream as far as it came, and the error that ended it, if one did. */
async function read(stream, piece) {
  let text = "";
  try {
    for await (const event of stream) text += piece(event);
  } catch (error) {
    return { text, error };
  }
  return { text };
}

for (const { name, errorClass, create, text, piece } of surfaces) {
  for (const stream of [false, true]) {
    const how = stream ? `${name}, streamed` : name;

    test(`${how}: a denied request is an error of the right class, and is not tried again`, async () => {
      await assert.rejects(create("sim", "Something forbidden.", stream), (error) => {
        assert.ok(error instanceof errorClass, String(error));
        assert.equal(error.status, 403);
        assert.equal(error.headers.get("x-should-retry"), "false");
        assert.match(error.message, /not allowed/);
        return true;
      });
    });

    test(`${how}: an edited answer arrives as such`, async () => {
      const answer = await create("sim", "Hello there", stream);
      const said = stream ? await read(answer, piece) : { text: text(answer) };
      assert.equal(said.error, undefined);
      assert.ok(said.text.length > 20, said.text);
      assert.ok(said.text.includes("3") && !said.text.includes("e"), said.text);
    });

    test(`${how}: a stopped answer is an error, and what it was stopped for is not in it`, async () => {
      if (!stream) {
        await assert.rejects(create("stopped", "Hello there", false), { status: 403 });
        return;
      }
      const { text: said, error } = await read(await create("stopped", "Hello there", true), piece);
      assert.ok(error instanceof errorClass, `${error}: ${said}`);
      assert.match(error.message, /not allowed here/);
      assert.ok(!said.includes("w"), said);
    });
  }
}
