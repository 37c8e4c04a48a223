package telemetry

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sampleRecord is a streamed answer after one retry, with every figure set.
func sampleRecord() *Record {
	return &Record{
		Time:      time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC),
		RequestID: "req-0123456789abcdef", Tenant: "acme", Session: "s-1", Route: "gpt-*",
		Dialect: "openai", Endpoint: "chat", Model: "gpt-x", ModelReturned: "gpt-x-2026-01-01", Target: "cloud", Provider: "openai",
		Attempts: []Attempt{{Target: "local", Reason: "refused", Took: time.Millisecond}, {Target: "cloud", Status: 200, Took: 120 * time.Millisecond}},
		Stream:   true, Status: 200, Outcome: OK,
		Input: 1200, Cached: 1024, CacheWrite: 10, Output: 101, Reasoning: 40,
		Gateway: 40 * time.Microsecond, Queue: 1500 * time.Microsecond, TTFT: 200 * time.Millisecond, Total: 1200 * time.Millisecond,
		Finish: "stop",
	}
}
