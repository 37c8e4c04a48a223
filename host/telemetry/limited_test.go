package telemetry

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		log := slog.New(NewLimited(NewLogHandler(&b, LogOptions{}), 3, time.Second))
		lines := func(want int) string {
			t.Helper()
			text := b.String()
			if n := strings.Count(text, "\n"); n != want {
				t.Fatalf("%d lines, want %d:\n%s", n, want, text)
			}
			b.Reset()
			return text
		}
		for i := range 100 {
			log.With("n", i).WithGroup("g").Warn("bad request", "client", i)
		}
		lines(3)
		log.Error("bad request") // another level is another message
		log.Warn("something else")
		lines(2)
		time.Sleep(time.Second)
		log.Warn("bad request")
		if text := lines(1); !strings.Contains(text, `"suppressed":97`) {
			t.Error(text)
		}
		log.Warn("bad request")
		if text := lines(1); strings.Contains(text, "suppressed") {
			t.Error(text)
		}
	})
}

func TestLimitedIsBounded(t *testing.T) {
	t.Parallel()
	l := &limit{n: 1, per: time.Second, seen: map[message]*window{}}
	now := time.Unix(1000, 0)
	passed := 0
	for i := range 5000 {
		if pass, _ := l.take(message{slog.LevelWarn, fmt.Sprint(i)}, now); pass {
			passed++
		}
	}
	if len(l.seen) > maxLimited+1 || passed > maxLimited+1 {
		t.Errorf("%d messages kept, %d passed", len(l.seen), passed)
	}
	now = now.Add(time.Minute)
	if pass, _ := l.take(message{slog.LevelWarn, "later"}, now); !pass || len(l.seen) > 2 {
		t.Errorf("later: passed %v, %d messages kept", pass, len(l.seen))
	}
	if pass, _ := l.take(message{slog.LevelWarn, "later"}, now.Add(-time.Hour)); !pass {
		t.Error("a clock set back blocks a message for good")
	}
}

func TestLimitedConcurrently(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := slog.New(NewLimited(NewLogHandler(&b, LogOptions{}), 10, time.Hour))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				log.Warn("again")
			}
		})
	}
	wg.Wait()
	if n := bytes.Count(b.Bytes(), newline); n != 10 {
		t.Errorf("%d lines", n)
	}
}
