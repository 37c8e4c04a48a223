package dialect

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func TestFault11_Depth(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"[]", "{}"} {
		nest := func(n int) string {
			if pair == "[]" {
				return strings.Repeat("[", n) + strings.Repeat("]", n)
			}
			return strings.Repeat(`{"a":`, n) + "0" + strings.Repeat("}", n)
		}
		var r Request
		body := `{"model":"m","messages":[],"x":%s}`
		if err := r.Parse(Chat, fmt.Appendf(nil, body, nest(maxDepth-1))); err != nil {
			t.Errorf("%s: %v", pair, err)
		}
		if err := r.Parse(Chat, fmt.Appendf(nil, body, nest(maxDepth))); err == nil || !strings.Contains(err.Message, "nested deeper than 64 levels") {
			t.Errorf("%s: %v", pair, err)
		}
	}
	// None of these bodies is well-formed either; it must not take their whole length to see that they are too deep.
	for _, unit := range []string{"[", `{"a":`, `{"content":[`, `{"type":"tool_result","content":[`, `[{"source":`} {
		refuseIn(t, strings.Repeat(unit, 100), "")
		refuse(t, Messages, []byte(`{"model":"m","messages":[{"content":`+strings.Repeat(unit, 5_000_000/len(unit))), "")
		refuse(t, Chat, []byte(`{"metadata":`+strings.Repeat(unit, 5_000_000/len(unit))), "nested deeper")
	}
}

func TestFault11_HugeNumbers(t *testing.T) {
	t.Parallel()
	refuseIn(t, `[`+strings.Repeat("9", 10_000)+`]`, "")
	refuse(t, Chat, []byte(`{"seed":`+strings.Repeat("9", 5_000_000)+`}`), "a number longer than 1024 bytes")
	refuseIn(t, `[0.`+strings.Repeat("0", maxNumber)+`]`, "")
	for _, field := range []string{"max_tokens", "max_completion_tokens", "max_output_tokens", "n", "best_of", "temperature"} {
		for _, number := range []string{"1e400", "-1e400", "1e1000000", strings.Repeat("9", 400), strings.Repeat("9", 5000), "9007199254740992.5e2"} {
			var r Request
			err := r.Parse(Chat, fmt.Appendf(nil, `{"model":"m","messages":[],%q:%s}`, field, number))
			if field == "temperature" && number == "9007199254740992.5e2" {
				continue // a float64 like any other
			}
			if err == nil || err.Kind != BadRequest {
				t.Errorf("%s: %.40s: %v", field, number, err)
			}
		}
	}
	var r Request
	body := `{"model":"m","messages":[],"max_tokens":9007199254740991,"n":1.0e1,"temperature":-0.0}`
	if err := r.Parse(Chat, []byte(body)); err != nil || r.MaxTokens != 9007199254740991 || r.N != 10 || r.Temperature != 0 {
		t.Errorf("%v: %d, %d, %v", err, r.MaxTokens, r.N, r.Temperature)
	}
}

// TestFault11_ManyKeys: a million keys in one object are refused at the limit, a million in small objects are read; both in linear
// time, which a quadratic search would exceed by hours.
func TestFault11_ManyKeys(t *testing.T) {
	t.Parallel()
	var many []byte
	for i := range 1_000_000 {
		many = strconv.AppendInt(append(many, `"k`...), int64(i), 10)
		many = append(many, `":0,`...)
	}
	members := string(many[:len(many)-1])
	refuse(t, Chat, fmt.Appendf(nil, `{"metadata":{%s}}`, members), "more than 65536 keys")
	refuse(t, Messages, fmt.Appendf(nil, `{"messages":[{"content":[{"type":"tool_use","input":{%s}}]}]}`, members), "more than 65536 keys")
	refuse(t, Chat, fmt.Appendf(nil, `{%s}`, members), "more than 65536 keys")
	var r Request
	if err := r.Parse(Chat, fmt.Appendf(nil, `{"model":"m","messages":[],"metadata":[%s0]}`, strings.Repeat(`{"a":0},`, 1_000_000))); err != nil {
		t.Error(err)
	}
	if c := cap(r.scan.table); c > 8*maxMembers {
		t.Errorf("the table of keys has %d slots", c)
	}
	end := 0
	for range maxMembers {
		end += strings.IndexByte(members[end:], ',') + 1
	}
	if err := r.Parse(Chat, fmt.Appendf(nil, `{"model":"m","messages":[],"x":{%s}}`, members[:end-1])); err != nil {
		t.Error(err)
	}
	if err := r.Parse(Chat, fmt.Appendf(nil, `{"model":"m","messages":[],"x":{%s,"k\u0037":1}}`, members[:end/2-1])); err == nil {
		t.Error("accepted a cut or doubled key")
	}
}

// TestFault11_ManyTexts: what Weir keeps for each text is bounded too.
func TestFault11_ManyTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ endpoint, format, unit string }{
		{"chat", `{"model":"m","messages":[%s{}]}`, `{},`},
		{"chat", `{"model":"m","messages":[{"content":[%s""]}]}`, `"",`},
		{"chat", `{"model":"m","messages":[],"tools":[%s{}]}`, `{},`},
		{"embeddings", `{"model":"m","input":[%s""]}`, `"",`},
	} {
		var r Request
		body := fmt.Appendf(nil, c.format, strings.Repeat(c.unit, maxParts))
		if err := r.Parse(endpointOf(c.endpoint+"_"), body); err == nil || !strings.Contains(err.Message, "more than 131072 texts") {
			t.Errorf("%s: %v", c.format, err)
		}
		if n := len(r.Parts) + len(r.Messages) + len(r.Tools); n > 2*maxParts {
			t.Errorf("%s: kept %d", c.format, n)
		}
		r.Reset()
		if cap(r.Parts)*28 > keepBytes || cap(r.Messages)*24 > keepBytes || cap(r.Arena) > keepBytes {
			t.Errorf("Reset keeps %d parts, %d messages, %d bytes", cap(r.Parts), cap(r.Messages), cap(r.Arena))
		}
	}
}
