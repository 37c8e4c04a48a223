package dialect

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/bytedance/sonic"
	"github.com/bytedance/sonic/decoder"
	"github.com/bytedance/sonic/utf8"
)

// raw is a JSON value as it stands in the decoded text, not copied: it lives as long as that text.
type raw = sonic.NoCopyRawMessage

// strict matches keys as they are written and refuses raw control bytes and unknown escapes in strings, which sonic's
// presets do not. Values that are skipped are validated too. It does not check UTF-8 but silently mends it: callers
// check first.
var strict = sonic.Config{CaseSensitive: true, ValidateString: true}.Froze()

// decodeEmbedding decodes a whole answer into e, whose raw fields then point into p.
func decodeEmbedding(p []byte, e *embedding) error {
	return strict.UnmarshalFromString(unsafe.String(unsafe.SliceData(p), len(p)), e)
}

// validUTF8 is utf8.Valid on vector instructions: for ASCII three times, for other scripts over ten times as fast.
func validUTF8(p []byte) bool { return utf8.Validate(p) }

// Runs tells how sonic runs: "native", or "fallback" where its assembler does not support the Go version or the
// processor and it has become encoding/json, which is slower and matches keys without regard to case.
func Runs() string {
	if sonic.APIKind == sonic.UseSonicJSON {
		return "native"
	}
	return "fallback"
}

// Pretouch compiles sonic's decoder, which takes milliseconds, so that the first answer does not wait for it. It then
// decodes a small answer and fails if that goes wrong: better at start than in the middle of traffic.
func Pretouch() error {
	types := []reflect.Type{reflect.TypeFor[embedding](), reflect.TypeFor[*embedding]()}
	if err := decoder.PretouchMany(types); err != nil {
		return fmt.Errorf("compile the JSON decoder: %w", err)
	}
	const sample = `{"object":"list","data":[{"embedding":[-0.5,1e-3]}],"model":"é","usage":{"prompt_tokens":1}}`
	var e embedding
	if err := decodeEmbedding([]byte(sample), &e); err != nil {
		return fmt.Errorf("check the JSON decoder: %w", err)
	}
	if string(e.Model) != `"é"` || string(e.Usage) != `{"prompt_tokens":1}` || e.Error != nil {
		return errors.New("check the JSON decoder: it misread a sample answer; build with a Go version that sonic supports")
	}
	return nil
}
