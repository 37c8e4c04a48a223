package frame

import (
	"encoding/binary"
	"math"

	"weir/sdk/abi"
)

// heap is the end of a list's payload, where the strings of its entries lie. Offsets count from the payload's start.
type heap struct {
	p  []byte
	at int
}

// list writes what the section k begins with and gives its entries and its heap; ok is false where the layout lacks it.
func (w *Writer) list(k abi.Section, n, entry int) (entries []byte, h heap, ok bool) {
	p := w.Section(k)
	if p == nil {
		return nil, heap{}, false
	}
	put2(p, uint32(n), 0)
	end := abi.ListSize + n*entry
	return p[abi.ListSize:end:end], heap{p, end}, true
}

func (h *heap) bytes(b []byte) (offset, length uint32) {
	n := copy(h.p[h.at:], b)
	h.at += n
	return uint32(h.at - n), uint32(n)
}

func (h *heap) string(s string) (offset, length uint32) {
	n := copy(h.p[h.at:], s)
	h.at += n
	return uint32(h.at - n), uint32(n)
}

// done sees to it that the strings fill the payload; total is the size of the list written.
func (h *heap) done(total int) { whole(len(h.p), h.at, total) }

// HeadersSize is the size of a HEADERS with these entries.
func HeadersSize(list []Header) int {
	n := abi.ListSize + len(list)*abi.HeaderField
	for i := range list {
		n += len(list[i].Name) + len(list[i].Value)
	}
	return n
}

// Headers writes HEADERS.
func (w *Writer) Headers(list []Header) {
	p, h, ok := w.list(abi.SectionHeaders, len(list), abi.HeaderField)
	if !ok {
		return
	}
	for i := range list {
		b := p[i*abi.HeaderField:][:abi.HeaderField]
		offset, length := h.string(list[i].Name)
		put2(b, offset, length)
		offset, length = h.bytes(list[i].Value)
		put2(b[8:], offset, length)
	}
	h.done(HeadersSize(list))
}

// TargetsSize is the size of a TARGETS with these entries.
func TargetsSize(list []Target) int {
	n := abi.ListSize + len(list)*abi.TargetSize
	for i := range list {
		n += len(list[i].Name) + len(list[i].Kind) + len(list[i].Data)
	}
	return n
}

// Targets writes TARGETS.
func (w *Writer) Targets(list []Target) {
	p, h, ok := w.list(abi.SectionTargets, len(list), abi.TargetSize)
	if !ok {
		return
	}
	le := binary.LittleEndian
	for i := range list {
		t := &list[i]
		b := p[i*abi.TargetSize:][:abi.TargetSize]
		offset, length := h.string(t.Name)
		put2(b, offset, length)
		offset, length = h.string(t.Kind)
		put2(b[8:], offset, length)
		offset, length = h.string(t.Data)
		put2(b[16:], offset, length)
		le.PutUint64(b[24:], math.Float64bits(t.Weight))
		put2(b[32:], t.Flags, uint32(t.InFlight))
		le.PutUint64(b[40:], uint64(t.TTFT))
		le.PutUint64(b[48:], math.Float64bits(t.InputPrice))
		le.PutUint64(b[56:], math.Float64bits(t.OutputPrice))
	}
	h.done(TargetsSize(list))
}

// ScoresSize is the size of a SCORES or MEMO with these entries.
func ScoresSize(list []Score) int {
	n := abi.ListSize + len(list)*abi.ScoreSize
	for i := range list {
		n += len(list[i].Name) + len(list[i].Plugin)
	}
	return n
}

// Scores writes k, which is abi.SectionScores or abi.SectionMemo. Names have at most abi.MaxName bytes.
func (w *Writer) Scores(k abi.Section, list []Score) {
	p, h, ok := w.list(k, len(list), abi.ScoreSize)
	if !ok {
		return
	}
	for i := range list {
		s := &list[i]
		b := p[i*abi.ScoreSize:][:abi.ScoreSize]
		binary.LittleEndian.PutUint64(b, math.Float64bits(s.Value))
		name, nameLength := h.bytes(s.Name)
		plugin, pluginLength := h.string(s.Plugin)
		put2(b[8:], uint32(s.Message), name)
		put2(b[16:], nameLength&0xffff|pluginLength<<16, plugin)
	}
	h.done(ScoresSize(list))
}

// TagsSize is the size of a TAGS with these entries.
func TagsSize(list []Tag) int {
	n := abi.ListSize + len(list)*abi.TagSize
	for i := range list {
		n += len(list[i].Name) + len(list[i].Value) + len(list[i].Plugin)
	}
	return n
}

// Tags writes TAGS.
func (w *Writer) Tags(list []Tag) {
	p, h, ok := w.list(abi.SectionTags, len(list), abi.TagSize)
	if !ok {
		return
	}
	for i := range list {
		t := &list[i]
		b := p[i*abi.TagSize:][:abi.TagSize]
		offset, length := h.bytes(t.Name)
		put2(b, offset, length)
		offset, length = h.bytes(t.Value)
		put2(b[8:], offset, length)
		offset, length = h.string(t.Plugin)
		put2(b[16:], offset, length)
	}
	h.done(TagsSize(list))
}
