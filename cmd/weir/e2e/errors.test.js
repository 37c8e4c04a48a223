// Answers that are errors reach both SDKs as the class that the provider's own service would have caused.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { fault, simConfig, spyingFetch, startWeir } from "./weir.js";

const model = "sim";
const messages = [{ role: "user", content: "Who is there?" }];
const max_tokens = 64;

/** Both SDKs, so that each case below runs in both dialects. */
const dialects = [
  {
    name: "openai",
    sdk: OpenAI,
    client: (weir, options) => weir.openai(options),
    create: (client, options, body) => client.chat.completions.create({ model, messages, ...body }, options),
    text: (answer) => answer.choices[0].message.content,
    checkShape(error) {
      assert.ok(error.requestID, "no x-request-id on the error");
      assert.deepEqual(Object.keys(error.error).sort(), ["code", "message", "param", "type"]);
    },
  },
  {
    name: "anthropic",
    sdk: Anthropic,
    client: (weir, options) => weir.anthropic(options),
    create: (client, options, body) => client.messages.create({ model, messages, max_tokens, ...body }, options),
    text: (answer) => answer.content[0].text,
    checkShape(error) {
      assert.ok(error.requestID, "no request-id on the error");
      assert.equal(error.error.type, "error");
      assert.equal(error.error.request_id, error.requestID);
      assert.deepEqual(Object.keys(error.error.error).sort(), ["message", "type"]);
    },
  },
];

/** Expects the call to fail with that class and status, in the dialect's shape, and returns the error. */
async function fails(dialect, call, errorClass, status) {
  let error;
  await assert.rejects(call, (thrown) => ((error = thrown), true));
  assert.ok(error instanceof errorClass, `${error.constructor.name}, want ${errorClass.name}: ${error.message}`);
  assert.equal(error.status, status);
  dialect.checkShape(error);
  return error;
}

for (const dialect of dialects) {
  const { sdk, create } = dialect;

  describe(`${dialect.name}, one simulated model`, () => {
    let weir, client;
    before(async () => {
      weir = await startWeir(
        simConfig({ lines: 'routes:\n  - { match: { models: ["sim*"] }, targets: [sim], retries: 0 }\n' }),
      );
      client = dialect.client(weir);
    });
    after(() => weir?.stop());

    // A string method with its arguments would read `$` in the replacement.
    const edits = {
      "a key twice": (body) => body.replace('"model":', () => '"model":"other","model":'),
      "a key in another case": (body) => body.replace('"model":', () => '"Model":"other","model":'),
      "bytes after the end": (body) => `${body}{}`,
      "an unpaired surrogate": (body) => body.replace("Who is there?", () => "\\ud800"),
      "a raw control byte": (body) => body.replace("Who is there?", () => "\u0001"),
      "a depth beyond 64": (body) => body.replace('"model":', () => `"x":${"[".repeat(65)}${"]".repeat(65)},"model":`),
      "half of it": (body) => body.slice(0, body.length / 2),
    };
    for (const [what, edit] of Object.entries(edits)) {
      test(`a body with ${what} is a bad request, and not tried again`, async () => {
        const spy = spyingFetch(edit);
        const retrying = dialect.client(weir, { fetch: spy, maxRetries: 2 });
        await fails(dialect, create(retrying), sdk.BadRequestError, 400);
        assert.equal(spy.calls, 1);
      });
    }

    test("a model without a route is not found", async () => {
      const error = await fails(dialect, create(client, {}, { model: "unheard-of" }), sdk.NotFoundError, 404);
      assert.match(error.message, /route/);
    });

    test("a path that Weir does not know is not found", async () => {
      await fails(dialect, client.post("/v1/unheard-of", { body: { model } }), sdk.NotFoundError, 404);
    });

    test("a request id of the client's own is the id of the error", async () => {
      const options = { headers: { "x-request-id": "e2e-7d3f" } };
      const error = await fails(dialect, create(client, options, { model: "unheard-of" }), sdk.NotFoundError, 404);
      assert.equal(error.requestID, "e2e-7d3f");
    });

    const statuses = [
      [401, sdk.AuthenticationError],
      [403, sdk.PermissionDeniedError],
      [404, sdk.NotFoundError],
      [409, sdk.ConflictError],
      [422, sdk.UnprocessableEntityError],
      [429, sdk.RateLimitError],
      [500, sdk.InternalServerError],
      [503, sdk.InternalServerError],
    ];
    for (const [status, errorClass] of statuses) {
      test(`the upstream's ${status} is passed on`, async () => {
        const error = await fails(dialect, create(client, fault(`status=${status}`)), errorClass, status);
        assert.match(error.message, /[Ss]imulated/);
      });
    }

    test("retry-after of the upstream is passed on", async () => {
      const call = create(client, fault("status=429;retry-after=7"));
      const error = await fails(dialect, call, sdk.RateLimitError, 429);
      assert.equal(error.headers.get("retry-after"), "7");
    });

    test("the SDK's own retries reach a model that recovers", async () => {
      const spy = spyingFetch();
      const retrying = dialect.client(weir, { fetch: spy, maxRetries: 2 });
      const body = { messages: [{ role: "user", content: `the SDK retries ${dialect.name}` }] };
      const answer = await create(retrying, fault("fail=1"), body);
      assert.ok(dialect.text(answer).length > 0);
      assert.equal(spy.calls, 2);
    });

    test("an upstream that closes before the first byte is a bad gateway", async () => {
      await fails(dialect, create(client, fault("cut=headers")), sdk.InternalServerError, 502);
    });

    test("an upstream that sends a malformed head is a bad gateway", async () => {
      for (const what of ["status", "header", "length", "both"]) {
        await fails(dialect, create(client, fault(`malformed=${what}`)), sdk.InternalServerError, 502);
      }
    });

    test("an unstreamed answer that is cut is a bad gateway", async () => {
      await fails(dialect, create(client, fault("short=10")), sdk.InternalServerError, 502);
    });
  });

  test(`${dialect.name}: Weir itself retries before the first byte`, async (t) => {
    const weir = await startWeir(simConfig({ lines: "routes:\n  - { targets: [sim], retries: 1 }\n" }));
    t.after(() => weir.stop());
    const spy = spyingFetch();
    const client = dialect.client(weir, { fetch: spy });
    const body = { messages: [{ role: "user", content: `Weir retries ${dialect.name}` }] };
    const answer = await create(client, fault("fail=1;cut=headers"), body);
    assert.ok(dialect.text(answer).length > 0);
    assert.equal(spy.calls, 1);
  });

  test(`${dialect.name}: an upstream that stays silent is a gateway timeout`, async (t) => {
    const weir = await startWeir(simConfig({ sim: "first_byte: 200ms", lines: "routes:\n  - { targets: [sim], retries: 0 }\n" }));
    t.after(() => weir.stop());
    const call = create(dialect.client(weir), fault("stall=headers"));
    await fails(dialect, call, sdk.InternalServerError, 504);
  });

  test(`${dialect.name}: with tenants, only their keys are let in`, async (t) => {
    const digest = createHash("sha256").update("a-hashed-key").digest("hex");
    const weir = await startWeir(
      simConfig({
        lines: [
          "tenants:",
          "  acme:",
          "    keys:",
          "      - { value: a-plain-key }",
          `      - { sha256: ${digest} }`,
          "      - { value: an-expired-key, not_after: 2020-01-01 }",
        ].join("\n"),
      }),
    );
    t.after(() => weir.stop());
    for (const apiKey of ["a-plain-key", "a-hashed-key"]) {
      assert.ok(dialect.text(await create(dialect.client(weir, { apiKey }))).length > 0);
    }
    for (const apiKey of ["another-key", "an-expired-key", digest]) {
      const spy = spyingFetch();
      const call = create(dialect.client(weir, { apiKey, fetch: spy, maxRetries: 2 }));
      const error = await fails(dialect, call, sdk.AuthenticationError, 401);
      assert.ok(!error.message.includes(apiKey), "the key is shown");
      assert.equal(spy.calls, 1);
    }
  });
}
