// Starts the weir binary for a test file and makes SDK clients that talk to it.
//
// The binary is $WEIR_BIN, or ../../../weir as `make build` leaves it. It listens on ports of the kernel's choosing and says which in its log.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const binary = process.env.WEIR_BIN ?? path.resolve(import.meta.dirname, "../../../weir");

// The SDKs also read keys and addresses from the environment; the tests pass their own.
for (const name of Object.keys(process.env)) {
  if (/^(OPENAI|ANTHROPIC)_/.test(name)) delete process.env[name];
}

// No child outlives the test process, not even when the runner ends it on a timeout with SIGTERM, and none keeps it alive.
const children = new Set();
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));
process.once("SIGTERM", () => process.exit(143));

/** A running weir. `config` is YAML; without it the embedded default serves the simulated model. */
export async function startWeir(config) {
  const folder = await mkdtemp(path.join(tmpdir(), "weir-e2e-"));
  const args = ["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  if (config !== undefined) {
    const file = path.join(folder, "weir.yaml");
    await writeFile(file, config);
    args.push("--config", file);
  }
  const child = spawn(binary, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  children.add(child);
  const exited = once(child, "exit").finally(() => children.delete(child));
  try {
    const log = [];
    const { data, admin } = await listeners(child, exited, log);
    child.unref();
    child.stderr.unref();
    return new Weir({ child, exited, folder, log, data, admin });
  } catch (error) {
    child.kill("SIGKILL");
    await exited.catch(() => {}); // a binary that cannot be started is already the error
    await rm(folder, { recursive: true });
    throw error;
  }
}

/** Resolves once both listeners are up; rejects when weir ends first. */
function listeners(child, exited, log) {
  return new Promise((resolve, reject) => {
    const found = {};
    createInterface({ input: child.stderr }).on("line", (line) => {
      log.push(line);
      let entry;
      try {
        entry = JSON.parse(line);
      } catch {
        return; // not every line of a process that fails to start is a log line
      }
      if (entry.msg === "listening") found[entry.listener] = entry.addr;
      if (found.data && found.admin) resolve(found);
    });
    exited.then(
      ([code, signal]) => reject(new Error(`weir ended (${code ?? signal}) before it listened:\n${log.join("\n")}`)),
      (error) => reject(new Error(`cannot start ${binary}: run "make build" first, or set WEIR_BIN`, { cause: error })),
    );
  });
}

class Weir {
  #child;
  #exited;
  #folder;
  #log;
  #stopped;

  constructor({ child, exited, folder, log, data, admin }) {
    this.#child = child;
    this.#exited = exited;
    this.#folder = folder;
    this.#log = log;
    this.url = `http://${data}`;
    this.adminURL = `http://${admin}`;
  }

  /** An OpenAI client that does not retry, unless the options say so. */
  openai(options) {
    return new OpenAI({ baseURL: `${this.url}/v1`, apiKey: "unused", maxRetries: 0, ...options });
  }

  /** An Anthropic client that does not retry, unless the options say so. */
  anthropic(options) {
    return new Anthropic({ baseURL: this.url, apiKey: "unused", maxRetries: 0, ...options });
  }

  /** Asks weir to end, expects it to do so with code 0, and removes its folder. A second call waits for the first. */
  stop() {
    return (this.#stopped ??= this.#stop());
  }

  async #stop() {
    this.#child.ref();
    this.#child.kill("SIGTERM");
    const [code, signal] = await this.#exited;
    await rm(this.#folder, { recursive: true });
    if (code !== 0) throw new Error(`weir ended with ${code ?? signal}:\n${this.#log.join("\n")}`);
  }
}

/** Request options that make the simulated model misbehave; the faults are listed in host/sim/README.md. */
export const fault = (value) => ({ headers: { "x-sim-fault": value } });

/** A fetch that counts its calls and, when `edit` is given, sends edit(body) instead of the SDK's body. */
export function spyingFetch(edit = (body) => body) {
  const spy = async (url, init) => {
    spy.calls++;
    return fetch(url, { ...init, body: edit(init.body) });
  };
  spy.calls = 0;
  return spy;
}

/** Everything an async iterable yields. */
export async function collect(iterable) {
  const all = [];
  for await (const item of iterable) all.push(item);
  return all;
}

/**
 * A configuration with one simulated model: `sim` are more keys of the target, `lines` more top-level keys.
 */
export function simConfig({ tpot = "1ms", sim = "", lines = "" } = {}) {
  return `targets:\n  sim: { kind: sim, ttft: 1ms, tpot: ${tpot}${sim && `, ${sim}`} }\n${lines}`;
}
