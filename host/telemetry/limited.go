package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// maxLimited bounds the messages a limited handler tells apart; they are constants of the code, so this is a net.
const maxLimited = 1024

// NewLimited returns a handler that passes on at most n records of the same level and message in each window of the given length, and drops the rest. The
// first one of a later window says how many were dropped, in the attribute "suppressed". It is for warnings that one request each can cause: under
// attack they must not fill the disk. Derived handlers (With…) share the count.
func NewLimited(h slog.Handler, n int, per time.Duration) slog.Handler {
	return &limited{Handler: h, limit: &limit{n: max(n, 1), per: per, seen: make(map[message]*window)}}
}

type limited struct {
	slog.Handler
	limit *limit
}

type message struct {
	level slog.Level
	text  string
}

type window struct {
	since             time.Time
	count, suppressed int
}

type limit struct {
	n   int
	per time.Duration

	mu     sync.Mutex
	seen   map[message]*window
	purged time.Time
}

func (l *limited) Handle(ctx context.Context, r slog.Record) error {
	now := r.Time
	if now.IsZero() {
		now = time.Now()
	}
	pass, suppressed := l.limit.take(message{r.Level, r.Message}, now)
	if !pass {
		return nil
	}
	if suppressed > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("suppressed", suppressed))
	}
	return l.Handler.Handle(ctx, r)
}

func (l *limited) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &limited{Handler: l.Handler.WithAttrs(attrs), limit: l.limit}
}

func (l *limited) WithGroup(name string) slog.Handler {
	return &limited{Handler: l.Handler.WithGroup(name), limit: l.limit}
}

// take reports whether a message may pass at the instant now and, if so, how many like it did not since the last one that did.
func (l *limit) take(m message, now time.Time) (pass bool, suppressed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.seen[m]
	if w == nil {
		w = l.admit(m, now)
	}
	if now.Sub(w.since) >= l.per || now.Before(w.since) {
		w.since, w.count = now, 0
	}
	if w.count >= l.n {
		w.suppressed++
		return false, 0
	}
	w.count++
	suppressed, w.suppressed = w.suppressed, 0
	return true, suppressed
}

// admit makes a window for a new message. When there are too many, those that have passed go; failing that, all newcomers share one.
func (l *limit) admit(m message, now time.Time) *window {
	if len(l.seen) >= maxLimited && now.Sub(l.purged).Abs() >= l.per {
		l.purged = now
		for old, w := range l.seen {
			if now.Sub(w.since) >= l.per {
				delete(l.seen, old)
			}
		}
	}
	if len(l.seen) >= maxLimited {
		m = message{}
	}
	w := l.seen[m]
	if w == nil {
		w = &window{since: now}
		l.seen[m] = w
	}
	return w
}
