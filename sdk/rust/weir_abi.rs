// Generated from sdk/abi by go generate ./sdk/abi. DO NOT EDIT. sdk/abi/README.md says what it means.
#![allow(dead_code)]

/// Of the ABI.
pub const VERSION: u32 = 1;
/// Opens every frame: WEIR in ASCII, read as a little-endian u32.
pub const MAGIC: u32 = 1380533591;
/// An index that says there is none.
pub const NONE: u32 = 4294967295;
/// Payloads of a frame lie at multiples of it, in bytes.
pub const ALIGN: u32 = 8;
/// Bytes of a frame.
pub const MAX_FRAME: u32 = 67108864;
/// Bytes of a verdict.
pub const MAX_VERDICT: u32 = 1048576;
/// Actions of a verdict.
pub const MAX_ACTIONS: u32 = 4096;
/// Bytes of STREAM_STATE.
pub const MAX_STATE: u32 = 4096;
/// Bytes of HOLD.
pub const MAX_HOLD: u32 = 65536;
/// Bytes of a name or type.
pub const MAX_NAME: u32 = 128;
/// Bytes of the value of a tag or header.
pub const MAX_VALUE: u32 = 4096;
/// Bytes of the message of DENY and STOP.
pub const MAX_MESSAGE: u32 = 1024;
/// Bytes of a key of state_*.
pub const MAX_STATE_KEY: u32 = 256;
/// Bytes of a value of state_set.
pub const MAX_STATE_DATA: u32 = 4096;
/// Milliseconds of a ttl_ms: 31 days.
pub const MAX_TTL: u32 = 2678400000;
/// Cap of pattern_scan.
pub const MAX_MATCHES: u32 = 65536;
/// State_get: there is no such key.
pub const STATE_MISSING: i32 = -1;
/// Host functions: a quota, a capability or an argument that cannot be right.
pub const STATE_REFUSED: i32 = -2;
/// State_add: refused.
pub const COUNTER_FAILED: i64 = i64::MIN;

// HOOK: what a guest is called for.
/// Once per instance: CONFIG holds the settings; a DENY refuses them.
pub const HOOK_CONFIGURE: u16 = 1;
/// Before a target is chosen.
pub const HOOK_REQUEST: u16 = 2;
/// Text of the answer, in batches.
pub const HOOK_DELTA: u16 = 3;
/// Once per request, whatever happened.
pub const HOOK_END: u16 = 4;
/// About once a second, on one instance.
pub const HOOK_TICK: u16 = 5;
/// The answer of a judge the plugin asked for with ESCALATE.
pub const HOOK_JUDGE: u16 = 6;
/// A signal about an earlier request.
pub const HOOK_FEEDBACK: u16 = 7;

// SECTION: what a frame holds.
/// The request in numbers.
pub const SECTION_REQUEST: u16 = 1;
/// Whose request it is.
pub const SECTION_TENANT: u16 = 2;
/// The route's name.
pub const SECTION_ROUTE: u16 = 3;
/// The model, as the client named it.
pub const SECTION_MODEL: u16 = 4;
/// The request's id in records.
pub const SECTION_REQUEST_ID: u16 = 5;
/// The conversation it belongs to.
pub const SECTION_SESSION: u16 = 6;
/// Every text that can reach the model, in the body's order.
pub const SECTION_MESSAGES: u16 = 7;
/// The texts that MESSAGES or DELTA point into.
pub const SECTION_TEXT: u16 = 8;
/// counts of what is notable in the texts, by SIGNAL_…
pub const SECTION_SIGNALS: u16 = 9;
/// Keys of the prompt's beginnings: equal beginnings, equal keys; they steer and prove nothing.
pub const SECTION_PREFIX: u16 = 10;
/// Definitions of tools.
pub const SECTION_TOOLS: u16 = 11;
/// The request's headers that the manifest names; never credentials.
pub const SECTION_HEADERS: u16 = 12;
/// The candidates.
pub const SECTION_TARGETS: u16 = 13;
/// The plugin's settings.
pub const SECTION_CONFIG: u16 = 14;
/// What the plugin left by STREAM_STATE; empty when it left nothing.
pub const SECTION_STREAM_STATE: u16 = 15;
/// How the request ended.
pub const SECTION_USAGE: u16 = 16;
/// What came of the answer, behind what was held back.
pub const SECTION_DELTA: u16 = 17;
/// The whole answer's text, for plugins that said WANT_TEXT.
pub const SECTION_RESPONSE_TEXT: u16 = 18;
/// What the judge answered.
pub const SECTION_JUDGE: u16 = 19;
/// The signal and its name.
pub const SECTION_FEEDBACK: u16 = 20;
/// The raw body.
pub const SECTION_BODY: u16 = 21;
/// Scores of earlier plugins.
pub const SECTION_SCORES: u16 = 22;
/// Tags of earlier plugins.
pub const SECTION_TAGS: u16 = 23;
/// The plugin's own scores of messages it judged before.
pub const SECTION_MEMO: u16 = 24;

// ACTION: what a verdict says.
/// Answers the request with an error, and later plugins do not run; from configure: refuses the settings.
pub const ACTION_DENY: u16 = 1;
/// Chooses the target, or replaces the model; the last of a chain counts.
pub const ACTION_ROUTE: u16 = 2;
/// Takes a target or a data class from the candidates; exclusions add up.
pub const ACTION_EXCLUDE: u16 = 3;
/// Estimates the input tokens that budgets reserve.
pub const ACTION_COST: u16 = 4;
/// Sets the share of the request's flow.
pub const ACTION_WEIGHT: u16 = 5;
/// Chooses the queue the request waits in.
pub const ACTION_FLOW: u16 = 6;
/// Replaces a range of a text; ranges of one verdict do not overlap and cut no character.
pub const ACTION_EDIT: u16 = 7;
/// Sets a header of the request to the target, one the manifest's set_headers names.
pub const ACTION_SET_HEADER: u16 = 8;
/// Says how something is judged; later plugins see it, and records keep it.
pub const ACTION_SCORE: u16 = 9;
/// Says something about the request; later plugins see it, and records keep it.
pub const ACTION_TAG: u16 = 10;
/// Replaces a range of a piece of the answer; ranges of one verdict do not overlap and cut no character.
pub const ACTION_DELTA_EDIT: u16 = 11;
/// Keeps the last bytes of each string of the batch back, and the next batch begins with them; not obeyed in a final batch.
pub const ACTION_HOLD: u16 = 12;
/// Ends the answer with an error.
pub const ACTION_STOP: u16 = 13;
/// Is what the plugin's later calls for this request see as STREAM_STATE.
pub const ACTION_STREAM_STATE: u16 = 14;
/// Asks for RESPONSE_TEXT in on_end.
pub const ACTION_WANT_TEXT: u16 = 15;
/// Sets a parameter of the body.
pub const ACTION_PARAM: u16 = 16;
/// Puts a message into the request.
pub const ACTION_INSERT: u16 = 17;
/// Says of what data class the request is: it stays within targets of that class.
pub const ACTION_CLASS: u16 = 18;
/// Chooses the priority lane.
pub const ACTION_LANE: u16 = 19;
/// Charges a named budget.
pub const ACTION_BUDGET: u16 = 20;
/// Prefers a target where nothing speaks against it.
pub const ACTION_PREFER: u16 = 21;
/// Names the variant of an experiment, for records.
pub const ACTION_VARIANT: u16 = 22;
/// Has a copy of the request sent to a target, whose answer is dropped.
pub const ACTION_SHADOW: u16 = 23;
/// Asks a judge of the operator's, whose answer comes by on_judge.
pub const ACTION_ESCALATE: u16 = 24;

// FRAME: flags of a frame.
/// Mode observe: the verdict is recorded and changes nothing.
pub const FRAME_OBSERVE: u32 = 1;
/// Replayed offline from a record.
pub const FRAME_REPLAY: u32 = 2;

// ENDPOINT: the operation of the provider's API.
/// Any other.
pub const ENDPOINT_NONE: u16 = 0;
/// POST /v1/chat/completions.
pub const ENDPOINT_CHAT: u16 = 1;
/// POST /v1/completions.
pub const ENDPOINT_COMPLETIONS: u16 = 2;
/// POST /v1/responses.
pub const ENDPOINT_RESPONSES: u16 = 3;
/// POST /v1/embeddings.
pub const ENDPOINT_EMBEDDINGS: u16 = 4;
/// GET /v1/models.
pub const ENDPOINT_MODELS: u16 = 5;
/// POST /v1/messages.
pub const ENDPOINT_MESSAGES: u16 = 6;
/// POST /v1/messages/count_tokens.
pub const ENDPOINT_COUNT_TOKENS: u16 = 7;

// DIALECT: the wire format.
pub const DIALECT_UNKNOWN: u16 = 0;
pub const DIALECT_OPENAI: u16 = 1;
pub const DIALECT_ANTHROPIC: u16 = 2;

// REQUEST: flags of a request.
/// The client wants a stream.
pub const REQUEST_STREAM: u32 = 1;
/// And its usage in it.
pub const REQUEST_INCLUDE_USAGE: u32 = 2;

// ROLE: who a text speaks as.
/// Outside messages, or a role no provider documents.
pub const ROLE_NONE: u8 = 0;
pub const ROLE_SYSTEM: u8 = 1;
pub const ROLE_DEVELOPER: u8 = 2;
pub const ROLE_USER: u8 = 3;
pub const ROLE_ASSISTANT: u8 = 4;
pub const ROLE_TOOL: u8 = 5;

// CHANNEL: the way a text reaches the model, and so how far it should be trusted.
/// Does not occur.
pub const CHANNEL_NONE: u8 = 0;
/// System and developer text, instructions.
pub const CHANNEL_INSTRUCTION: u8 = 1;
/// What the user says; also messages of roles no provider documents.
pub const CHANNEL_USER: u8 = 2;
/// Earlier answers, reasoning, refusals.
pub const CHANNEL_ASSISTANT: u8 = 3;
/// What tools, searches and code returned.
pub const CHANNEL_TOOL_RESULT: u8 = 4;
/// Names, descriptions and schemas of tools.
pub const CHANNEL_TOOL_DEFINITION: u8 = 5;
/// What the model earlier passed to tools.
pub const CHANNEL_TOOL_ARGUMENTS: u8 = 6;
/// Documents and search results the client attached.
pub const CHANNEL_DOCUMENT: u8 = 7;
/// Everything else: suffix, prediction, stop, names, ids, output schemas, unknown fields.
pub const CHANNEL_PARAMETER: u8 = 8;

// PART: how a text came from the body.
/// One JSON string, unescaped; EDIT may replace any range of it.
pub const PART_STRING: u8 = 0;
/// An object or array: its keys and strings, joined by LF; EDIT is refused.
pub const PART_JOINED: u8 = 1;
/// The string of the part just before, unescaped a second time; EDIT is refused.
pub const PART_DECODED: u8 = 2;

// PART_FLAG: flags of a part.
/// Shown as context of a message that is judged; it was judged before.
pub const PART_FLAG_CONTEXT: u8 = 1;

// TARGET: flags of a target.
/// No breaker keeps requests from it.
pub const TARGET_HEALTHY: u32 = 1;

// DELTA: what a piece of an answer belongs to.
/// What a reader sees.
pub const DELTA_TEXT: u8 = 0;
/// What the model thought aloud.
pub const DELTA_REASONING: u8 = 1;
/// The arguments, or the name, of a tool call.
pub const DELTA_TOOL: u8 = 2;
/// A refusal.
pub const DELTA_REFUSAL: u8 = 3;
/// Name of a tool that is called.
pub const DELTA_NAME: u8 = 4;

// DELTA_FLAG: flags of a batch.
/// The strings of this batch are complete: nothing of them can be held back.
pub const DELTA_FLAG_FINAL: u32 = 1;
/// The answer was not streamed: the batch is all of it.
pub const DELTA_FLAG_COMPLETE: u32 = 2;

// OUTCOME: how a request ended.
/// Answered, whatever the model's status below 400.
pub const OUTCOME_OK: u8 = 0;
/// Refused because of what the client sent.
pub const OUTCOME_CLIENT_ERROR: u8 = 1;
/// No, unknown or expired credential.
pub const OUTCOME_UNAUTHORIZED: u8 = 2;
/// No such path, route or model.
pub const OUTCOME_NOT_FOUND: u8 = 3;
/// Refused for want of capacity.
pub const OUTCOME_SHED: u8 = 4;
/// The client went away before the answer was complete.
pub const OUTCOME_CLIENT_LEFT: u8 = 5;
/// Refused, reset, malformed answer, or 5xx.
pub const OUTCOME_UPSTREAM_ERROR: u8 = 6;
/// Connect, first-byte or idle deadline.
pub const OUTCOME_UPSTREAM_TIMEOUT: u8 = 7;
/// The answer broke off after its first byte.
pub const OUTCOME_UPSTREAM_CUT: u8 = 8;
/// A fault of the host's own.
pub const OUTCOME_INTERNAL: u8 = 9;
/// Refused by a policy.
pub const OUTCOME_DENIED: u8 = 10;

// USAGE: flags of usage.
/// The host's own count of tokens, for want of the model's.
pub const USAGE_ESTIMATED: u8 = 1;
/// The answer was cut: output is what was stated until then.
pub const USAGE_PARTIAL: u8 = 2;

// BY: what ROUTE and EXCLUDE name.
/// A target.
pub const BY_NAME: u32 = 0;
/// A model; ROUTE alone.
pub const BY_MODEL: u32 = 1;
/// A data class; EXCLUDE alone.
pub const BY_CLASS: u32 = 2;

// PARAM: what PARAM sets.
/// A whole number, at least 1.
pub const PARAM_MAX_TOKENS: u32 = 0;
/// At least 0.
pub const PARAM_TEMPERATURE: u32 = 1;

// LOG: levels of log.
pub const LOG_DEBUG: u32 = 0;
pub const LOG_INFO: u32 = 1;
pub const LOG_WARN: u32 = 2;
pub const LOG_ERROR: u32 = 3;

// SIGNAL: index of a counter in SIGNALS.
pub const SIGNAL_BYTES: u32 = 0;
pub const SIGNAL_CHARACTERS: u32 = 1;
pub const SIGNAL_NON_ASCII: u32 = 2;
pub const SIGNAL_LOWER: u32 = 3;
pub const SIGNAL_UPPER: u32 = 4;
pub const SIGNAL_DIGITS: u32 = 5;
pub const SIGNAL_WHITE_SPACE: u32 = 6;
pub const SIGNAL_LINES: u32 = 7;
pub const SIGNAL_PUNCTUATION: u32 = 8;
pub const SIGNAL_CONTROLS: u32 = 9;
pub const SIGNAL_ZERO_WIDTH: u32 = 10;
pub const SIGNAL_JOINERS: u32 = 11;
pub const SIGNAL_TAGS: u32 = 12;
pub const SIGNAL_SELECTORS: u32 = 13;
pub const SIGNAL_SELECTOR_RUNS: u32 = 14;
pub const SIGNAL_BIDI: u32 = 15;
pub const SIGNAL_MARKS: u32 = 16;
pub const SIGNAL_STACKED_MARKS: u32 = 17;
pub const SIGNAL_UNICODE_SPACES: u32 = 18;
pub const SIGNAL_COMPATIBILITY: u32 = 19;
pub const SIGNAL_STYLED: u32 = 20;
pub const SIGNAL_PRIVATE_USE: u32 = 21;
pub const SIGNAL_MIXED_WORDS: u32 = 22;
pub const SIGNAL_BASE64: u32 = 23;
pub const SIGNAL_BASE64_BYTES: u32 = 24;
pub const SIGNAL_HEX: u32 = 25;
pub const SIGNAL_HEX_BYTES: u32 = 26;
pub const SIGNAL_PERCENT_ESCAPES: u32 = 27;
pub const SIGNAL_BACKSLASH_ESCAPES: u32 = 28;
pub const SIGNAL_REFERENCES: u32 = 29;
pub const SIGNAL_COMMENTS: u32 = 30;
pub const SIGNAL_HIDDEN: u32 = 31;
pub const SIGNAL_EMBEDS: u32 = 32;
pub const SIGNAL_URLS: u32 = 33;
pub const SIGNAL_LINKS: u32 = 34;
pub const SIGNAL_IMAGES: u32 = 35;
pub const SIGNAL_DATA_LINKS: u32 = 36;
pub const SIGNAL_FENCES: u32 = 37;
pub const SIGNAL_ROLE_MARKERS: u32 = 38;
pub const SIGNAL_ROLE_TAGS: u32 = 39;
pub const SIGNAL_SPECIAL_TOKENS: u32 = 40;
pub const SIGNAL_LONGEST_TOKEN: u32 = 41;
pub const SIGNAL_ENTROPY: u32 = 42;

/// What a frame begins with.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// MAGIC.
    pub magic: u32,
    /// Of the frame, in bytes.
    pub size: u32,
    /// HOOK_…
    pub hook: u16,
    /// Entries of the directory, which follows.
    pub sections: u16,
    /// FRAME_…
    pub flags: u32,
}
const _: () = assert!(core::mem::size_of::<Header>() == 16);

/// An entry of the directory; kinds ascend.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// SECTION_…
    pub kind: u16,
    /// None yet: zero.
    pub flags: u16,
    /// Of the payload, from the frame's start; a multiple of 8.
    pub offset: u32,
    /// Of the payload, in bytes, without what pads it.
    pub length: u32,
}
const _: () = assert!(core::mem::size_of::<Entry>() == 12);

/// The section REQUEST.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// ENDPOINT_…
    pub endpoint: u16,
    /// DIALECT_…
    pub dialect: u16,
    /// REQUEST_…
    pub flags: u32,
    /// The most output tokens the client asks for; -1: it does not say.
    pub max_tokens: i64,
    /// NaN: the client does not say.
    pub temperature: f64,
    /// The host's estimate.
    pub input_tokens: i64,
    /// Nanoseconds since 1970-01-01 UTC when the request came; -1: withheld.
    pub wall: i64,
    /// The same moment on a clock that does not step, in nanoseconds; -1: withheld.
    pub monotonic: i64,
    /// Of the body as it came, or as earlier plugins made it.
    pub body_bytes: u64,
    /// How many the request has.
    pub messages: u32,
    /// How many texts the request has, in all.
    pub parts: u32,
    /// Definitions of tools.
    pub tools: u32,
    /// How many the client asks for; 1 unless it says.
    pub answers: u32,
    /// Control characters spelled as escapes in texts.
    pub controls: u32,
    /// Uninspected: what the model sees and the host cannot read, by kind.
    pub images: u32,
    /// Uninspected.
    pub audio: u32,
    /// Uninspected.
    pub files: u32,
    /// Uninspected.
    pub stored_prompts: u32,
    /// Uninspected: earlier responses, conversations and items named by id.
    pub previous_responses: u32,
    /// Uninspected: what the provider alone can read.
    pub encrypted: u32,
    /// Uninspected: texts given as token numbers.
    pub tokens: u32,
    /// Uninspected: remote tool servers, unknown content.
    pub other: u32,
    /// Of all texts together.
    pub text_bytes: u32,
}
const _: () = assert!(core::mem::size_of::<Request>() == 112);

/// What SESSION begins with; the rest is the client's key of the conversation, if any.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// 1 for a conversation's first request: 1 + messages of the assistant.
    pub turn: u32,
    /// How many the request has.
    pub messages: u32,
}
const _: () = assert!(core::mem::size_of::<Session>() == 8);

/// An entry of MESSAGES: one text that can reach the model.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// ROLE_…
    pub role: u8,
    /// CHANNEL_…
    pub channel: u8,
    /// PART_…
    pub kind: u8,
    /// PART_FLAG_…
    pub flags: u8,
    /// Index of its message in the request; NONE outside messages.
    pub message: u32,
    /// Of the text in TEXT.
    pub offset: u32,
    /// Of the text, in bytes.
    pub length: u32,
}
const _: () = assert!(core::mem::size_of::<Part>() == 16);

/// An entry of TOOLS; the fields are indices in MESSAGES, NONE when absent.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    pub name: u32,
    pub description: u32,
    pub schema: u32,
}
const _: () = assert!(core::mem::size_of::<Tool>() == 12);

/// What HEADERS, TARGETS, SCORES, TAGS and MEMO begin with; entries follow, then their strings.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// Of entries.
    pub count: u32,
    pub reserved1: u32,
}
const _: () = assert!(core::mem::size_of::<List>() == 8);

/// An entry of HEADERS; offsets count from the payload's start.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct HeaderField {
    pub name_offset: u32,
    /// Lower case.
    pub name_length: u32,
    pub value_offset: u32,
    pub value_length: u32,
}
const _: () = assert!(core::mem::size_of::<HeaderField>() == 16);

/// An entry of TARGETS; offsets count from the payload's start.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name_offset: u32,
    pub name_length: u32,
    pub kind_offset: u32,
    /// of provider, as in the settings: vllm, openai …
    pub kind_length: u32,
    pub data_offset: u32,
    /// data class, as in the settings: local, cloud …
    pub data_length: u32,
    /// Share of requests; NaN: withheld.
    pub weight: f64,
    /// TARGET_…
    pub flags: u32,
    /// Requests; -1: unknown or withheld.
    pub in_flight: i32,
    /// Estimated time to the first token, in nanoseconds; -1: unknown or withheld.
    pub ttft: i64,
    /// USD for a million tokens; NaN: unknown or withheld.
    pub input_price: f64,
    /// As input_price.
    pub output_price: f64,
}
const _: () = assert!(core::mem::size_of::<Target>() == 64);

/// What DELTA begins with; entries follow.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// Of entries.
    pub count: u32,
    /// DELTA_FLAG_…
    pub flags: u32,
    /// Of the answer's text that earlier batches held.
    pub bytes: u64,
}
const _: () = assert!(core::mem::size_of::<Batch>() == 16);

/// An entry of DELTA: a piece of one string of the answer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Delta {
    /// Of the choice; 0 where an answer has one.
    pub index: u32,
    /// Of the content block, output item or tool call.
    pub block: u32,
    /// Of the text in TEXT.
    pub offset: u32,
    /// Of the text, in bytes.
    pub length: u32,
    /// DELTA_…
    pub channel: u8,
    pub reserved5: [u8; 7],
}
const _: () = assert!(core::mem::size_of::<Delta>() == 24);

/// What USAGE begins with: how a request ended; the rest is the model's finish reason; -1: not known.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Tokens of the whole prompt.
    pub input: i64,
    /// Of them read from the provider's cache.
    pub cached: i64,
    /// Of them written to it.
    pub cache_write: i64,
    /// Tokens of the answer, reasoning included.
    pub output: i64,
    /// Of them.
    pub reasoning: i64,
    /// Nanoseconds spent in the host.
    pub gateway: i64,
    /// Nanoseconds spent waiting.
    pub queue: i64,
    /// Nanoseconds until the answer's first byte.
    pub ttft: i64,
    /// Nanoseconds until its last.
    pub total: i64,
    /// What it cost; NaN: not known.
    pub usd: f64,
    /// Of the answer's text.
    pub bytes: u64,
    /// HTTP status the client got.
    pub status: u16,
    /// OUTCOME_…
    pub outcome: u8,
    /// USAGE_…
    pub flags: u8,
    /// At targets.
    pub attempts: u32,
}
const _: () = assert!(core::mem::size_of::<Usage>() == 96);

/// An entry of SCORES and MEMO; offsets count from the payload's start.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Score {
    pub value: f64,
    /// Index of the message it is about; -1: the request.
    pub message: i32,
    pub name_offset: u32,
    pub name_length: u16,
    /// 0 in MEMO.
    pub plugin_length: u16,
    pub plugin_offset: u32,
}
const _: () = assert!(core::mem::size_of::<Score>() == 24);

/// An entry of TAGS; offsets count from the payload's start.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    pub name_offset: u32,
    pub name_length: u32,
    pub value_offset: u32,
    pub value_length: u32,
    pub plugin_offset: u32,
    pub plugin_length: u32,
}
const _: () = assert!(core::mem::size_of::<Tag>() == 24);

/// What PREFIX begins with; keys (u64 each) follow, then boundaries (u32 each): indices of keys that end a message.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Prefix {
    /// How many.
    pub keys: u32,
    /// How many.
    pub boundaries: u32,
    /// Of text that the keys cover.
    pub bytes: u64,
}
const _: () = assert!(core::mem::size_of::<Prefix>() == 16);

/// What JUDGE begins with; the judge's name follows, then its text.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// NaN: the judge gave none.
    pub value: f64,
    pub name_length: u32,
    pub reserved2: u32,
}
const _: () = assert!(core::mem::size_of::<Judge>() == 16);

/// What FEEDBACK begins with; the rest is the signal's name.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Feedback {
    pub value: f64,
}
const _: () = assert!(core::mem::size_of::<Feedback>() == 8);

/// What an action of a verdict begins with; its payload follows.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// ACTION_…
    pub kind: u16,
    /// None yet: zero.
    pub flags: u16,
    /// Of the payload, in bytes.
    pub length: u32,
}
const _: () = assert!(core::mem::size_of::<Action>() == 8);

/// What pattern_scan writes for a match.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// Its line in the list, from 0; empty lines do not count.
    pub pattern: u32,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset behind its last byte.
    pub end: u32,
}
const _: () = assert!(core::mem::size_of::<Match>() == 12);

/// What the host offers.
#[cfg(target_arch = "wasm32")]
#[link(wasm_import_module = "weir1")]
extern "C" {
    /// Writes a line to the host's log.
    #[link_name = "log"]
    pub fn host_log(level: i32, text: *const u8, text_len: usize);
    /// Adds to a counter and answers its new value; a delta of 0 reads.
    #[link_name = "state_add"]
    pub fn host_state_add(key: *const u8, key_len: usize, delta: i64, ttl_ms: i64) -> i64;
    /// Answers the length of a value, and writes it to out where it fits.
    #[link_name = "state_get"]
    pub fn host_state_get(key: *const u8, key_len: usize, out: *mut u8, cap: usize) -> i32;
    /// Keeps a value.
    #[link_name = "state_set"]
    pub fn host_state_set(key: *const u8, key_len: usize, value: *const u8, value_len: usize, ttl_ms: i64) -> i32;
    /// Answers 1 to the first caller and 0 to others until the key expires.
    #[link_name = "state_once"]
    pub fn host_state_once(key: *const u8, key_len: usize, ttl_ms: i64) -> i32;
    /// Adds to a counter of the plugin's own in the host's metrics.
    #[link_name = "metric_add"]
    pub fn host_metric_add(name: *const u8, name_len: usize, value: i64) -> i32;
    /// Compiles phrases, one a line, and answers a handle; only in _initialize and configure.
    #[link_name = "pattern_compile"]
    pub fn host_pattern_compile(list: *const u8, list_len: usize) -> i32;
    /// Finds the phrases in text without regard to case, writes at most cap matches to out and answers how many.
    #[link_name = "pattern_scan"]
    pub fn host_pattern_scan(handle: i32, text: *const u8, text_len: usize, out: *mut u8, cap: usize) -> i32;
    /// Answers the wall clock in nanoseconds since 1970-01-01 UTC; capability clock.
    #[link_name = "now"]
    pub fn host_now() -> i64;
    /// Fills out with random bytes; capability random.
    #[link_name = "random"]
    pub fn host_random(out: *mut u8, out_len: usize) -> i32;
}
