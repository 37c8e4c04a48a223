// Package dialect knows the wire formats of language model APIs: OpenAI's (chat completions, completions, responses,
// embeddings, models) and Anthropic's (messages, count_tokens).
//
// # Requests
//
// Request.Parse reads a request body in one strict pass. It finds the model and the parameters the gateway acts on, and every
// string that can reach the model, unescaped, in one arena: each is a Part with a Channel that says how it reaches the
// model. What a model will see and Weir cannot read (images, files, stored prompts, earlier responses, token arrays,
// encrypted reasoning) is counted as Uninspected. The body itself is never rewritten: edits are spliced in between its
// bytes, so members keep their order and a provider's prompt cache its prefix. Edits collects changes to texts, messages and
// parameters and makes the body that has them.
//
// The rule for what is inspected: shapes are read by their keys, not by what a "type" claims, and one shape covers the
// blocks of both dialects. Text in members a shape does not know, at any depth, is inspected with the channel of its
// surroundings, and a content block of unknown type is counted as uninspected besides. Not inspected are only values
// that no provider shows a model as text: the model's name, words the APIs enumerate, ids of users and caches, metadata,
// cache marks, log probabilities, and credentials and addresses of remote tools, which plugins must not see.
//
// A body is refused if two JSON parsers could read it differently, because what is inspected has to be what the model
// gets: duplicate keys in any object (two escaped spellings of one key are one key), keys that differ from those Weir reads
// in letter case only, invalid UTF-8, half surrogate pairs, a byte order mark, raw control characters, anything behind
// the object. Nesting is bounded by 64 levels, one object by 65,536 keys, a number by 1,024 characters, a request by
// 131,072 texts. Time is linear in the body whatever it holds.
//
// # Answers
//
// EventEnd frames server-sent events; Answer follows an answer, streamed or whole: usage, finish reason, text, whether it is
// complete. What each chunk of a stream repeats of the one before is read once. Deltas finds every string of one event, or of
// a whole answer, that a reader or a program gets, and writes the event with some of them replaced. AppendError and AppendErrorEvent write
// the errors of a client's dialect; an Error is the only kind of error that may reach a client.
//
// # What it does not do
//
// It opens no connections, starts no goroutines and keeps no state between calls beyond the buffers of the values its caller
// owns. It does not translate one dialect into another, validate what the provider validates, or judge text. It is
// the only package that imports sonic, which checks the UTF-8 of answers and reads long embeddings. Any package above
// it may import it.
package dialect
