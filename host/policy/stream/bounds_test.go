package stream

import (
	"strings"
	"testing"

	"weir/host/dialect"
	"weir/host/policy"
)

// TestFault13_ManyStrings: a target that says no end of strings at once is not listened to; one after the other they are fine.
func TestFault13_ManyStrings(t *testing.T) {
	t.Parallel()
	for _, observe := range []bool{false, true} {
		p := holder(1)
		p.watcher.Observe = observe
		s := open(t, dialect.Chat, p)
		var err error
		n := 0
		for ; n < 2*maxTracks && err == nil; n++ {
			err = s.Event([]byte(chosen(n, "content", "ab")))
			flush(t, s, int64(n+1), false)
		}
		if err == nil || n != maxTracks+1 || s.Waiting() != 0 {
			t.Errorf("observe %v: %v after %d, %d bytes wait", observe, err, n, s.Waiting())
		}
	}
	s := open(t, dialect.Chat, &plugin{delta: quiet})
	for n := range 2 * maxTracks {
		feed(t, s, chosen(n, "content", "ab"))
		if flush(t, s, int64(n+1), false) == "" {
			t.Fatal("nothing leaves")
		}
	}
	body := `{"choices":[` + strings.Repeat(`{"message":{"content":"a"}},`, 10) + `{"index":1,"message":{"tool_calls":[` +
		strings.Repeat(`{"function":{"arguments":"{}"}},`, 2*maxTracks) + `{}]}}]}`
	s = open(t, dialect.Chat, &plugin{delta: quiet})
	if _, _, err := s.Whole(nil, []byte(body), 1); err == nil || s.q != nil {
		t.Errorf("whole: %v", err)
	}
}

// TestObserversAreBounded: what observers keep to see again keeps no event waiting, and is bounded all the same.
func TestObserversAreBounded(t *testing.T) {
	t.Parallel()
	p := holder(1 << 16)
	p.watcher.Observe, p.watcher.Bytes = true, 1<<20
	s := new(Stream)
	s.Begin(chain{p}, Options{Endpoint: dialect.Chat, Pending: 1 << 10})
	defer s.Close()
	for n := range 1000 {
		ev := chosen(n%100, "content", "some text or other")
		feed(t, s, ev)
		if got := flush(t, s, int64(n+1), false); got != ev {
			t.Fatalf("%q", got)
		}
		kept := 0
		for i := range s.q.tracks {
			kept += len(s.q.tracks[i].cursors[0].own)
		}
		if kept > 2<<10 {
			t.Fatalf("%d bytes are kept", kept)
		}
	}
}

// TestGrowingEdits: text that a plugin makes longer and longer while others keep it waiting is bounded.
func TestGrowingEdits(t *testing.T) {
	t.Parallel()
	grow := &plugin{delta: func(b *policy.Batch) policy.Reply {
		return policy.Reply{Edits: []policy.Replacement{{Item: 0, Text: make([]byte, 1<<16)}}}
	}}
	s := new(Stream)
	keep := holder(10)
	s.Begin(chain{grow, keep}, Options{Endpoint: dialect.Chat, Pending: 1 << 20})
	defer s.Close()
	feed(t, s, said("a")) // and its choice never goes on
	for n := range 100 {
		feed(t, s, chosen(1, "content", "b"))
		if _, refusal := s.Flush(nil, int64(n+1), false); refusal != nil {
			t.Fatal("refused")
		}
		if s.q != nil && s.q.size() > 1<<20+1<<17 {
			t.Fatalf("%d bytes wait", s.q.size())
		}
	}
	if len(keep.faults) != 1 || len(grow.faults) != 0 {
		t.Errorf("faults %q, %q", grow.faults, keep.faults)
	}
}
