package telemetry

import (
	"math"
	"strconv"
	"time"
)

// Verdict is what one plugin did in one hook.
type Verdict struct {
	Plugin string // as configured; TENANT/NAME for a tenant's own
	Digest string // the beginning of its module's SHA-256 in hex; "" when it was not loaded
	Hook   string
	Action string        // the gravest it asked for; "none" when it had nothing to say
	Fault  string        // the class of what went wrong; "" or "none" when nothing did
	Score  float64       // the highest it gave; NaN for none
	Took   time.Duration // of all calls together
	Fuel   int64         // units, of all calls together

	Calls   int32 // more than one for the batches of one answer; 0 when it was not called
	Ignored int32 // actions beyond its authority, which had no effect
	Observe bool  // it changed nothing
}

// Tag is what a plugin says of a request. Names have at most 128 bytes.
type Tag struct {
	Name  string
	Value []byte
}

// Bounds of what plugins add to one line.
const (
	maxVerdicts = 64
	maxTags     = 64
	maxTagName  = 6 * maxLabel // bytes of the escaped form: names within their bound are never cut, so no two become one
	maxTagValue = 1 << 10
)

// appendPolicy appends what the policy did, nothing when there was none.
func (r *Record) appendPolicy(dst []byte) []byte {
	if len(r.Verdicts) > 0 {
		dst = append(dst, `,"verdicts":[`...)
		for i := range r.Verdicts[:min(len(r.Verdicts), maxVerdicts)] {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = r.Verdicts[i].append(dst)
		}
		dst = append(dst, ']')
	}
	if len(r.Tags) > 0 {
		dst = r.appendTags(dst)
	}
	if r.Variant != "" {
		dst = short(dst, `,"variant":`, r.Variant)
	}
	if r.Action != "" {
		dst = short(dst, `,"action":`, r.Action)
	}
	return dst
}

func (v *Verdict) append(dst []byte) []byte {
	dst = short(dst, `{"plugin":`, v.Plugin)
	dst = short(dst, `,"digest":`, v.Digest)
	dst = short(dst, `,"hook":`, v.Hook)
	dst = short(dst, `,"action":`, v.Action)
	dst = append(dst, `,"score":`...)
	if math.IsNaN(v.Score) || math.IsInf(v.Score, 0) {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendFloat(dst, v.Score, 'g', -1, 64)
	}
	dst = micros(append(dst, `,"us":`...), v.Took)
	dst = integer(dst, `,"fuel":`, v.Fuel)
	if v.Fault != "" && v.Fault != "none" {
		dst = short(dst, `,"fault":`, v.Fault)
	}
	if v.Calls != 1 {
		dst = integer(dst, `,"calls":`, int64(v.Calls))
	}
	if v.Ignored > 0 {
		dst = integer(dst, `,"ignored":`, int64(v.Ignored))
	}
	if v.Observe {
		dst = append(dst, `,"observe":true`...)
	}
	return append(dst, '}')
}

// appendTags appends the tags as an object, whose names are there once.
func (r *Record) appendTags(dst []byte) []byte {
	tags := r.Tags[:min(len(r.Tags), maxTags)]
	dst = append(dst, `,"tags":{`...)
	first := len(dst)
	for i := range tags {
		if tagged(tags[:i], tags[i].Name) {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst, _ = appendString(dst, clip(tags[i].Name), maxTagName)
		dst, _ = appendString(append(dst, ':'), view(tags[i].Value), maxTagValue)
	}
	return append(dst, '}')
}

func tagged(tags []Tag, name string) bool {
	for i := range tags {
		if clip(tags[i].Name) == clip(name) {
			return true
		}
	}
	return false
}

// micros appends d in microseconds with three decimals; a negative duration is 0.
func micros(dst []byte, d time.Duration) []byte {
	ns := max(d.Nanoseconds(), 0)
	dst = strconv.AppendInt(dst, ns/1000, 10)
	return append(dst, '.', '0'+byte(ns/100%10), '0'+byte(ns/10%10), '0'+byte(ns%10))
}
