package frame_test

import (
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

// chat is the frame of a policy's usual plugin: 1 KiB of text in four messages.
func chat() *encoder {
	c := full()
	c.strings[abi.SectionText] = strings.Repeat("0123456789abcde ", 64)
	c.parts = []frame.Part{{Message: 0, Length: 256}, {Message: 1, Offset: 256, Length: 256}, {Message: 2, Offset: 512, Length: 256}, {Message: 3, Offset: 768, Length: 256}}
	return c.encoder(abi.HookRequest, 0, abi.Set(0).With(abi.SectionRequest, abi.SectionTenant, abi.SectionModel, abi.SectionMessages, abi.SectionText))
}

// lean is chat's frame without the tests' map of strings.
func lean(l *frame.Layout, c *content, text []byte) {
	l.Reset(abi.HookRequest, 0)
	l.Add(abi.SectionRequest, abi.RequestSize)
	l.Add(abi.SectionTenant, 4)
	l.Add(abi.SectionModel, 6)
	l.Add(abi.SectionMessages, len(c.parts)*abi.PartSize)
	l.Add(abi.SectionText, len(text))
}

func writeLean(l *frame.Layout, c *content, text, dst []byte) {
	w := l.Writer(dst)
	w.Request(&c.request)
	w.String(abi.SectionTenant, "acme")
	w.String(abi.SectionModel, "gpt-4o")
	parts := w.Parts()
	for i := range c.parts {
		parts.Put(i, c.parts[i])
	}
	w.Bytes(abi.SectionText, text)
}

func TestWriterAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	c := full()
	dst := make([]byte, 64<<10)
	e := c.encoder(abi.HookRequest, 0, every)
	if n := testing.AllocsPerRun(100, func() {
		e.layout.Reset(abi.HookRequest, 0)
		e.layout.Add(abi.SectionTargets, frame.TargetsSize(c.targets))
		e.layout.Add(abi.SectionScores, frame.ScoresSize(c.scores))
		w := e.layout.Writer(dst)
		w.Targets(c.targets)
		w.Scores(abi.SectionScores, c.scores)
	}); n != 0 {
		t.Errorf("lists: %v allocations", n)
	}
	var l frame.Layout
	text := []byte(chat().strings[abi.SectionText])
	if n := testing.AllocsPerRun(100, func() {
		lean(&l, c, text)
		writeLean(&l, c, text, dst[:l.Size()])
	}); n != 0 {
		t.Errorf("1 KiB: %v allocations", n)
	}
}

func BenchmarkFrame1KiB(b *testing.B) {
	e := chat()
	text := []byte(e.strings[abi.SectionText])
	dst := make([]byte, 64<<10)
	var l frame.Layout
	b.ReportAllocs()
	for b.Loop() {
		lean(&l, e.content, text)
		writeLean(&l, e.content, text, dst[:l.Size()])
	}
}

func BenchmarkFrameEncode1KiB(b *testing.B) {
	e := chat()
	text := []byte(e.strings[abi.SectionText])
	dst := make([]byte, 64<<10)
	var l frame.Layout
	lean(&l, e.content, text)
	b.ReportAllocs()
	for b.Loop() {
		writeLean(&l, e.content, text, dst[:l.Size()])
	}
}

func BenchmarkCopy1KiB(b *testing.B) {
	text, dst := make([]byte, 1024), make([]byte, 64<<10)
	for b.Loop() {
		copy(dst[:1024], text)
	}
}
