package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"
)

// BenchmarkDone is the whole account of one streamed request: 7 histograms, a dozen counters.
func BenchmarkDone(b *testing.B) {
	bench := func(name string, s *Sink, prepare func(r *Record)) {
		b.Run(name, func(b *testing.B) {
			r := sampleRecord()
			r.Attempts = r.Attempts[1:]
			b.ReportAllocs()
			for b.Loop() {
				r.done = false
				prepare(r)
				s.Begin()
				s.Done(r)
			}
		})
	}
	m := NewMetrics(Build{}, Limits{Tenants: 2})
	s := NewSink(m, nil, SinkOptions{})
	bench("same labels as before", s, func(*Record) {})
	bench("known labels", s, func(r *Record) { r.recent = recent{} })
	bench("with a prompt", s, func(r *Record) { r.PromptBytes, r.PromptSeen = 3000, 2000 })
	bench("with 3 signals and a list", s, func(r *Record) {
		r.Signals = append(r.Signals[:0], Count{"zero_width", 1}, Count{"bidi", 2}, Count{"role_markers", 3})
		r.Phrases = append(r.Phrases[:0], Count{"leaks", 1})
	})
	odd := false
	bench("labels beyond the bound", s, func(r *Record) {
		r.Tenant = "tenant-x"
		if odd = !odd; odd {
			r.Tenant = "tenant-y"
		}
	})
	w, err := OpenRecords(RecordsOptions{Path: "/dev/null"}, m, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close(b.Context())
	bench("with a record", NewSink(m, w, SinkOptions{Sample: 1}), func(*Record) {})
}

func BenchmarkDoneParallel(b *testing.B) {
	s := NewSink(NewMetrics(Build{}, Limits{}), nil, SinkOptions{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := sampleRecord()
		for pb.Next() {
			r.done = false
			s.Begin()
			s.Done(r)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for _, keys := range []int{0, 64, 4096} {
		b.Run(fmt.Sprintf("%d keys", keys), func(b *testing.B) {
			r := sampleRecord()
			for i := range keys {
				r.Prefix = append(r.Prefix, uint64(i)*0x9e3779b97f4a7c15)
			}
			buf := r.appendLine(nil, false)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				buf = r.appendLine(buf[:0], false)
			}
		})
	}
}

func BenchmarkLog(b *testing.B) {
	h := NewLogHandler(io.Discard, LogOptions{})
	b.Run("line", func(b *testing.B) {
		log := slog.New(h)
		b.ReportAllocs()
		for b.Loop() {
			log.Warn("request refused", "client", "127.0.0.1:50000", "reason", "duplicate_content_length", "status", 400)
		}
	})
	b.Run("limited", func(b *testing.B) {
		log := slog.New(NewLimited(h, 10, time.Second))
		b.ReportAllocs()
		for b.Loop() {
			log.Warn("request refused", "client", "127.0.0.1:50000", "reason", "duplicate_content_length", "status", 400)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	m := NewMetrics(Build{}, Limits{})
	done(m, sampleRecord())
	b.ReportAllocs()
	for b.Loop() {
		m.Write(io.Discard)
	}
}
