package stream

import (
	"slices"
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/policy"
)

func TestWhole(t *testing.T) {
	t.Parallel()
	const body = `{"id":"x", "choices":[{"index":0,"message":{"reasoning":"why","content":"a secret","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"logprobs":{"content":[1]}}]}`
	p, watch := replacer("secret", "[x]"), holder(100)
	watch.watcher.Observe = true
	s := open(t, dialect.Chat, p, watch, &plugin{delta: quiet, watcher: policy.Watcher{Bytes: 1 << 20}})
	out, refusal, err := s.Whole([]byte("before"), []byte(body), 1)
	want := "before" + strings.NewReplacer("a secret", "a [x]", `{"content":[1]}`, "null").Replace(body)
	if err != nil || refusal != nil || string(out) != want {
		t.Errorf("%v, %+v\n got %s\nwant %s", err, refusal, out, want)
	}
	if want := []string{"0.0 reasoning why | 0.0 text a secret | 0.0 name f | 0.0 tool {} final complete"}; !slices.Equal(p.batches, want) {
		t.Errorf("batches %q", p.batches)
	}
	if want := []string{"0.0 reasoning why | 0.0 text a [x] | 0.0 name f | 0.0 tool {} final complete"}; !slices.Equal(watch.batches, want) {
		t.Errorf("batches %q", watch.batches)
	}
	if s.q != nil || !s.Edited() {
		t.Error("something is left")
	}
}

// TestWholeUntouched: without edits the body itself comes back, and answers that say nothing are shown to nobody.
func TestWholeUntouched(t *testing.T) {
	t.Parallel()
	for ep, body := range map[dialect.Endpoint]string{
		dialect.Chat: `{"choices":[{"message":{"content":"a"}}]}`, dialect.Embeddings: `{"data":[]}`, dialect.Messages: `{"type":"error"}`,
	} {
		p := holder(1)
		s := open(t, ep, p)
		in := []byte(body)
		out, refusal, err := s.Whole(nil, in, 1)
		if err != nil || refusal != nil || &out[0] != &in[0] || len(out) != len(in) || (len(p.batches) > 0) != (ep == dialect.Chat) {
			t.Errorf("%s: %s, %v, %+v, batches %q", ep, out, err, refusal, p.batches)
		}
	}
}

func TestWholeRefused(t *testing.T) {
	t.Parallel()
	refusal := &policy.Refusal{}
	s := open(t, dialect.Chat, &plugin{delta: func(*policy.Batch) policy.Reply { return policy.Reply{Stop: refusal} }})
	if out, got, err := s.Whole(nil, []byte(`{"choices":[{"message":{"content":"a"}}]}`), 1); out != nil || got != refusal || err != nil {
		t.Errorf("%s, %+v, %v", out, got, err)
	}
	s = open(t, dialect.Chat, &plugin{delta: quiet})
	if _, _, err := s.Whole(nil, []byte(`[`), 1); err == nil {
		t.Error("no error")
	}
}

// TestObjectsStayObjects: an edit that breaks a tool's input is a fault of the plugin that made it.
func TestObjectsStayObjects(t *testing.T) {
	t.Parallel()
	const body = `{"content":[{"type":"tool_use","name":"f","input":{"a":1}},{"type":"text","text":"b"}]}`
	for _, deny := range []bool{false, true} {
		p := replacer(`{"a":1}`, `oops`)
		p.deny = deny
		fine := replacer("b", "c")
		s := open(t, dialect.Messages, p, fine)
		out, refusal, err := s.Whole(nil, []byte(body), 1)
		if err != nil || (refusal != nil) != deny || len(p.faults) != 1 || !strings.Contains(p.faults[0], "stay so") {
			t.Errorf("%v, %+v, %q", err, refusal, p.faults)
		}
		if want := strings.Replace(body, `"b"`, `"c"`, 1); !deny && string(out) != want {
			t.Errorf("%s", out)
		}
		p = replacer(`1`, `[2]`)
		s = open(t, dialect.Messages, p)
		if out, _, _ := s.Whole(nil, []byte(body), 1); string(out) != strings.Replace(body, "1", "[2]", 1) {
			t.Errorf("%s, %q", out, p.faults)
		}
	}
}
