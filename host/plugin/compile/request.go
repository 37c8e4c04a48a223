package compile

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"weir/host/plugin/meter"
)

// What goes to the child: magic, then a header and a module, each after its length as a little-endian u32. What comes back: one
// reply in JSON, and files in the child's directory.
const (
	requestMagic = "weir job 1\n"
	maxHeader    = 64 << 10
	maxReply     = 32 << 20
)

// header is what the child must know before it reads the module.
type header struct {
	CPU    int64         `json:"cpu"`    // seconds
	Memory int64         `json:"memory"` // bytes
	Meter  meter.Options `json:"meter"`
}

// reply is what the child answers: a report, or why there is none.
type reply struct {
	Report  *meter.Report `json:"report,omitempty"`
	Kind    Kind          `json:"kind,omitempty"`
	Detail  string        `json:"detail,omitempty"`
	Setting string        `json:"setting,omitempty"`
	Cause   string        `json:"cause,omitempty"`
}

// writeRequest fails when the child has gone; what became of it is told by its end.
func writeRequest(w io.Writer, h header, wasm []byte) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	head := append([]byte(requestMagic), binary.LittleEndian.AppendUint32(nil, uint32(len(text)))...)
	head = binary.LittleEndian.AppendUint32(append(head, text...), uint32(len(wasm)))
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err = w.Write(wasm)
	return err
}

func readHeader(r io.Reader) (h header, err error) {
	magic := make([]byte, len(requestMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != requestMagic {
		return h, errors.New("no job on standard input: this command is run by Weir itself")
	}
	text, err := readSized(r, maxHeader)
	if err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	if h.CPU <= 0 || h.Memory <= 0 {
		return h, errors.New("header: no limits")
	}
	return h, nil
}

func readSized(r io.Reader, limit uint32) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n > limit {
		return nil, fmt.Errorf("%d bytes, at most %d", n, limit)
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}
