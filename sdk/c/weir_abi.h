/* Generated from sdk/abi by go generate ./sdk/abi. DO NOT EDIT. sdk/abi/README.md says what it means. */
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <stddef.h>
#include <stdint.h>

#define WEIR_VERSION 1u /* of the ABI */
#define WEIR_MAGIC 1380533591u /* opens every frame: WEIR in ASCII, read as a little-endian u32 */
#define WEIR_NONE 4294967295u /* an index that says there is none */
#define WEIR_ALIGN 8u /* payloads of a frame lie at multiples of it, in bytes */
#define WEIR_MAX_FRAME 67108864u /* bytes of a frame */
#define WEIR_MAX_VERDICT 1048576u /* bytes of a verdict */
#define WEIR_MAX_ACTIONS 4096u /* actions of a verdict */
#define WEIR_MAX_STATE 4096u /* bytes of STREAM_STATE */
#define WEIR_MAX_HOLD 65536u /* bytes of HOLD */
#define WEIR_MAX_NAME 128u /* bytes of a name or type */
#define WEIR_MAX_VALUE 4096u /* bytes of the value of a tag or header */
#define WEIR_MAX_MESSAGE 1024u /* bytes of the message of DENY and STOP */
#define WEIR_MAX_STATE_KEY 256u /* bytes of a key of state_* */
#define WEIR_MAX_STATE_DATA 4096u /* bytes of a value of state_set */
#define WEIR_MAX_TTL 2678400000u /* milliseconds of a ttl_ms: 31 days */
#define WEIR_MAX_MATCHES 65536u /* cap of pattern_scan */
#define WEIR_STATE_MISSING (-1) /* state_get: there is no such key */
#define WEIR_STATE_REFUSED (-2) /* host functions: a quota, a capability or an argument that cannot be right */
#define WEIR_COUNTER_FAILED INT64_MIN /* state_add: refused */

/* HOOK: what a guest is called for */
#define WEIR_HOOK_CONFIGURE 1u /* once per instance: CONFIG holds the settings; a DENY refuses them */
#define WEIR_HOOK_REQUEST 2u /* before a target is chosen */
#define WEIR_HOOK_DELTA 3u /* text of the answer, in batches */
#define WEIR_HOOK_END 4u /* once per request, whatever happened */
#define WEIR_HOOK_TICK 5u /* about once a second, on one instance */
#define WEIR_HOOK_JUDGE 6u /* the answer of a judge the plugin asked for with ESCALATE */
#define WEIR_HOOK_FEEDBACK 7u /* a signal about an earlier request */

/* SECTION: what a frame holds */
#define WEIR_SECTION_REQUEST 1u /* the request in numbers */
#define WEIR_SECTION_TENANT 2u /* whose request it is */
#define WEIR_SECTION_ROUTE 3u /* the route's name */
#define WEIR_SECTION_MODEL 4u /* the model, as the client named it */
#define WEIR_SECTION_REQUEST_ID 5u /* the request's id in records */
#define WEIR_SECTION_SESSION 6u /* the conversation it belongs to */
#define WEIR_SECTION_MESSAGES 7u /* every text that can reach the model, in the body's order */
#define WEIR_SECTION_TEXT 8u /* the texts that MESSAGES or DELTA point into */
#define WEIR_SECTION_SIGNALS 9u /* counts of what is notable in the texts, by SIGNAL_… */
#define WEIR_SECTION_PREFIX 10u /* keys of the prompt's beginnings: equal beginnings, equal keys; they steer and prove nothing */
#define WEIR_SECTION_TOOLS 11u /* definitions of tools */
#define WEIR_SECTION_HEADERS 12u /* the request's headers that the manifest names; never credentials */
#define WEIR_SECTION_TARGETS 13u /* the candidates */
#define WEIR_SECTION_CONFIG 14u /* the plugin's settings */
#define WEIR_SECTION_STREAM_STATE 15u /* what the plugin left by STREAM_STATE; empty when it left nothing */
#define WEIR_SECTION_USAGE 16u /* how the request ended */
#define WEIR_SECTION_DELTA 17u /* what came of the answer, behind what was held back */
#define WEIR_SECTION_RESPONSE_TEXT 18u /* the whole answer's text, for plugins that said WANT_TEXT */
#define WEIR_SECTION_JUDGE 19u /* what the judge answered */
#define WEIR_SECTION_FEEDBACK 20u /* the signal and its name */
#define WEIR_SECTION_BODY 21u /* the raw body */
#define WEIR_SECTION_SCORES 22u /* scores of earlier plugins */
#define WEIR_SECTION_TAGS 23u /* tags of earlier plugins */
#define WEIR_SECTION_MEMO 24u /* the plugin's own scores of messages it judged before */

/* ACTION: what a verdict says */
#define WEIR_ACTION_DENY 1u /* answers the request with an error, and later plugins do not run; from configure: refuses the settings */
#define WEIR_ACTION_ROUTE 2u /* chooses the target, or replaces the model; the last of a chain counts */
#define WEIR_ACTION_EXCLUDE 3u /* takes a target or a data class from the candidates; exclusions add up */
#define WEIR_ACTION_COST 4u /* estimates the input tokens that budgets reserve */
#define WEIR_ACTION_WEIGHT 5u /* sets the share of the request's flow */
#define WEIR_ACTION_FLOW 6u /* chooses the queue the request waits in */
#define WEIR_ACTION_EDIT 7u /* replaces a range of a text; ranges of one verdict do not overlap and cut no character */
#define WEIR_ACTION_SET_HEADER 8u /* sets a header of the request to the target, one the manifest's set_headers names */
#define WEIR_ACTION_SCORE 9u /* says how something is judged; later plugins see it, and records keep it */
#define WEIR_ACTION_TAG 10u /* says something about the request; later plugins see it, and records keep it */
#define WEIR_ACTION_DELTA_EDIT 11u /* replaces a range of a piece of the answer; ranges of one verdict do not overlap and cut no character */
#define WEIR_ACTION_HOLD 12u /* keeps the last bytes of each string of the batch back, and the next batch begins with them; not obeyed in a final batch */
#define WEIR_ACTION_STOP 13u /* ends the answer with an error */
#define WEIR_ACTION_STREAM_STATE 14u /* is what the plugin's later calls for this request see as STREAM_STATE */
#define WEIR_ACTION_WANT_TEXT 15u /* asks for RESPONSE_TEXT in on_end */
#define WEIR_ACTION_PARAM 16u /* sets a parameter of the body */
#define WEIR_ACTION_INSERT 17u /* puts a message into the request */
#define WEIR_ACTION_CLASS 18u /* says of what data class the request is: it stays within targets of that class */
#define WEIR_ACTION_LANE 19u /* chooses the priority lane */
#define WEIR_ACTION_BUDGET 20u /* charges a named budget */
#define WEIR_ACTION_PREFER 21u /* prefers a target where nothing speaks against it */
#define WEIR_ACTION_VARIANT 22u /* names the variant of an experiment, for records */
#define WEIR_ACTION_SHADOW 23u /* has a copy of the request sent to a target, whose answer is dropped */
#define WEIR_ACTION_ESCALATE 24u /* asks a judge of the operator's, whose answer comes by on_judge */

/* FRAME: flags of a frame */
#define WEIR_FRAME_OBSERVE 1u /* mode observe: the verdict is recorded and changes nothing */
#define WEIR_FRAME_REPLAY 2u /* replayed offline from a record */

/* ENDPOINT: the operation of the provider's API */
#define WEIR_ENDPOINT_NONE 0u /* any other */
#define WEIR_ENDPOINT_CHAT 1u /* POST /v1/chat/completions */
#define WEIR_ENDPOINT_COMPLETIONS 2u /* POST /v1/completions */
#define WEIR_ENDPOINT_RESPONSES 3u /* POST /v1/responses */
#define WEIR_ENDPOINT_EMBEDDINGS 4u /* POST /v1/embeddings */
#define WEIR_ENDPOINT_MODELS 5u /* GET /v1/models */
#define WEIR_ENDPOINT_MESSAGES 6u /* POST /v1/messages */
#define WEIR_ENDPOINT_COUNT_TOKENS 7u /* POST /v1/messages/count_tokens */

/* DIALECT: the wire format */
#define WEIR_DIALECT_UNKNOWN 0u
#define WEIR_DIALECT_OPENAI 1u
#define WEIR_DIALECT_ANTHROPIC 2u

/* REQUEST: flags of a request */
#define WEIR_REQUEST_STREAM 1u /* the client wants a stream */
#define WEIR_REQUEST_INCLUDE_USAGE 2u /* and its usage in it */

/* ROLE: who a text speaks as */
#define WEIR_ROLE_NONE 0u /* outside messages, or a role no provider documents */
#define WEIR_ROLE_SYSTEM 1u
#define WEIR_ROLE_DEVELOPER 2u
#define WEIR_ROLE_USER 3u
#define WEIR_ROLE_ASSISTANT 4u
#define WEIR_ROLE_TOOL 5u

/* CHANNEL: the way a text reaches the model, and so how far it should be trusted */
#define WEIR_CHANNEL_NONE 0u /* does not occur */
#define WEIR_CHANNEL_INSTRUCTION 1u /* system and developer text, instructions */
#define WEIR_CHANNEL_USER 2u /* what the user says; also messages of roles no provider documents */
#define WEIR_CHANNEL_ASSISTANT 3u /* earlier answers, reasoning, refusals */
#define WEIR_CHANNEL_TOOL_RESULT 4u /* what tools, searches and code returned */
#define WEIR_CHANNEL_TOOL_DEFINITION 5u /* names, descriptions and schemas of tools */
#define WEIR_CHANNEL_TOOL_ARGUMENTS 6u /* what the model earlier passed to tools */
#define WEIR_CHANNEL_DOCUMENT 7u /* documents and search results the client attached */
#define WEIR_CHANNEL_PARAMETER 8u /* everything else: suffix, prediction, stop, names, ids, output schemas, unknown fields */

/* PART: how a text came from the body */
#define WEIR_PART_STRING 0u /* one JSON string, unescaped; EDIT may replace any range of it */
#define WEIR_PART_JOINED 1u /* an object or array: its keys and strings, joined by LF; EDIT is refused */
#define WEIR_PART_DECODED 2u /* the string of the part just before, unescaped a second time; EDIT is refused */

/* PART_FLAG: flags of a part */
#define WEIR_PART_FLAG_CONTEXT 1u /* shown as context of a message that is judged; it was judged before */

/* TARGET: flags of a target */
#define WEIR_TARGET_HEALTHY 1u /* no breaker keeps requests from it */

/* DELTA: what a piece of an answer belongs to */
#define WEIR_DELTA_TEXT 0u /* what a reader sees */
#define WEIR_DELTA_REASONING 1u /* what the model thought aloud */
#define WEIR_DELTA_TOOL 2u /* the arguments, or the name, of a tool call */
#define WEIR_DELTA_REFUSAL 3u /* a refusal */
#define WEIR_DELTA_NAME 4u /* name of a tool that is called */

/* DELTA_FLAG: flags of a batch */
#define WEIR_DELTA_FLAG_FINAL 1u /* the strings of this batch are complete: nothing of them can be held back */
#define WEIR_DELTA_FLAG_COMPLETE 2u /* the answer was not streamed: the batch is all of it */

/* OUTCOME: how a request ended */
#define WEIR_OUTCOME_OK 0u /* answered, whatever the model's status below 400 */
#define WEIR_OUTCOME_CLIENT_ERROR 1u /* refused because of what the client sent */
#define WEIR_OUTCOME_UNAUTHORIZED 2u /* no, unknown or expired credential */
#define WEIR_OUTCOME_NOT_FOUND 3u /* no such path, route or model */
#define WEIR_OUTCOME_SHED 4u /* refused for want of capacity */
#define WEIR_OUTCOME_CLIENT_LEFT 5u /* the client went away before the answer was complete */
#define WEIR_OUTCOME_UPSTREAM_ERROR 6u /* refused, reset, malformed answer, or 5xx */
#define WEIR_OUTCOME_UPSTREAM_TIMEOUT 7u /* connect, first-byte or idle deadline */
#define WEIR_OUTCOME_UPSTREAM_CUT 8u /* the answer broke off after its first byte */
#define WEIR_OUTCOME_INTERNAL 9u /* a fault of the host's own */
#define WEIR_OUTCOME_DENIED 10u /* refused by a policy */

/* USAGE: flags of usage */
#define WEIR_USAGE_ESTIMATED 1u /* the host's own count of tokens, for want of the model's */
#define WEIR_USAGE_PARTIAL 2u /* the answer was cut: output is what was stated until then */

/* BY: what ROUTE and EXCLUDE name */
#define WEIR_BY_NAME 0u /* a target */
#define WEIR_BY_MODEL 1u /* a model; ROUTE alone */
#define WEIR_BY_CLASS 2u /* a data class; EXCLUDE alone */

/* PARAM: what PARAM sets */
#define WEIR_PARAM_MAX_TOKENS 0u /* a whole number, at least 1 */
#define WEIR_PARAM_TEMPERATURE 1u /* at least 0 */

/* LOG: levels of log */
#define WEIR_LOG_DEBUG 0u
#define WEIR_LOG_INFO 1u
#define WEIR_LOG_WARN 2u
#define WEIR_LOG_ERROR 3u

/* SIGNAL: index of a counter in SIGNALS */
#define WEIR_SIGNAL_BYTES 0u
#define WEIR_SIGNAL_CHARACTERS 1u
#define WEIR_SIGNAL_NON_ASCII 2u
#define WEIR_SIGNAL_LOWER 3u
#define WEIR_SIGNAL_UPPER 4u
#define WEIR_SIGNAL_DIGITS 5u
#define WEIR_SIGNAL_WHITE_SPACE 6u
#define WEIR_SIGNAL_LINES 7u
#define WEIR_SIGNAL_PUNCTUATION 8u
#define WEIR_SIGNAL_CONTROLS 9u
#define WEIR_SIGNAL_ZERO_WIDTH 10u
#define WEIR_SIGNAL_JOINERS 11u
#define WEIR_SIGNAL_TAGS 12u
#define WEIR_SIGNAL_SELECTORS 13u
#define WEIR_SIGNAL_SELECTOR_RUNS 14u
#define WEIR_SIGNAL_BIDI 15u
#define WEIR_SIGNAL_MARKS 16u
#define WEIR_SIGNAL_STACKED_MARKS 17u
#define WEIR_SIGNAL_UNICODE_SPACES 18u
#define WEIR_SIGNAL_COMPATIBILITY 19u
#define WEIR_SIGNAL_STYLED 20u
#define WEIR_SIGNAL_PRIVATE_USE 21u
#define WEIR_SIGNAL_MIXED_WORDS 22u
#define WEIR_SIGNAL_BASE64 23u
#define WEIR_SIGNAL_BASE64_BYTES 24u
#define WEIR_SIGNAL_HEX 25u
#define WEIR_SIGNAL_HEX_BYTES 26u
#define WEIR_SIGNAL_PERCENT_ESCAPES 27u
#define WEIR_SIGNAL_BACKSLASH_ESCAPES 28u
#define WEIR_SIGNAL_REFERENCES 29u
#define WEIR_SIGNAL_COMMENTS 30u
#define WEIR_SIGNAL_HIDDEN 31u
#define WEIR_SIGNAL_EMBEDS 32u
#define WEIR_SIGNAL_URLS 33u
#define WEIR_SIGNAL_LINKS 34u
#define WEIR_SIGNAL_IMAGES 35u
#define WEIR_SIGNAL_DATA_LINKS 36u
#define WEIR_SIGNAL_FENCES 37u
#define WEIR_SIGNAL_ROLE_MARKERS 38u
#define WEIR_SIGNAL_ROLE_TAGS 39u
#define WEIR_SIGNAL_SPECIAL_TOKENS 40u
#define WEIR_SIGNAL_LONGEST_TOKEN 41u
#define WEIR_SIGNAL_ENTROPY 42u

/* what a frame begins with */
typedef struct weir_header {
    uint32_t magic; /* MAGIC */
    uint32_t size; /* of the frame, in bytes */
    uint16_t hook; /* HOOK_… */
    uint16_t sections; /* entries of the directory, which follows */
    uint32_t flags; /* FRAME_… */
} weir_header;
typedef char weir_header_has_16_bytes[sizeof(weir_header) == 16 ? 1 : -1];

/* an entry of the directory; kinds ascend */
typedef struct weir_entry {
    uint16_t kind; /* SECTION_… */
    uint16_t flags; /* none yet: zero */
    uint32_t offset; /* of the payload, from the frame's start; a multiple of 8 */
    uint32_t length; /* of the payload, in bytes, without what pads it */
} weir_entry;
typedef char weir_entry_has_12_bytes[sizeof(weir_entry) == 12 ? 1 : -1];

/* the section REQUEST */
typedef struct weir_request {
    uint16_t endpoint; /* ENDPOINT_… */
    uint16_t dialect; /* DIALECT_… */
    uint32_t flags; /* REQUEST_… */
    int64_t max_tokens; /* the most output tokens the client asks for; -1: it does not say */
    double temperature; /* NaN: the client does not say */
    int64_t input_tokens; /* the host's estimate */
    int64_t wall; /* nanoseconds since 1970-01-01 UTC when the request came; -1: withheld */
    int64_t monotonic; /* the same moment on a clock that does not step, in nanoseconds; -1: withheld */
    uint64_t body_bytes; /* of the body as it came, or as earlier plugins made it */
    uint32_t messages; /* how many the request has */
    uint32_t parts; /* how many texts the request has, in all */
    uint32_t tools; /* definitions of tools */
    uint32_t answers; /* how many the client asks for; 1 unless it says */
    uint32_t controls; /* control characters spelled as escapes in texts */
    uint32_t images; /* uninspected: what the model sees and the host cannot read, by kind */
    uint32_t audio; /* uninspected */
    uint32_t files; /* uninspected */
    uint32_t stored_prompts; /* uninspected */
    uint32_t previous_responses; /* uninspected: earlier responses, conversations and items named by id */
    uint32_t encrypted; /* uninspected: what the provider alone can read */
    uint32_t tokens; /* uninspected: texts given as token numbers */
    uint32_t other; /* uninspected: remote tool servers, unknown content */
    uint32_t text_bytes; /* of all texts together */
} weir_request;
typedef char weir_request_has_112_bytes[sizeof(weir_request) == 112 ? 1 : -1];

/* what SESSION begins with; the rest is the client's key of the conversation, if any */
typedef struct weir_session {
    uint32_t turn; /* 1 for a conversation's first request: 1 + messages of the assistant */
    uint32_t messages; /* how many the request has */
} weir_session;
typedef char weir_session_has_8_bytes[sizeof(weir_session) == 8 ? 1 : -1];

/* an entry of MESSAGES: one text that can reach the model */
typedef struct weir_part {
    uint8_t role; /* ROLE_… */
    uint8_t channel; /* CHANNEL_… */
    uint8_t kind; /* PART_… */
    uint8_t flags; /* PART_FLAG_… */
    uint32_t message; /* index of its message in the request; NONE outside messages */
    uint32_t offset; /* of the text in TEXT */
    uint32_t length; /* of the text, in bytes */
} weir_part;
typedef char weir_part_has_16_bytes[sizeof(weir_part) == 16 ? 1 : -1];

/* an entry of TOOLS; the fields are indices in MESSAGES, NONE when absent */
typedef struct weir_tool {
    uint32_t name;
    uint32_t description;
    uint32_t schema;
} weir_tool;
typedef char weir_tool_has_12_bytes[sizeof(weir_tool) == 12 ? 1 : -1];

/* what HEADERS, TARGETS, SCORES, TAGS and MEMO begin with; entries follow, then their strings */
typedef struct weir_list {
    uint32_t count; /* of entries */
    uint32_t reserved1;
} weir_list;
typedef char weir_list_has_8_bytes[sizeof(weir_list) == 8 ? 1 : -1];

/* an entry of HEADERS; offsets count from the payload's start */
typedef struct weir_header_field {
    uint32_t name_offset;
    uint32_t name_length; /* lower case */
    uint32_t value_offset;
    uint32_t value_length;
} weir_header_field;
typedef char weir_header_field_has_16_bytes[sizeof(weir_header_field) == 16 ? 1 : -1];

/* an entry of TARGETS; offsets count from the payload's start */
typedef struct weir_target {
    uint32_t name_offset;
    uint32_t name_length;
    uint32_t kind_offset;
    uint32_t kind_length; /* of provider, as in the settings: vllm, openai … */
    uint32_t data_offset;
    uint32_t data_length; /* data class, as in the settings: local, cloud … */
    double weight; /* share of requests; NaN: withheld */
    uint32_t flags; /* TARGET_… */
    int32_t in_flight; /* requests; -1: unknown or withheld */
    int64_t ttft; /* estimated time to the first token, in nanoseconds; -1: unknown or withheld */
    double input_price; /* USD for a million tokens; NaN: unknown or withheld */
    double output_price; /* as input_price */
} weir_target;
typedef char weir_target_has_64_bytes[sizeof(weir_target) == 64 ? 1 : -1];

/* what DELTA begins with; entries follow */
typedef struct weir_batch {
    uint32_t count; /* of entries */
    uint32_t flags; /* DELTA_FLAG_… */
    uint64_t bytes; /* of the answer's text that earlier batches held */
} weir_batch;
typedef char weir_batch_has_16_bytes[sizeof(weir_batch) == 16 ? 1 : -1];

/* an entry of DELTA: a piece of one string of the answer */
typedef struct weir_delta {
    uint32_t index; /* of the choice; 0 where an answer has one */
    uint32_t block; /* of the content block, output item or tool call */
    uint32_t offset; /* of the text in TEXT */
    uint32_t length; /* of the text, in bytes */
    uint8_t channel; /* DELTA_… */
    uint8_t reserved5[7];
} weir_delta;
typedef char weir_delta_has_24_bytes[sizeof(weir_delta) == 24 ? 1 : -1];

/* what USAGE begins with: how a request ended; the rest is the model's finish reason; -1: not known */
typedef struct weir_usage {
    int64_t input; /* tokens of the whole prompt */
    int64_t cached; /* of them read from the provider's cache */
    int64_t cache_write; /* of them written to it */
    int64_t output; /* tokens of the answer, reasoning included */
    int64_t reasoning; /* of them */
    int64_t gateway; /* nanoseconds spent in the host */
    int64_t queue; /* nanoseconds spent waiting */
    int64_t ttft; /* nanoseconds until the answer's first byte */
    int64_t total; /* nanoseconds until its last */
    double usd; /* what it cost; NaN: not known */
    uint64_t bytes; /* of the answer's text */
    uint16_t status; /* HTTP status the client got */
    uint8_t outcome; /* OUTCOME_… */
    uint8_t flags; /* USAGE_… */
    uint32_t attempts; /* at targets */
} weir_usage;
typedef char weir_usage_has_96_bytes[sizeof(weir_usage) == 96 ? 1 : -1];

/* an entry of SCORES and MEMO; offsets count from the payload's start */
typedef struct weir_score {
    double value;
    int32_t message; /* index of the message it is about; -1: the request */
    uint32_t name_offset;
    uint16_t name_length;
    uint16_t plugin_length; /* 0 in MEMO */
    uint32_t plugin_offset;
} weir_score;
typedef char weir_score_has_24_bytes[sizeof(weir_score) == 24 ? 1 : -1];

/* an entry of TAGS; offsets count from the payload's start */
typedef struct weir_tag {
    uint32_t name_offset;
    uint32_t name_length;
    uint32_t value_offset;
    uint32_t value_length;
    uint32_t plugin_offset;
    uint32_t plugin_length;
} weir_tag;
typedef char weir_tag_has_24_bytes[sizeof(weir_tag) == 24 ? 1 : -1];

/* what PREFIX begins with; keys (u64 each) follow, then boundaries (u32 each): indices of keys that end a message */
typedef struct weir_prefix {
    uint32_t keys; /* how many */
    uint32_t boundaries; /* how many */
    uint64_t bytes; /* of text that the keys cover */
} weir_prefix;
typedef char weir_prefix_has_16_bytes[sizeof(weir_prefix) == 16 ? 1 : -1];

/* what JUDGE begins with; the judge's name follows, then its text */
typedef struct weir_judge {
    double value; /* NaN: the judge gave none */
    uint32_t name_length;
    uint32_t reserved2;
} weir_judge;
typedef char weir_judge_has_16_bytes[sizeof(weir_judge) == 16 ? 1 : -1];

/* what FEEDBACK begins with; the rest is the signal's name */
typedef struct weir_feedback {
    double value;
} weir_feedback;
typedef char weir_feedback_has_8_bytes[sizeof(weir_feedback) == 8 ? 1 : -1];

/* what an action of a verdict begins with; its payload follows */
typedef struct weir_action {
    uint16_t kind; /* ACTION_… */
    uint16_t flags; /* none yet: zero */
    uint32_t length; /* of the payload, in bytes */
} weir_action;
typedef char weir_action_has_8_bytes[sizeof(weir_action) == 8 ? 1 : -1];

/* what pattern_scan writes for a match */
typedef struct weir_match {
    uint32_t pattern; /* its line in the list, from 0; empty lines do not count */
    uint32_t start; /* offset of its first byte */
    uint32_t end; /* offset behind its last byte */
} weir_match;
typedef char weir_match_has_12_bytes[sizeof(weir_match) == 12 ? 1 : -1];

#ifdef __wasm__
#define WEIR_EXPORT(name) __attribute__((export_name(name), visibility("default")))
#define WEIR_IMPORT(name) __attribute__((import_module("weir1"), import_name(name)))
#else
#define WEIR_EXPORT(name)
#define WEIR_IMPORT(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What the host offers. */

/* writes a line to the host's log */
WEIR_IMPORT("log")
void weir_log(int32_t level, const void *text, uint32_t text_len);

/* adds to a counter and answers its new value; a delta of 0 reads */
WEIR_IMPORT("state_add")
int64_t weir_state_add(const void *key, uint32_t key_len, int64_t delta, int64_t ttl_ms);

/* answers the length of a value, and writes it to out where it fits */
WEIR_IMPORT("state_get")
int32_t weir_state_get(const void *key, uint32_t key_len, void *out, uint32_t cap);

/* keeps a value */
WEIR_IMPORT("state_set")
int32_t weir_state_set(const void *key, uint32_t key_len, const void *value, uint32_t value_len, int64_t ttl_ms);

/* answers 1 to the first caller and 0 to others until the key expires */
WEIR_IMPORT("state_once")
int32_t weir_state_once(const void *key, uint32_t key_len, int64_t ttl_ms);

/* adds to a counter of the plugin's own in the host's metrics */
WEIR_IMPORT("metric_add")
int32_t weir_metric_add(const void *name, uint32_t name_len, int64_t value);

/* compiles phrases, one a line, and answers a handle; only in _initialize and configure */
WEIR_IMPORT("pattern_compile")
int32_t weir_pattern_compile(const void *list, uint32_t list_len);

/* finds the phrases in text without regard to case, writes at most cap matches to out and answers how many */
WEIR_IMPORT("pattern_scan")
int32_t weir_pattern_scan(int32_t handle, const void *text, uint32_t text_len, void *out, uint32_t cap);

/* answers the wall clock in nanoseconds since 1970-01-01 UTC; capability clock */
WEIR_IMPORT("now")
int64_t weir_now(void);

/* fills out with random bytes; capability random */
WEIR_IMPORT("random")
int32_t weir_random(void *out, uint32_t out_len);

/* What a guest may export; weir_abi_1 marks the version and is required. */

/* marks the version; never called */
WEIR_EXPORT("weir_abi_1")
void weir_abi_1(void);

/* answers where the host may write a frame of size bytes */
WEIR_EXPORT("weir_alloc")
void* weir_alloc(uint32_t size);

/* optional; answers where the manifest is */
WEIR_EXPORT("weir_manifest")
uint64_t weir_manifest(void);

/* once per instance: CONFIG holds the settings; a DENY refuses them */
WEIR_EXPORT("weir_on_configure")
uint64_t weir_on_configure(const void *ptr, uint32_t len);

/* before a target is chosen */
WEIR_EXPORT("weir_on_request")
uint64_t weir_on_request(const void *ptr, uint32_t len);

/* text of the answer, in batches */
WEIR_EXPORT("weir_on_delta")
uint64_t weir_on_delta(const void *ptr, uint32_t len);

/* once per request, whatever happened */
WEIR_EXPORT("weir_on_end")
uint64_t weir_on_end(const void *ptr, uint32_t len);

/* about once a second, on one instance */
WEIR_EXPORT("weir_on_tick")
uint64_t weir_on_tick(const void *ptr, uint32_t len);

/* the answer of a judge the plugin asked for with ESCALATE */
WEIR_EXPORT("weir_on_judge")
uint64_t weir_on_judge(const void *ptr, uint32_t len);

/* a signal about an earlier request */
WEIR_EXPORT("weir_on_feedback")
uint64_t weir_on_feedback(const void *ptr, uint32_t len);

#ifdef __cplusplus
}
#endif

#endif
