package frame

import (
	"encoding/binary"

	"weir/sdk/abi"
)

// entries reads what the list k begins with and gives each entry to read, whose strings at gives; false where the list is not there, or an
// entry or a string lies outside.
func (f *Frame) entries(k abi.Section, size int, read func(entry []byte, at func(offset, length uint32) []byte)) bool {
	p, ok := f.atLeast(k, abi.ListSize)
	if !ok {
		return false
	}
	n := uint64(binary.LittleEndian.Uint32(p))
	if uint64(len(p)) < abi.ListSize+n*uint64(size) {
		return false
	}
	at := func(offset, length uint32) []byte {
		if uint64(offset)+uint64(length) > uint64(len(p)) {
			ok = false
			return nil
		}
		return p[offset:][:length:length]
	}
	for i := 0; uint64(i) < n && ok; i++ {
		read(p[abi.ListSize+i*size:][:size], at)
	}
	return ok
}

// Headers reads HEADERS.
func (f *Frame) Headers() (list []Header, ok bool) {
	le := binary.LittleEndian
	ok = f.entries(abi.SectionHeaders, abi.HeaderField, func(e []byte, at func(uint32, uint32) []byte) {
		list = append(list, Header{
			Name:  string(at(le.Uint32(e), le.Uint32(e[4:]))),
			Value: at(le.Uint32(e[8:]), le.Uint32(e[12:])),
		})
	})
	return list, ok
}

// Targets reads TARGETS.
func (f *Frame) Targets() (list []Target, ok bool) {
	le := binary.LittleEndian
	ok = f.entries(abi.SectionTargets, abi.TargetSize, func(e []byte, at func(uint32, uint32) []byte) {
		list = append(list, Target{
			Name:   string(at(le.Uint32(e), le.Uint32(e[4:]))),
			Kind:   string(at(le.Uint32(e[8:]), le.Uint32(e[12:]))),
			Data:   string(at(le.Uint32(e[16:]), le.Uint32(e[20:]))),
			Weight: getFloat(e[24:]), Flags: le.Uint32(e[32:]), InFlight: int32(le.Uint32(e[36:])), TTFT: int64(le.Uint64(e[40:])),
			InputPrice: getFloat(e[48:]), OutputPrice: getFloat(e[56:]),
		})
	})
	return list, ok
}

// Scores reads k, which is abi.SectionScores or abi.SectionMemo.
func (f *Frame) Scores(k abi.Section) (list []Score, ok bool) {
	le := binary.LittleEndian
	ok = f.entries(k, abi.ScoreSize, func(e []byte, at func(uint32, uint32) []byte) {
		list = append(list, Score{
			Value: getFloat(e), Message: int32(le.Uint32(e[8:])),
			Name:   at(le.Uint32(e[12:]), uint32(le.Uint16(e[16:]))),
			Plugin: string(at(le.Uint32(e[20:]), uint32(le.Uint16(e[18:])))),
		})
	})
	return list, ok
}

// Tags reads TAGS.
func (f *Frame) Tags() (list []Tag, ok bool) {
	le := binary.LittleEndian
	ok = f.entries(abi.SectionTags, abi.TagSize, func(e []byte, at func(uint32, uint32) []byte) {
		list = append(list, Tag{
			Name:   at(le.Uint32(e), le.Uint32(e[4:])),
			Value:  at(le.Uint32(e[8:]), le.Uint32(e[12:])),
			Plugin: string(at(le.Uint32(e[16:]), le.Uint32(e[20:]))),
		})
	})
	return list, ok
}
