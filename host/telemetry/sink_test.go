package telemetry

import (
	"fmt"
	"testing"
)

// Whether a request is sampled depends on its id alone, and the share is right.
func TestSample(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	const n = 20_000
	for _, share := range []float64{-1, 0, 0.01, 0.25, 0.999, 1, 2} {
		first, second := NewSink(m, nil, SinkOptions{Sample: share}), NewSink(m, nil, SinkOptions{Sample: share})
		got := 0
		for i := range n {
			id := fmt.Sprintf("req-%d", i)
			if first.sampled(id) != second.sampled(id) {
				t.Fatalf("%s: two sinks decide differently", id)
			}
			if first.sampled(id) {
				got++
			}
		}
		if want := min(max(share, 0), 1); float64(got)/n < want-0.02 || float64(got)/n > want+0.02 || (want == 0 || want == 1) && float64(got) != want*n {
			t.Errorf("share %v: %d of %d", share, got, n)
		}
	}
}

func TestDoneCountsOnce(t *testing.T) {
	t.Parallel()
	d := openDesk(t, RecordsOptions{})
	r := sampleRecord()
	d.sink.Begin()
	d.sink.Done(r)
	d.sink.Done(r)
	if n := d.metrics.InFlight(); n != 0 {
		t.Errorf("%d in flight", n)
	}
	r.Reset()
	d.sink.Begin()
	d.sink.Done(r)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if ids := d.ids(d.path); len(ids) != 2 || ids[1] != "" {
		t.Errorf("lines: %q", ids)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	r := sampleRecord()
	r.Messages = []TextMessage{{"user", []byte("secret")}}
	r.Signals, r.Phrases, r.Prefix, r.PromptBytes, r.PromptSeen = make([]Count, 3), []Count{{"list of an older configuration", 1}}, make([]uint64, 9), 10, 5
	r.Reset()
	if got := string(r.appendLine(nil, true)); got != string((&Record{}).appendLine(nil, true)) {
		t.Errorf("left over: %s", got)
	}
	if r.Messages = r.Messages[:1]; r.Messages[0].Text != nil {
		t.Error("the text is still held")
	}
	if r.Phrases[:1][0] != (Count{}) {
		t.Error("the list's name is still held")
	}
	if cap(r.Attempts) != 2 || cap(r.Signals) != 3 || cap(r.Phrases) != 1 || cap(r.Prefix) != 9 {
		t.Error("the room for lists is gone")
	}
}

func TestDoneWithRecordsAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	d := openDesk(t, RecordsOptions{Path: "/dev/null"})
	r := sampleRecord()
	once := func() { r.done = false; d.sink.Begin(); d.sink.Done(r) }
	for range 2000 {
		once()
	}
	if n := testing.AllocsPerRun(2000, once); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
}
