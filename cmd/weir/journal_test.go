package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sluggish is a writer that waits to be let, a line at a time.
type sluggish struct {
	let   chan error
	mu    sync.Mutex
	lines []string
}

func (s *sluggish) Write(p []byte) (int, error) {
	if err := <-s.let; err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, string(p))
	return len(p), nil
}

func TestJournal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &sluggish{let: make(chan error)}
		j := newJournal(w)
		var told []bool
		j.tell(func(bad bool) { told = append(told, bad) })
		line := []byte("line\n")
		for n := range journalLines + 1 { // one is being written
			if _, err := j.Write(line); err != nil {
				t.Fatalf("line %d: %v", n, err)
			}
			synctest.Wait()
		}
		if _, err := j.Write(line); !errors.Is(err, errJournalFull) {
			t.Errorf("no room, and yet: %v", err)
		}
		copy(line, "xxxx") // the handler uses its buffer again
		for range journalLines + 1 {
			w.let <- nil
			synctest.Wait()
		}
		_, _ = j.Write([]byte("lost\n"))
		w.let <- errors.New("no space")
		_, _ = j.Write([]byte("last\n"))
		w.let <- nil
		j.close()
		j.close()
		if got := fmt.Sprint(told); got != "[false true false true false]" {
			t.Errorf("told %s", got)
		}
		if got := strings.Join(w.lines, ""); got != strings.Repeat("line\n", journalLines+1)+"last\n" {
			t.Errorf("%d lines, the last %q", len(w.lines), w.lines[len(w.lines)-1])
		}
	})
}

// The end does not wait for a reader for ever.
func TestJournalClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &sluggish{let: make(chan error)}
		j := newJournal(w)
		_, _ = j.Write([]byte("a\n"))
		began := time.Now()
		j.close()
		if took := time.Since(began); took != journalFlush {
			t.Errorf("closed after %v", took)
		}
		w.let <- nil
		<-j.done
	})
}
