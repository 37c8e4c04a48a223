package abi

import "fmt"

// Kind is the type of a field: an integer or float, little-endian; in actions also a string or what is left.
type Kind uint8

// The types of fields.
const (
	U8 Kind = iota + 1
	U16
	U32
	S32
	U64
	S64
	F64
	Str  // u32 length, that many bytes of UTF-8; actions alone
	Rest // all bytes that are left; actions alone
)

var kinds = [...]struct {
	name string
	size int
}{U8: {"u8", 1}, U16: {"u16", 2}, U32: {"u32", 4}, S32: {"i32", 4}, U64: {"u64", 8}, S64: {"i64", 8}, F64: {"f64", 8}, Str: {"str", 0}, Rest: {"rest", 0}}

// String is the type as README.md names it: "u32".
func (k Kind) String() string { return kinds[k].name }

// Size is the length of the type in bytes; 0 for Str and Rest.
func (k Kind) Size() int { return kinds[k].size }

// Field is a field of a struct or of an action.
type Field struct {
	Name   string // snake_case; "reserved" is written as zero and not read
	Kind   Kind
	Count  int // how many of them follow each other; 1
	Offset int // in bytes, from the struct's start; in actions not said
	Doc    string
}

// Struct is a layout of fixed size. Fields stand in order and each at a multiple of its own size.
type Struct struct {
	Name   string // snake_case
	Size   int
	Doc    string
	Fields []Field
}

// layout gives the fields their offsets. A table that does not add up panics, in the first test that reads it.
func layout(name string, size int, doc string, fields ...Field) Struct {
	at := 0
	for i := range fields {
		f := &fields[i]
		if f.Count == 0 {
			f.Count = 1
		}
		if at%f.Kind.Size() != 0 {
			panic(fmt.Sprintf("abi: %s.%s lies at %d", name, f.Name, at))
		}
		f.Offset = at
		at += f.Kind.Size() * f.Count
	}
	if at != size {
		panic(fmt.Sprintf("abi: the fields of %s have %d bytes, its size is %d", name, at, size))
	}
	return Struct{name, size, doc, fields}
}

func field(name string, k Kind, doc string) Field { return Field{Name: name, Kind: k, Doc: doc} }

func reserved(k Kind, count int) Field { return Field{Name: "reserved", Kind: k, Count: count} }

// Structs are the fixed layouts of frames, of what host functions write, and the header of an action.
func Structs() []Struct {
	return []Struct{
		layout("header", HeaderSize, "what a frame begins with",
			field("magic", U32, "MAGIC"),
			field("size", U32, "of the frame, in bytes"),
			field("hook", U16, "HOOK_…"),
			field("sections", U16, "entries of the directory, which follows"),
			field("flags", U32, "FRAME_…")),
		layout("entry", EntrySize, "an entry of the directory; kinds ascend",
			field("kind", U16, "SECTION_…"),
			field("flags", U16, "none yet: zero"),
			field("offset", U32, "of the payload, from the frame's start; a multiple of 8"),
			field("length", U32, "of the payload, in bytes, without what pads it")),
		layout("request", RequestSize, "the section REQUEST",
			field("endpoint", U16, "ENDPOINT_…"),
			field("dialect", U16, "DIALECT_…"),
			field("flags", U32, "REQUEST_…"),
			field("max_tokens", S64, "the most output tokens the client asks for; -1: it does not say"),
			field("temperature", F64, "NaN: the client does not say"),
			field("input_tokens", S64, "the host's estimate"),
			field("wall", S64, "nanoseconds since 1970-01-01 UTC when the request came; -1: withheld"),
			field("monotonic", S64, "the same moment on a clock that does not step, in nanoseconds; -1: withheld"),
			field("body_bytes", U64, "of the body as it came, or as earlier plugins made it"),
			field("messages", U32, "how many the request has"),
			field("parts", U32, "how many texts the request has, in all"),
			field("tools", U32, "definitions of tools"),
			field("answers", U32, "how many the client asks for; 1 unless it says"),
			field("controls", U32, "control characters spelled as escapes in texts"),
			field("images", U32, "uninspected: what the model sees and the host cannot read, by kind"),
			field("audio", U32, "uninspected"),
			field("files", U32, "uninspected"),
			field("stored_prompts", U32, "uninspected"),
			field("previous_responses", U32, "uninspected: earlier responses, conversations and items named by id"),
			field("encrypted", U32, "uninspected: what the provider alone can read"),
			field("tokens", U32, "uninspected: texts given as token numbers"),
			field("other", U32, "uninspected: remote tool servers, unknown content"),
			field("text_bytes", U32, "of all texts together")),
		layout("session", SessionSize, "what SESSION begins with; the rest is the client's key of the conversation, if any",
			field("turn", U32, "1 for a conversation's first request: 1 + messages of the assistant"),
			field("messages", U32, "how many the request has")),
		layout("part", PartSize, "an entry of MESSAGES: one text that can reach the model",
			field("role", U8, "ROLE_…"),
			field("channel", U8, "CHANNEL_…"),
			field("kind", U8, "PART_…"),
			field("flags", U8, "PART_FLAG_…"),
			field("message", U32, "index of its message in the request; NONE outside messages"),
			field("offset", U32, "of the text in TEXT"),
			field("length", U32, "of the text, in bytes")),
		layout("tool", ToolSize, "an entry of TOOLS; the fields are indices in MESSAGES, NONE when absent",
			field("name", U32, ""), field("description", U32, ""), field("schema", U32, "")),
		layout("list", ListSize, "what HEADERS, TARGETS, SCORES, TAGS and MEMO begin with; entries follow, then their strings",
			field("count", U32, "of entries"), reserved(U32, 1)),
		layout("header_field", HeaderField, "an entry of HEADERS; offsets count from the payload's start",
			field("name_offset", U32, ""), field("name_length", U32, "lower case"),
			field("value_offset", U32, ""), field("value_length", U32, "")),
		layout("target", TargetSize, "an entry of TARGETS; offsets count from the payload's start",
			field("name_offset", U32, ""), field("name_length", U32, ""),
			field("kind_offset", U32, ""), field("kind_length", U32, "of provider, as in the settings: vllm, openai …"),
			field("data_offset", U32, ""), field("data_length", U32, "data class, as in the settings: local, cloud …"),
			field("weight", F64, "share of requests; NaN: withheld"),
			field("flags", U32, "TARGET_…"),
			field("in_flight", S32, "requests; -1: unknown or withheld"),
			field("ttft", S64, "estimated time to the first token, in nanoseconds; -1: unknown or withheld"),
			field("input_price", F64, "USD for a million tokens; NaN: unknown or withheld"),
			field("output_price", F64, "as input_price")),
		layout("batch", BatchSize, "what DELTA begins with; entries follow",
			field("count", U32, "of entries"),
			field("flags", U32, "DELTA_FLAG_…"),
			field("bytes", U64, "of the answer's text that earlier batches held")),
		layout("delta", DeltaSize, "an entry of DELTA: a piece of one string of the answer",
			field("index", U32, "of the choice; 0 where an answer has one"),
			field("block", U32, "of the content block, output item or tool call"),
			field("offset", U32, "of the text in TEXT"),
			field("length", U32, "of the text, in bytes"),
			field("channel", U8, "DELTA_…"), reserved(U8, 7)),
		layout("usage", UsageSize, "what USAGE begins with: how a request ended; the rest is the model's finish reason; -1: not known",
			field("input", S64, "tokens of the whole prompt"),
			field("cached", S64, "of them read from the provider's cache"),
			field("cache_write", S64, "of them written to it"),
			field("output", S64, "tokens of the answer, reasoning included"),
			field("reasoning", S64, "of them"),
			field("gateway", S64, "nanoseconds spent in the host"),
			field("queue", S64, "nanoseconds spent waiting"),
			field("ttft", S64, "nanoseconds until the answer's first byte"),
			field("total", S64, "nanoseconds until its last"),
			field("usd", F64, "what it cost; NaN: not known"),
			field("bytes", U64, "of the answer's text"),
			field("status", U16, "HTTP status the client got"),
			field("outcome", U8, "OUTCOME_…"),
			field("flags", U8, "USAGE_…"),
			field("attempts", U32, "at targets")),
		layout("score", ScoreSize, "an entry of SCORES and MEMO; offsets count from the payload's start",
			field("value", F64, ""),
			field("message", S32, "index of the message it is about; -1: the request"),
			field("name_offset", U32, ""),
			field("name_length", U16, ""),
			field("plugin_length", U16, "0 in MEMO"),
			field("plugin_offset", U32, "")),
		layout("tag", TagSize, "an entry of TAGS; offsets count from the payload's start",
			field("name_offset", U32, ""), field("name_length", U32, ""),
			field("value_offset", U32, ""), field("value_length", U32, ""),
			field("plugin_offset", U32, ""), field("plugin_length", U32, "")),
		layout("prefix", PrefixSize, "what PREFIX begins with; keys (u64 each) follow, then boundaries (u32 each): indices of keys that end a message",
			field("keys", U32, "how many"), field("boundaries", U32, "how many"),
			field("bytes", U64, "of text that the keys cover")),
		layout("judge", JudgeSize, "what JUDGE begins with; the judge's name follows, then its text",
			field("value", F64, "NaN: the judge gave none"),
			field("name_length", U32, ""), reserved(U32, 1)),
		layout("feedback", FeedbackSize, "what FEEDBACK begins with; the rest is the signal's name",
			field("value", F64, "")),
		layout("action", ActionSize, "what an action of a verdict begins with; its payload follows",
			field("kind", U16, "ACTION_…"),
			field("flags", U16, "none yet: zero"),
			field("length", U32, "of the payload, in bytes")),
		layout("match", MatchSize, "what pattern_scan writes for a match",
			field("pattern", U32, "its line in the list, from 0; empty lines do not count"),
			field("start", U32, "offset of its first byte"),
			field("end", U32, "offset behind its last byte")),
	}
}
