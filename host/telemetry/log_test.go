package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/slogtest"
	"time"
	"unicode/utf8"
)

func TestLogHandlerConforms(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		b.Reset()
		return NewLogHandler(&b, LogOptions{})
	}, func(t *testing.T) map[string]any { return logLine(t, b.Bytes()) })
}

func TestLimitedHandlerConforms(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		b.Reset()
		return NewLimited(NewLogHandler(&b, LogOptions{}), 5, time.Second)
	}, func(t *testing.T) map[string]any { return logLine(t, b.Bytes()) })
}

// logLine reads exactly one line of JSON, bounded and harmless.
func logLine(t *testing.T, p []byte) map[string]any {
	t.Helper()
	if len(p) > maxLogLine || bytes.Count(p, newline) != 1 || p[len(p)-1] != '\n' {
		t.Fatalf("%d bytes, %d newlines", len(p), bytes.Count(p, newline))
	}
	checkHarmless(t, p[:len(p)-1])
	var m map[string]any
	if err := json.Unmarshal(p, &m); err != nil {
		t.Fatalf("%v: %.300s", err, p)
	}
	return m
}

type point struct {
	X, Y int
	Name string
}

type failing struct{}

func (*failing) Error() string               { panic("nil receiver") }
func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("cannot: Bearer abcdefghijk1") }

func TestLogValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value any
		want  any
	}{
		{"string", "a", "a"},
		{"number", 5, 5.0},
		{"not a number", math.Inf(1), "+Inf"},
		{"duration", 1500 * time.Millisecond, 1.5e9},
		{"error", io.EOF, "EOF"},
		{"bytes", []byte("abc"), "abc"},
		{"struct", point{1, 2, "p"}, map[string]any{"X": 1.0, "Y": 2.0, "Name": "p"}},
		{"nil", nil, nil},
		{"address", &url.URL{Scheme: "http", Host: "x", Path: "/y"}, "http://x/y"},
		{"nil error that panics", (*failing)(nil), "*telemetry.failing cannot be shown"},
		{"does not marshal", failing{}, "telemetry.failing cannot be shown: json: error calling MarshalJSON for type telemetry.failing: cannot: Bearer " + mask("abcdefghijk1")},
		{"headers", map[string][]string{"Cookie": {"a=1"}, "Accept": {"x"}}, map[string]any{"Cookie": []any{mask("a=1")}, "Accept": []any{"x"}}},
		{"level", slog.LevelWarn, "WARN"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			slog.New(NewLogHandler(&b, LogOptions{})).Info("m", "v", test.value)
			if got := logLine(t, b.Bytes())["v"]; fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestLogLevelAndText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := slog.New(NewLogHandler(&b, LogOptions{Text: true, Level: slog.LevelWarn}))
	log.Info("unseen")
	log.Warn("seen", "k", "a b\x1b\u202e\n", "n", 1)
	if got := b.String(); !strings.HasSuffix(got, `level=WARN msg=seen k="a b\x1b\u202e\n" n=1`+"\n") || strings.Contains(got, "unseen") {
		t.Errorf("%q", got)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestFault31_LogDiskFull(t *testing.T) {
	t.Parallel()
	m := NewMetrics(Build{}, Limits{})
	log := slog.New(NewLogHandler(brokenWriter{}, LogOptions{OnWrite: func(err error) { m.Degraded("log", err != nil) }}))
	log.Info("goes on")
	scrape(t, m).want(t, map[string]float64{`weir_degraded{part="log"}`: 1})
}

// Whatever a client gets into a message, a key or a value, a record of the log is one line of valid JSON, bounded and harmless.
func TestFault40_LogInjection(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"a\r\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\r\n", "\x1b]0;title\x07\x1b[2J\x7f", "\u009b2J\u0085", "\u202e\u2066gpj.exe\u2069\u200f", "\u2028\u2029\ufeff",
		"\xff\xfe\xc0\xaf\xed\xa0\x80", `","level":"ERROR`, strings.Repeat("\x00", 1<<20), strings.Repeat("\u202e", 1<<20), strings.Repeat("x", 1<<20),
	}
	for _, s := range hostile {
		if raceEnabled && len(s) >= 1<<20 {
			continue // slow under the race detector, and nothing concurrent to find
		}
		for _, text := range []bool{false, true} {
			var b bytes.Buffer
			log := slog.New(NewLogHandler(&b, LogOptions{Text: text}))
			attrs := []any{s, s, "err", errors.New(s), "any", point{Name: s}}
			if len(s) < 1<<20 {
				attrs = append(attrs, "bytes", []byte(s), "list", []string{s, s}, "raw", json.RawMessage(`"`+s+`"`), "headers", map[string][]string{s: {s, s}})
			}
			log.With("with", s).WithGroup("g").Warn(s, attrs...)
			if text {
				if n := bytes.Count(b.Bytes(), newline); n != 1 || b.Len() > maxLogLine {
					t.Errorf("%.20q: %d lines, %d bytes", s, n, b.Len())
				}
				checkHarmless(t, bytes.TrimSuffix(b.Bytes(), newline))
				continue
			}
			if got := logLine(t, b.Bytes()); got["level"] != "WARN" || got["time"] == nil {
				t.Errorf("%.20q changed the record: %v", s, got)
			}
		}
	}
}

// A line made of many long attributes says so rather than growing without bound.
func TestFault40_LongLine(t *testing.T) {
	t.Parallel()
	for _, text := range []bool{false, true} {
		var b bytes.Buffer
		log := slog.New(NewLogHandler(&b, LogOptions{Text: text}))
		for i := range 30 {
			log = log.With(fmt.Sprint("k", i), strings.Repeat("é", 2000))
		}
		log.Error("too much")
		if b.Len() > maxLogLine || !utf8.Valid(b.Bytes()) || !strings.Contains(b.String(), "too much") {
			t.Errorf("%d bytes: %.200s", b.Len(), b.String())
		}
		if text {
			continue
		}
		got := logLine(t, b.Bytes())
		if bytes, ok := got["truncated_bytes"].(float64); got["msg"] != "too much" || !ok || bytes < 30*4000 {
			t.Errorf("%s", b.String())
		}
	}
}

func FuzzLog(f *testing.F) {
	for _, s := range []string{"", "a", "\r\n", "\x1b[0m", "\u202e\u2028", "\xff", `"}`, "Authorization: Bearer abcdefghijk1"} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, message, key, value string) {
		var b bytes.Buffer
		slog.New(NewLogHandler(&b, LogOptions{})).Info(message, key, value, "any", []string{value}, "raw", json.RawMessage(value), "err", errors.New(value))
		got := logLine(t, b.Bytes())
		if got["level"] != "INFO" && key != "level" {
			t.Fatalf("%s", b.Bytes())
		}
		b.Reset()
		slog.New(NewLogHandler(&b, LogOptions{Text: true})).Info(message, key, value)
		checkHarmless(t, bytes.TrimSuffix(b.Bytes(), newline))
	})
}
