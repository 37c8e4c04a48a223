//go:build wasip1

// Command go is the guest deny written in Go, as an author without an SDK would: with the standard library, a collected heap and
// WASI. It is built by tests, GOOS=wasip1 -buildmode=c-shared, and not committed.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"unsafe"

	weir "weir/sdk/go"
)

var (
	input   []byte // what the host writes frames to
	verdict []byte // what it reads the last verdict from
	word    []byte
)

func main() {}

//go:wasmexport weir_abi_1
func version() {}

//go:wasmexport weir_alloc
func alloc(size uint32) unsafe.Pointer {
	input = make([]byte, size)
	return unsafe.Pointer(unsafe.SliceData(input))
}

//go:wasmexport weir_manifest
func manifest() uint64 {
	verdict = []byte(`{"name":"go","version":"1","guard":true,"sections":{"request":["messages","text"],"delta":["text"]}}`)
	return answer()
}

//go:wasmexport weir_on_configure
func configure(_, size uint32) uint64 {
	var settings struct{ Word string }
	if err := json.Unmarshal(section(size, weir.SectionConfig), &settings); err != nil {
		return deny(err.Error())
	}
	if word = []byte(settings.Word); len(word) == 0 {
		return deny("word: a string that is not empty is needed")
	}
	return 0
}

//go:wasmexport weir_on_request
func request(_, size uint32) uint64 {
	if bytes.Contains(section(size, weir.SectionText), word) {
		return deny("This request holds a word that is not allowed here.")
	}
	return 0
}

// delta keeps back what may become the word, and stops the answer when it has.
//
//go:wasmexport weir_on_delta
func delta(_, size uint32) uint64 {
	text := section(size, weir.SectionText)
	if bytes.Contains(text, word) {
		verdict = nil
		action(weir.ActionStop, str("policy_violation"), str("This answer held a word that is not allowed here."))
		return answer()
	}
	if len(word) < 2 {
		return 0
	}
	verdict = nil
	action(weir.ActionHold, u32(uint32(len(word)-1)))
	return answer()
}

// section is the payload of a kind in the frame of that size that the host wrote to input.
func section(size uint32, kind uint16) []byte {
	le, frame := binary.LittleEndian, input[:size]
	for i := range int(le.Uint16(frame[10:])) {
		if entry := frame[16+12*i:]; le.Uint16(entry) == kind {
			return frame[le.Uint32(entry[4:]):][:le.Uint32(entry[8:])]
		}
	}
	return nil
}

func deny(message string) uint64 {
	verdict = nil
	action(weir.ActionDeny, u32(403), str("policy_violation"), str(message))
	return answer()
}

func action(kind uint16, fields ...[]byte) {
	payload := bytes.Join(fields, nil)
	verdict = binary.LittleEndian.AppendUint32(verdict, uint32(kind))
	verdict = append(append(verdict, u32(uint32(len(payload)))...), payload...)
}

func u32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }
func str(s string) []byte { return append(u32(uint32(len(s))), s...) }
func answer() uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(verdict))))<<32 | uint64(len(verdict))
}
