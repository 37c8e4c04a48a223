package frame_test

import (
	"math"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

// FuzzFrame: whatever the bytes, Read and the methods of a Frame do not panic; a frame that is read holds its sections within it.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(full().encoder(abi.HookRequest, 0, every).encode(0))
	f.Add(full().encoder(abi.HookDelta, 0, abi.Set(0).With(abi.SectionDelta, abi.SectionText)).encode(0))
	f.Add(full().encoder(abi.HookTick, 0, 0).encode(0))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := frame.Read(b)
		if err != nil {
			return
		}
		total := 0
		for k := abi.SectionNone; k <= abi.Sections; k++ {
			p, _ := r.Section(k)
			total += len(p)
		}
		if total > len(b) {
			t.Errorf("%d bytes of sections in a frame of %d", total, len(b))
		}
		touch(r)
	})
}

// touch calls every method of f.
func touch(f *frame.Frame) {
	f.Request()
	f.Session()
	if parts, ok := f.Parts(); ok {
		for i := range parts.Len() {
			f.Text(parts.At(i).Offset, parts.At(i).Length)
		}
	}
	if tools, ok := f.Tools(); ok {
		all(tools.Len(), tools.At)
	}
	f.Signals()
	f.Prefix()
	f.Headers()
	f.Targets()
	f.Usage()
	if _, deltas, ok := f.Deltas(); ok {
		all(deltas.Len(), deltas.At)
	}
	f.Judge()
	f.Feedback()
	f.Scores(abi.SectionScores)
	f.Scores(abi.SectionMemo)
	f.Tags()
}

// FuzzWriter: what is written is read again, whatever the lengths.
func FuzzWriter(f *testing.F) {
	f.Add("text", "name", 0.5, uint32(every), int32(3))
	f.Add("", "", math.Inf(1), uint32(0), int32(-1))
	f.Fuzz(func(t *testing.T, text, name string, number float64, set uint32, message int32) {
		name = name[:min(len(name), abi.MaxName)]
		c := full()
		c.strings[abi.SectionText], c.strings[abi.SectionTenant] = text, name
		c.session.Key, c.usage.Finish, c.judge.Text, c.judge.Name, c.feedback.Signal = []byte(text), []byte(name), []byte(text), []byte(name), []byte(name)
		c.request.Temperature, c.usage.USD = number, number
		c.targets[0].Name, c.targets[1].Data, c.targets[1].Weight = name, text, number
		c.scores[0].Name, c.scores[1].Message, c.memo[0].Value = []byte(name), message, number
		c.tags[1].Value, c.headers[0].Value = []byte(text), []byte(text)
		c.signals = c.signals[:len(text)%4%len(c.signals)]
		wanted := abi.Set(set) & every
		r, err := frame.Read(c.encoder(abi.HookRequest, set, wanted).encode(0xee))
		if err != nil {
			t.Fatal(err)
		}
		c.compare(t, r, wanted)
	})
}
