package main

import (
	"errors"
	"io"
	"sync"
	"time"
)

// journal writes log lines without making anybody wait. Standard error may be a
// pipe that is read slowly or no longer, or a file on a full disk; requests must
// not stop for that. Lines that find no room are dropped, and so are lines that
// cannot be written; tell's function hears of both.
type journal struct {
	w     io.Writer
	lines chan []byte
	done  chan struct{}

	mu      sync.Mutex
	closed  bool
	bad     bool
	degrade func(bool)
}

// journalLines is how many lines wait for a slow reader.
const journalLines = 1024

var errJournalFull = errors.New("the log's reader is too slow: a line was dropped")

// newJournal begins to write lines to w on a goroutine of its own, which close ends.
func newJournal(w io.Writer) *journal {
	j := &journal{w: w, lines: make(chan []byte, journalLines), done: make(chan struct{})}
	go j.run()
	return j
}

func (j *journal) run() {
	defer close(j.done)
	for line := range j.lines {
		_, err := j.w.Write(line)
		// Nothing is well again while lines are waiting behind a slow reader.
		if err != nil || len(j.lines) < journalLines/2 {
			j.mu.Lock()
			j.set(err != nil)
			j.mu.Unlock()
		}
	}
}

// Write takes one line.
func (j *journal) Write(line []byte) (int, error) {
	own := append([]byte(nil), line...)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return j.w.Write(own)
	}
	select {
	case j.lines <- own:
		return len(line), nil
	default:
		j.set(true)
		return 0, errJournalFull
	}
}

// tell has degrade called when writing begins to fail and when it works again.
func (j *journal) tell(degrade func(bool)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.degrade = degrade
	degrade(j.bad)
}

func (j *journal) set(bad bool) {
	if j.bad != bad && j.degrade != nil {
		j.degrade(bad)
	}
	j.bad = bad
}

// journalFlush is how long the end waits for a slow reader.
const journalFlush = time.Second

// close writes what waits, for at most journalFlush.
func (j *journal) close() {
	j.mu.Lock()
	if !j.closed {
		j.closed = true
		close(j.lines)
	}
	j.mu.Unlock()
	select {
	case <-j.done:
	case <-time.After(journalFlush):
	}
}
