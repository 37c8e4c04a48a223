package frame

import (
	"encoding/binary"
	"math"

	"weir/sdk/abi"
)

// Writer writes the payloads of one frame. Each method writes one section, in any order, and does nothing where the layout lacks it; a
// section whose content is not as long as the layout says panics. Layout.Writer makes one, on the stack; it keeps the guest's memory
// and is of no use when Encode returns.
type Writer struct {
	dst    []byte
	layout *Layout
	base   uint32
}

// Section is the payload of k, to be filled whole; nil where the layout lacks it.
func (w *Writer) Section(k abi.Section) []byte {
	if !w.layout.has.Has(k) {
		return nil
	}
	e := &w.layout.entries[k]
	return w.dst[w.base+e.offset:][:e.length:e.length]
}

// Bytes writes a section that is just bytes.
func (w *Writer) Bytes(k abi.Section, b []byte) {
	if p := w.Section(k); p != nil {
		whole(len(p), copy(p, b), len(b))
	}
}

// String writes a section that is just a string.
func (w *Writer) String(k abi.Section, s string) {
	if p := w.Section(k); p != nil {
		whole(len(p), copy(p, s), len(s))
	}
}

// whole sees to it that a payload is filled to its end: what lay there before is not for anybody's eyes.
func whole(room, written, content int) {
	if written != room || written != content {
		panic("frame: a section is not as long as its layout says")
	}
}

// Request writes REQUEST, of abi.RequestSize bytes.
func (w *Writer) Request(r *RequestInfo) {
	p := w.Section(abi.SectionRequest)
	if p == nil {
		return
	}
	p = p[:abi.RequestSize]
	le := binary.LittleEndian
	le.PutUint64(p[0:], uint64(r.Endpoint)|uint64(r.Dialect)<<16|uint64(r.Flags)<<32)
	le.PutUint64(p[8:], uint64(r.MaxTokens))
	le.PutUint64(p[16:], math.Float64bits(r.Temperature))
	le.PutUint64(p[24:], uint64(r.InputTokens))
	le.PutUint64(p[32:], uint64(r.Wall))
	le.PutUint64(p[40:], uint64(r.Monotonic))
	le.PutUint64(p[48:], r.BodyBytes)
	put2(p[56:], r.Messages, r.Parts)
	put2(p[64:], r.Tools, r.Answers)
	put2(p[72:], r.Controls, r.Images)
	put2(p[80:], r.Audio, r.Files)
	put2(p[88:], r.StoredPrompts, r.PreviousResponses)
	put2(p[96:], r.Encrypted, r.Tokens)
	put2(p[104:], r.Other, r.TextBytes)
}

// put2 writes two words as one.
func put2(p []byte, a, b uint32) { binary.LittleEndian.PutUint64(p, uint64(a)|uint64(b)<<32) }

// Size of the section SESSION.
func (s *SessionInfo) Size() int { return abi.SessionSize + len(s.Key) }

// Session writes SESSION.
func (w *Writer) Session(s *SessionInfo) {
	if p := w.Section(abi.SectionSession); p != nil {
		put2(p, s.Turn, s.Messages)
		whole(len(p), abi.SessionSize+copy(p[abi.SessionSize:], s.Key), s.Size())
	}
}

// Parts are the entries of MESSAGES, abi.PartSize bytes each.
type Parts []byte

// Parts is MESSAGES, whose entries the caller puts; empty where the layout lacks it.
func (w *Writer) Parts() Parts { return w.Section(abi.SectionMessages) }

// Put writes entry i.
func (l Parts) Put(i int, p Part) {
	b := l[i*abi.PartSize:][:abi.PartSize]
	binary.LittleEndian.PutUint64(b, uint64(p.Role)|uint64(p.Channel)<<8|uint64(p.Kind)<<16|uint64(p.Flags)<<24|uint64(p.Message)<<32)
	put2(b[8:], p.Offset, p.Length)
}

// Tools are the entries of TOOLS, abi.ToolSize bytes each.
type Tools []byte

// Tools is TOOLS, whose entries the caller puts; empty where the layout lacks it.
func (w *Writer) Tools() Tools { return w.Section(abi.SectionTools) }

// Put writes entry i.
func (l Tools) Put(i int, t Tool) {
	b := l[i*abi.ToolSize:][:abi.ToolSize]
	put2(b, t.Name, t.Description)
	binary.LittleEndian.PutUint32(b[8:], t.Schema)
}

// Signals writes SIGNALS: 4 bytes for each of v.
func (w *Writer) Signals(v []uint32) {
	p := w.Section(abi.SectionSignals)
	if p == nil {
		return
	}
	whole(len(p), 4*len(v), 4*len(v))
	for len(v) >= 2 {
		put2(p, v[0], v[1])
		v, p = v[2:], p[8:]
	}
	if len(v) > 0 {
		binary.LittleEndian.PutUint32(p, v[0])
	}
}

// Size of the section PREFIX.
func (x *PrefixInfo) Size() int { return abi.PrefixSize + 8*len(x.Keys) + 4*len(x.Boundaries) }

// Prefix writes PREFIX.
func (w *Writer) Prefix(x *PrefixInfo) {
	p := w.Section(abi.SectionPrefix)
	if p == nil {
		return
	}
	whole(len(p), x.Size(), x.Size())
	put2(p, uint32(len(x.Keys)), uint32(len(x.Boundaries)))
	binary.LittleEndian.PutUint64(p[8:], x.Bytes)
	p = p[abi.PrefixSize:]
	for i, k := range x.Keys {
		binary.LittleEndian.PutUint64(p[8*i:], k)
	}
	p = p[8*len(x.Keys):]
	for i, b := range x.Boundaries {
		binary.LittleEndian.PutUint32(p[4*i:], uint32(b))
	}
}

// DeltasSize is the size of a DELTA of n entries.
func DeltasSize(n int) int { return abi.BatchSize + n*abi.DeltaSize }

// Deltas are the entries of DELTA, abi.DeltaSize bytes each.
type Deltas []byte

// Deltas writes what DELTA begins with and gives its entries, which the caller puts; empty where the layout lacks it.
func (w *Writer) Deltas(b Batch) Deltas {
	p := w.Section(abi.SectionDelta)
	if p == nil {
		return nil
	}
	put2(p, uint32((len(p)-abi.BatchSize)/abi.DeltaSize), b.Flags)
	binary.LittleEndian.PutUint64(p[8:], b.Bytes)
	return p[abi.BatchSize:]
}

// Put writes entry i.
func (l Deltas) Put(i int, d Delta) {
	b := l[i*abi.DeltaSize:][:abi.DeltaSize]
	put2(b, d.Index, d.Block)
	put2(b[8:], d.Offset, d.Length)
	binary.LittleEndian.PutUint64(b[16:], uint64(d.Channel))
}

// Size of the section USAGE.
func (u *UsageInfo) Size() int { return abi.UsageSize + len(u.Finish) }

// Usage writes USAGE.
func (w *Writer) Usage(u *UsageInfo) {
	p := w.Section(abi.SectionUsage)
	if p == nil {
		return
	}
	whole(len(p), abi.UsageSize+copy(p[abi.UsageSize:], u.Finish), u.Size())
	le := binary.LittleEndian
	for i, v := range [...]int64{u.Input, u.Cached, u.CacheWrite, u.Output, u.Reasoning, u.Gateway, u.Queue, u.TTFT, u.Total} {
		le.PutUint64(p[8*i:], uint64(v))
	}
	le.PutUint64(p[72:], math.Float64bits(u.USD))
	le.PutUint64(p[80:], u.Bytes)
	le.PutUint64(p[88:], uint64(u.Status)|uint64(u.Outcome)<<16|uint64(u.Flags)<<24|uint64(u.Attempts)<<32)
}

// Size of the section JUDGE.
func (j *JudgeInfo) Size() int { return abi.JudgeSize + len(j.Name) + len(j.Text) }

// Judge writes JUDGE.
func (w *Writer) Judge(j *JudgeInfo) {
	p := w.Section(abi.SectionJudge)
	if p == nil {
		return
	}
	whole(len(p), j.Size(), j.Size())
	binary.LittleEndian.PutUint64(p, math.Float64bits(j.Value))
	put2(p[8:], uint32(len(j.Name)), 0)
	copy(p[abi.JudgeSize+copy(p[abi.JudgeSize:], j.Name):], j.Text)
}

// Size of the section FEEDBACK.
func (f *FeedbackInfo) Size() int { return abi.FeedbackSize + len(f.Signal) }

// Feedback writes FEEDBACK.
func (w *Writer) Feedback(f *FeedbackInfo) {
	if p := w.Section(abi.SectionFeedback); p != nil {
		binary.LittleEndian.PutUint64(p, math.Float64bits(f.Value))
		whole(len(p), abi.FeedbackSize+copy(p[abi.FeedbackSize:], f.Signal), f.Size())
	}
}
