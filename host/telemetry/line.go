package telemetry

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"
)

// Bounds of the lists in one line. A retry budget allows far fewer attempts, and there are no more signals or lists of phrases.
const (
	maxAttempts = 32
	maxCounts   = 64
	maxPrefix   = 4096 // keys
)

// maxLine is the longest record line: every string at its bound, texts included.
const maxLine = maxMessages + maxContent + 512<<10

// appendLine appends r as one line of JSON, its newline included. The names and their nesting are those of the README's table. Unknown durations and
// rates are null; strings are always there, empty when unknown; uninspected and what comes after it only when there is something to say.
func (r *Record) appendLine(dst []byte, text bool) []byte {
	dst = append(dst, `{"time":"`...)
	dst = r.Time.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
	dst = append(dst, '"')
	dst = field(dst, `,"request_id":`, r.RequestID)
	dst = field(dst, `,"tenant":`, r.Tenant)
	dst = field(dst, `,"session":`, r.Session)
	dst = field(dst, `,"route":`, r.Route)
	dst = field(dst, `,"dialect":`, r.Dialect)
	dst = field(dst, `,"endpoint":`, r.Endpoint)
	dst = field(dst, `,"model":`, r.Model)
	dst = field(dst, `,"model_returned":`, r.ModelReturned)
	dst = field(dst, `,"target":`, r.Target)
	dst = field(dst, `,"provider":`, r.Provider)
	dst = r.appendAttempts(dst)
	dst = strconv.AppendBool(append(dst, `,"stream":`...), r.Stream)
	dst = integer(dst, `,"status":`, int64(r.Status))
	dst = append(dst, `,"outcome":"`...)
	dst = append(dst, r.Outcome.String()...)
	dst = append(dst, '"')
	dst = field(dst, `,"error_type":`, r.errorType())
	dst = integer(dst, `,"input_tokens":`, r.Input)
	dst = integer(dst, `,"cached_tokens":`, r.Cached)
	dst = integer(dst, `,"cache_write_tokens":`, r.CacheWrite)
	dst = integer(dst, `,"output_tokens":`, r.Output)
	dst = integer(dst, `,"reasoning_tokens":`, r.Reasoning)
	dst = strconv.AppendBool(append(dst, `,"estimated":`...), r.Estimated)
	dst = r.appendTimes(dst)
	dst = field(dst, `,"finish":`, r.Finish)
	dst = r.appendUninspected(dst)
	dst = appendCounts(dst, `,"signals":`, r.Signals)
	dst = appendCounts(dst, `,"phrases":`, r.Phrases)
	dst = r.appendPrompt(dst)
	dst = r.appendPolicy(dst)
	if text {
		dst = r.appendText(dst)
	}
	return append(dst, "}\n"...)
}

func (r *Record) appendAttempts(dst []byte) []byte {
	dst = append(dst, `,"attempts":[`...)
	for i := range r.Attempts[:min(len(r.Attempts), maxAttempts)] {
		a := &r.Attempts[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = short(dst, `{"target":`, a.Target)
		dst = integer(dst, `,"status":`, int64(a.Status))
		dst = short(dst, `,"reason":`, a.Reason)
		dst = millis(append(dst, `,"ms":`...), a.Took)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func (r *Record) appendTimes(dst []byte) []byte {
	dst = millis(append(dst, `,"ms":{"gateway":`...), r.Gateway)
	dst = millis(append(dst, `,"queue":`...), r.Queue)
	dst = append(dst, `,"ttft":`...)
	if r.TTFT > 0 {
		dst = millis(dst, r.TTFT)
	} else {
		dst = append(dst, "null"...)
	}
	dst = millis(append(dst, `,"total":`...), r.Total)
	dst = append(dst, `},"tokens_per_s":`...)
	if per := r.perOutputToken(); per > 0 {
		return strconv.AppendFloat(dst, 1/per.Seconds(), 'f', 3, 64)
	}
	return append(dst, "null"...)
}

// perOutputToken returns the mean time the model took for one output token, 0 if it cannot be told. For a stream that is the time per token after the
// first (the definition of gen_ai.server.time_per_output_token); a whole answer shows no first token, so its time is spread over all of them.
func (r *Record) perOutputToken() time.Duration {
	switch {
	case r.Stream && r.TTFT > 0 && r.Output > 1 && r.Total > r.TTFT:
		return (r.Total - r.TTFT) / time.Duration(r.Output-1)
	case !r.Stream && r.Output > 0 && r.Total > r.Gateway+r.Queue:
		return (r.Total - r.Gateway - r.Queue) / time.Duration(r.Output)
	}
	return 0
}

func (r *Record) appendUninspected(dst []byte) []byte {
	u := &r.Uninspected
	if *u == (Uninspected{}) {
		return dst
	}
	dst = append(dst, `,"uninspected":{`...)
	first := len(dst)
	for _, part := range u.kinds() {
		if part.count == 0 {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, part.kind...)
		dst = strconv.AppendInt(append(dst, `":`...), int64(part.count), 10)
	}
	return append(dst, '}')
}

// appendCounts appends what was found as an object, nothing when it is nothing.
func appendCounts(dst []byte, name string, counts []Count) []byte {
	if len(counts) == 0 {
		return dst
	}
	dst = append(append(dst, name...), '{')
	for i := range counts[:min(len(counts), maxCounts)] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = short(dst, "", counts[i].Name)
		dst = integer(dst, ":", int64(counts[i].N))
	}
	return append(dst, '}')
}

// appendPrompt appends what is known of the prompt's beginnings. Of too many keys the last are kept: they stand for the most text.
func (r *Record) appendPrompt(dst []byte) []byte {
	if r.PromptBytes > 0 {
		dst = integer(dst, `,"prompt_bytes":`, r.PromptBytes)
		dst = integer(dst, `,"prompt_seen":`, r.promptSeen())
	}
	keys := r.Prefix[max(len(r.Prefix)-maxPrefix, 0):]
	if len(keys) == 0 {
		return dst
	}
	dst = append(dst, `,"prefix":["`...)
	var key [8]byte
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, `","`...)
		}
		binary.BigEndian.PutUint64(key[:], k)
		dst = hex.AppendEncode(dst, key[:])
	}
	return append(dst, `"]`...)
}

func (r *Record) appendText(dst []byte) []byte {
	if len(r.Messages) == 0 && len(r.Answer) == 0 {
		return dst
	}
	dst = append(dst, `,"text":{"messages":[`...)
	start, truncated := len(dst), false
	var cut bool
	for i := range r.Messages {
		room := maxMessages - (len(dst) - start) - 2*maxShort // what a message takes beside its text
		if room <= 0 {
			truncated = true
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = short(dst, `{"role":`, r.Messages[i].Role)
		dst, cut = appendString(append(dst, `,"text":`...), view(r.Messages[i].Text), min(room, maxContent))
		truncated = truncated || cut
		dst = append(dst, '}')
	}
	dst, cut = appendString(append(dst, `],"answer":`...), view(r.Answer), maxContent)
	if truncated || cut {
		dst = append(dst, `,"truncated":true`...)
	}
	return append(dst, '}')
}

func field(dst []byte, name, value string) []byte {
	dst, _ = appendString(append(dst, name...), value, maxField)
	return dst
}

func short(dst []byte, name, value string) []byte {
	dst, _ = appendString(append(dst, name...), value, maxShort)
	return dst
}

func integer(dst []byte, name string, value int64) []byte {
	return strconv.AppendInt(append(dst, name...), value, 10)
}

// millis appends d in milliseconds with the three decimals that make microseconds; a negative duration, as a stepped clock may yield, is 0.
func millis(dst []byte, d time.Duration) []byte {
	us := max(d.Microseconds(), 0)
	dst = strconv.AppendInt(dst, us/1000, 10)
	return append(dst, '.', '0'+byte(us/100%10), '0'+byte(us/10%10), '0'+byte(us%10))
}
