// Package stream takes the answer to a request through the plugins that watch it: what they are shown, in batches, what they hold
// back, edit or stop, and which events may leave for the client meanwhile.
//
// # Order
//
// An answer's events wait in the order in which they came. An event leaves when every plugin has let go of all its text, and not
// before the events in front of it; one that no edit touches leaves as it came, byte for byte. Plugins stand in a row: each is
// shown what those before it let go of, edited as they edited it.
//
// # Strings
//
// Text is shown as strings: all text of one choice and channel (text, reasoning, refusal), however many events, blocks or
// parts it came in, and each tool call's arguments and name by themselves. An entry of a batch is what a plugin has not let go
// of one string: what it held back, if anything, and what has come since. HOLD keeps the last bytes of every entry; the cut
// moves to the beginning of a character. An edit replaces a range of an entry: the first event it touches says the replacement,
// others lose what was replaced.
//
// A string is complete when its choice has finished, when the answer is over, or when the choice goes on in another string: reasoning
// that is over must not keep the text behind it waiting. The end of a block alone does not complete it, since the next
// block may go on with it (citations cut text into blocks); only if nothing comes for Linger. A batch of complete strings
// carries the flag DeltaFinal: nothing of it can be held back, so that held text always leaves before the event that says that it
// is over. An answer may have several final batches.
//
// # Repeats
//
// The done and completed events of Responses say again what deltas said. Where that is so they are made to say it as edited; where
// they say something else, it is shown to the plugins like any other text.
//
// # Observers
//
// A plugin in mode observe is shown the same batches, holds included, and delays nothing: it reads a copy.
//
// # What it does not do
//
// It does not call plugins itself, decode verdicts or decide what a fault leads to: that is a Chain, which policy.Run is. It writes no
// error events, starts no goroutines and reads no clock; whoever drives it says what time it is and comes back at Due. What
// waits lies in pooled buffers, which go back when nothing waits: an idle stream costs the Stream itself. Only
// host/proxy and above import it.
package stream
