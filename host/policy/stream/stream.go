package stream

import (
	"time"

	"weir/host/dialect"
	"weir/host/frame"
	"weir/host/policy"
)

// Chain is a request's run through its policy as a stream sees it. It is what policy.Run is once the request went through.
type Chain interface {
	// Watchers is how many plugins watch the answer.
	Watchers() int
	// Watcher is the i-th of them, in the order in which they are shown the answer.
	Watcher(i int) policy.Watcher
	// Delta shows the i-th a batch. Edits of the reply are in order, inside the batch and cut no character. An observer's
	// Hold may be stated; its edits may not.
	Delta(i int, b *policy.Batch) policy.Reply
	// Fail notes a fault of the i-th that showed after its call: a hold that cannot be kept, an edit that cannot be made. It
	// gives the refusal if the fault ends the answer; nil if the answer goes on without that plugin.
	Fail(i int, f *frame.Fault) *policy.Refusal
}

var _ Chain = (*policy.Run)(nil)

// Linger is how long text may be held back behind the end of its block for want of more of it.
const Linger = 100 * time.Millisecond

// DefaultPending is how many bytes of events may wait, if Options do not say.
const DefaultPending = 1 << 20

// Options of a Stream.
type Options struct {
	Endpoint dialect.Endpoint
	// Pending is how many bytes, of events and of their text, may wait for a plugin, 0: DefaultPending. Beyond it plugins are shown what there is
	// whatever batch they asked for; who then holds it back still has failed.
	Pending int
}

// Stream is one answer on its way through the plugins of a Chain. The zero value is ready for Begin; a Stream is reused, and
// used by one goroutine at a time.
//
//	s.Begin(run, o)
//	for each read from upstream {
//		for each event { s.Event(ev) }
//		out, refusal = s.Flush(out[:0], now, false)
//	}
//	out, refusal = s.Flush(out[:0], now, true)
//	s.Close()
type Stream struct {
	chain    Chain
	endpoint dialect.Endpoint
	limit    int
	stages   []stage
	alive    int // stages that are not out
	q        *queue
	ledger   ledger
	flags    uint32
	edited   bool
	ended    bool // no text follows
	stopped  bool
}

// stage is a plugin's place in the row.
type stage struct {
	policy.Watcher
	out   bool
	since int64  // when the oldest text that it was not shown came; 0: there is none
	bytes uint64 // of text it let go of
}

// Begin makes s ready for an answer.
func (s *Stream) Begin(c Chain, o Options) {
	s.Close()
	s.chain, s.endpoint, s.limit = c, o.Endpoint, o.Pending
	if s.limit <= 0 {
		s.limit = DefaultPending
	}
	for i := range c.Watchers() {
		s.stages = append(s.stages, stage{Watcher: c.Watcher(i)})
	}
	s.alive = len(s.stages)
}

// Close gives everything back. What waits is dropped. A closed Stream may Begin again; closing twice is fine.
func (s *Stream) Close() {
	s.drop()
	s.ledger.reset()
	*s = Stream{stages: s.stages[:0], ledger: s.ledger}
}

func (s *Stream) drop() {
	if s.q != nil {
		s.q.free()
		s.q = nil
	}
}

// Waiting is how many bytes of events wait.
func (s *Stream) Waiting() int {
	if s.q == nil {
		return 0
	}
	return len(s.q.bytes) - s.q.head
}

// Edited tells whether the client got anything else than what came.
func (s *Stream) Edited() bool { return s.edited }

// Event takes one whole event, which Answer.Event has accepted. It keeps a copy. An error means that the answer cannot be passed
// on: it is not what its endpoint speaks, or says more strings at once than any model does.
func (s *Stream) Event(ev []byte) error {
	if s.stopped {
		return nil
	}
	if s.q == nil {
		s.q = newQueue()
	}
	q := s.q
	if s.alive > 0 || s.ledger.edited() {
		w := newScratch()
		defer w.free()
		if err := w.deltas.Event(s.endpoint, ev); err != nil {
			return err
		}
		if err := s.take(&w.deltas); err != nil {
			s.stop()
			return err
		}
	}
	q.bytes = append(q.bytes, ev...)
	q.events = append(q.events, event{end: len(q.bytes), segments: len(q.segments)})
	return nil
}

// Flush shows the plugins what has come, as far as they want to see it now, and appends to dst the events that may leave. With
// final nothing follows: all of them do. A refusal ends the answer: what dst holds by then may leave, and the error comes
// instead of the rest. Now is a frame.Nanotime.
func (s *Stream) Flush(dst []byte, now int64, final bool) ([]byte, *policy.Refusal) {
	s.ended = s.ended || final
	if s.q == nil {
		return dst, nil
	}
	w := newScratch()
	defer w.free()
	s.q.settle(now, s.ended)
	pressed := s.q.size() > s.limit
	stop := s.run(w, &now, pressed)
	for {
		var failed *policy.Refusal
		if dst, failed = s.release(w, dst); stop == nil {
			stop = failed
		}
		i := s.blocker()
		if stop != nil || i < 0 || s.q.size() <= s.limit {
			break
		}
		if stop = s.overrun(i); stop == nil {
			stop = s.run(w, &now, pressed)
		}
	}
	if stop != nil {
		s.stop()
	} else if s.q.empty() {
		s.drop()
	}
	return dst, stop
}

// stop ends the stream: whatever waits or comes is dropped.
func (s *Stream) stop() {
	s.stopped = true
	s.drop()
}

// overrun has stage i fail, which keeps more waiting than may.
func (s *Stream) overrun(i int) *policy.Refusal {
	s.out(i)
	return s.chain.Fail(i, frame.Faultf(frame.BadVerdict,
		"it holds back the answer: %d bytes wait and %d may; hold back less, or raise limits.event", s.q.size(), s.limit))
}

// out lets a stage go: it is shown nothing more, and what it held goes on.
func (s *Stream) out(i int) {
	if !s.stages[i].out {
		s.stages[i].out = true
		s.alive--
	}
}

// Due is when Flush wants to be called again although nothing came, as a frame.Nanotime; 0: not before something does.
func (s *Stream) Due() int64 {
	if s.q == nil {
		return 0
	}
	due := int64(0)
	for i := range s.stages {
		if st := &s.stages[i]; !st.out && st.since > 0 && st.Every > 0 {
			due = earlier(due, st.since+int64(st.Every))
		}
	}
	for i := range s.q.tracks {
		if t := &s.q.tracks[i]; !t.closed && t.until > 0 && t.held() {
			due = earlier(due, t.until)
		}
	}
	return due
}

// earlier is the earlier of two moments, of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 {
		return b
	}
	return min(a, b)
}
