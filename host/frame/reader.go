package frame

import (
	"encoding/binary"
	"fmt"
	"math"

	"weir/sdk/abi"
)

// Frame is a frame as a guest sees it: for tests, replays and policies in native code. It reads what Writer writes, and like a guest
// it skips sections and trailing fields it does not know. What it gives are slices of the frame.
//
// Methods that read a section answer false where the frame lacks it, or where the section does not hold what it must.
type Frame struct {
	b        []byte
	sections [abi.Sections]payload // from the frame's start
	has      abi.Set
}

// Read checks the header and directory of b, which is one frame, and that its sections lie in order and within it.
func Read(b []byte) (*Frame, error) {
	if len(b) < abi.HeaderSize {
		return nil, fmt.Errorf("a frame of %d bytes: a header has %d", len(b), abi.HeaderSize)
	}
	le := binary.LittleEndian
	if magic := le.Uint32(b); magic != abi.Magic {
		return nil, fmt.Errorf("a frame begins with %#x: it should with %#x", magic, abi.Magic)
	}
	if size := le.Uint32(b[4:]); uint64(size) != uint64(len(b)) {
		return nil, fmt.Errorf("a frame of %d bytes says it has %d", len(b), size)
	}
	f := &Frame{b: b}
	n := int(le.Uint16(b[10:]))
	end := uint64(align(abi.HeaderSize + n*abi.EntrySize))
	if end > uint64(len(b)) {
		return nil, fmt.Errorf("a frame of %d bytes has a directory of %d sections", len(b), n)
	}
	last := abi.SectionNone
	for i := range n {
		e := b[abi.HeaderSize+i*abi.EntrySize:][:abi.EntrySize]
		k, offset, length := abi.Section(le.Uint16(e)), le.Uint32(e[4:]), le.Uint32(e[8:])
		switch {
		case k <= last:
			return nil, fmt.Errorf("entry %d of the directory is section %d, after %d: kinds ascend", i, k, last)
		case uint64(offset) < end || offset%abi.Align != 0 || uint64(offset)+uint64(length) > uint64(len(b)):
			return nil, fmt.Errorf("section %d lies at %d and has %d bytes, in a frame of %d with %d taken before it", k, offset, length, len(b), end)
		}
		last, end = k, uint64(offset)+uint64(length)
		if k < abi.Sections {
			f.sections[k] = payload{offset, length}
			f.has |= 1 << k
		}
	}
	return f, nil
}

// Hook is what the frame is for.
func (f *Frame) Hook() abi.Hook { return abi.Hook(binary.LittleEndian.Uint16(f.b[8:])) }

// Flags are abi.FrameObserve and the like.
func (f *Frame) Flags() uint32 { return binary.LittleEndian.Uint32(f.b[12:]) }

// Sections are those the frame has and this version knows.
func (f *Frame) Sections() abi.Set { return f.has }

// Section is the payload of k.
func (f *Frame) Section(k abi.Section) ([]byte, bool) {
	if k >= abi.Sections || !f.has.Has(k) {
		return nil, false
	}
	s := f.sections[k]
	return f.b[s.offset:][:s.length:s.length], true
}

// atLeast is the payload of k when it has n bytes.
func (f *Frame) atLeast(k abi.Section, n int) ([]byte, bool) {
	p, ok := f.Section(k)
	return p, ok && len(p) >= n
}

func getFloat(p []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(p)) }

// Request reads REQUEST.
func (f *Frame) Request() (r RequestInfo, ok bool) {
	p, ok := f.atLeast(abi.SectionRequest, abi.RequestSize)
	if !ok {
		return r, false
	}
	le := binary.LittleEndian
	r = RequestInfo{
		Endpoint: le.Uint16(p), Dialect: le.Uint16(p[2:]), Flags: le.Uint32(p[4:]),
		MaxTokens: int64(le.Uint64(p[8:])), Temperature: getFloat(p[16:]), InputTokens: int64(le.Uint64(p[24:])),
		Wall: int64(le.Uint64(p[32:])), Monotonic: int64(le.Uint64(p[40:])), BodyBytes: le.Uint64(p[48:]),
	}
	for i, v := range []*uint32{
		&r.Messages, &r.Parts, &r.Tools, &r.Answers, &r.Controls,
		&r.Images, &r.Audio, &r.Files, &r.StoredPrompts, &r.PreviousResponses, &r.Encrypted, &r.Tokens, &r.Other, &r.TextBytes,
	} {
		*v = le.Uint32(p[56+4*i:])
	}
	return r, true
}

// Session reads SESSION.
func (f *Frame) Session() (s SessionInfo, ok bool) {
	p, ok := f.atLeast(abi.SectionSession, abi.SessionSize)
	if !ok {
		return s, false
	}
	return SessionInfo{binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:]), p[abi.SessionSize:]}, true
}

// Parts reads MESSAGES.
func (f *Frame) Parts() (Parts, bool) {
	p, ok := f.Section(abi.SectionMessages)
	return p, ok && len(p)%abi.PartSize == 0
}

// Len is how many entries there are.
func (l Parts) Len() int { return len(l) / abi.PartSize }

// At is entry i.
func (l Parts) At(i int) Part {
	b := l[i*abi.PartSize:][:abi.PartSize]
	le := binary.LittleEndian
	return Part{b[0], b[1], b[2], b[3], le.Uint32(b[4:]), le.Uint32(b[8:]), le.Uint32(b[12:])}
}

// Text is a range of TEXT: that of a Part or Delta.
func (f *Frame) Text(offset, length uint32) ([]byte, bool) {
	p, ok := f.Section(abi.SectionText)
	if !ok || uint64(offset)+uint64(length) > uint64(len(p)) {
		return nil, false
	}
	return p[offset:][:length:length], true
}

// Tools reads TOOLS.
func (f *Frame) Tools() (Tools, bool) {
	p, ok := f.Section(abi.SectionTools)
	return p, ok && len(p)%abi.ToolSize == 0
}

// Len is how many entries there are.
func (l Tools) Len() int { return len(l) / abi.ToolSize }

// At is entry i.
func (l Tools) At(i int) Tool {
	b := l[i*abi.ToolSize:][:abi.ToolSize]
	le := binary.LittleEndian
	return Tool{le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:])}
}

// Deltas reads DELTA.
func (f *Frame) Deltas() (Batch, Deltas, bool) {
	p, ok := f.atLeast(abi.SectionDelta, abi.BatchSize)
	if !ok {
		return Batch{}, nil, false
	}
	le := binary.LittleEndian
	n := uint64(le.Uint32(p))
	if uint64(len(p)) < abi.BatchSize+n*abi.DeltaSize {
		return Batch{}, nil, false
	}
	return Batch{le.Uint32(p[4:]), le.Uint64(p[8:])}, Deltas(p[abi.BatchSize:][:n*abi.DeltaSize]), true
}

// Len is how many entries there are.
func (l Deltas) Len() int { return len(l) / abi.DeltaSize }

// At is entry i.
func (l Deltas) At(i int) Delta {
	b := l[i*abi.DeltaSize:][:abi.DeltaSize]
	le := binary.LittleEndian
	return Delta{le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]), le.Uint32(b[12:]), b[16]}
}

// Signals reads SIGNALS.
func (f *Frame) Signals() ([]uint32, bool) {
	p, ok := f.Section(abi.SectionSignals)
	if !ok || len(p)%4 != 0 {
		return nil, false
	}
	v := make([]uint32, len(p)/4)
	for i := range v {
		v[i] = binary.LittleEndian.Uint32(p[4*i:])
	}
	return v, true
}

// Prefix reads PREFIX.
func (f *Frame) Prefix() (x PrefixInfo, ok bool) {
	p, ok := f.atLeast(abi.SectionPrefix, abi.PrefixSize)
	if !ok {
		return x, false
	}
	le := binary.LittleEndian
	keys, boundaries := uint64(le.Uint32(p)), uint64(le.Uint32(p[4:]))
	if uint64(len(p)) < abi.PrefixSize+8*keys+4*boundaries {
		return x, false
	}
	x = PrefixInfo{le.Uint64(p[8:]), make([]uint64, keys), make([]int32, boundaries)}
	p = p[abi.PrefixSize:]
	for i := range x.Keys {
		x.Keys[i] = le.Uint64(p[8*i:])
	}
	p = p[8*keys:]
	for i := range x.Boundaries {
		x.Boundaries[i] = int32(le.Uint32(p[4*i:]))
	}
	return x, true
}

// Usage reads USAGE.
func (f *Frame) Usage() (u UsageInfo, ok bool) {
	p, ok := f.atLeast(abi.SectionUsage, abi.UsageSize)
	if !ok {
		return u, false
	}
	le := binary.LittleEndian
	for i, v := range []*int64{&u.Input, &u.Cached, &u.CacheWrite, &u.Output, &u.Reasoning, &u.Gateway, &u.Queue, &u.TTFT, &u.Total} {
		*v = int64(le.Uint64(p[8*i:]))
	}
	u.USD, u.Bytes = getFloat(p[72:]), le.Uint64(p[80:])
	u.Status, u.Outcome, u.Flags, u.Attempts = le.Uint16(p[88:]), p[90], p[91], le.Uint32(p[92:])
	u.Finish = p[abi.UsageSize:]
	return u, true
}

// Judge reads JUDGE.
func (f *Frame) Judge() (j JudgeInfo, ok bool) {
	p, ok := f.atLeast(abi.SectionJudge, abi.JudgeSize)
	if !ok {
		return j, false
	}
	n := uint64(binary.LittleEndian.Uint32(p[8:]))
	if n > uint64(len(p)-abi.JudgeSize) {
		return j, false
	}
	rest := p[abi.JudgeSize:]
	return JudgeInfo{getFloat(p), rest[:n:n], rest[n:]}, true
}

// Feedback reads FEEDBACK.
func (f *Frame) Feedback() (x FeedbackInfo, ok bool) {
	p, ok := f.atLeast(abi.SectionFeedback, abi.FeedbackSize)
	if !ok {
		return x, false
	}
	return FeedbackInfo{getFloat(p), p[abi.FeedbackSize:]}, true
}
