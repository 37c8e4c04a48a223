package dialect

import (
	"bytes"
	"slices"
	"testing"
)

// FuzzPlainTurn: what plainTurn reads of a message is what turn reads, and it leaves others alone.
func FuzzPlainTurn(f *testing.F) {
	for _, s := range []string{
		`{"role":"user","content":"a\u0001\n\"é\ud83d\ude42"}`, `{"role": "assistant", "content": ""} `, `{"role":"system","content":"x","name":"y"}`,
		`{"role":"developer","content":"x"`, `{"role":"user","content":"x`, `{"role":"user","content":"\ud800"}`, `{"role":"user","content":["x"]}`,
		`{"role":"tool","content":"x"}`, `{"role":"user","content":"\u0000x" }`, `{"role":"user","role":"system"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		read := func(turn func(r *Request) bool) (*Request, bool) {
			var r Request
			r.begin(Chat, text)
			r.scan.start(text)
			r.Arena = make([]byte, 0, len(text))
			return &r, turn(&r)
		}
		plain, ok := read(func(r *Request) bool { return r.plainTurn(7) })
		if !ok {
			if len(plain.Messages)+len(plain.Parts)+len(plain.Arena)+plain.scan.pos+int(plain.scan.controls) > 0 || plain.message != -1 || plain.scan.failed() {
				t.Fatalf("traces left of %q: %+v", text, plain)
			}
			return
		}
		whole, _ := read(func(r *Request) bool { r.turn(7); return true })
		if plain.scan.fault != whole.scan.fault {
			t.Fatalf("fault %+v, want %+v: %q", plain.scan.fault, whole.scan.fault, text)
		}
		if plain.scan.failed() {
			return
		}
		if !slices.Equal(plain.Messages, whole.Messages) || !slices.Equal(plain.Parts, whole.Parts) || !bytes.Equal(plain.Arena, whole.Arena) ||
			plain.scan.pos != whole.scan.pos || plain.scan.controls != whole.scan.controls || plain.message != whole.message {
			t.Fatalf("%q:\n got %+v %+v\nwant %+v %+v", text, plain.Messages, plain.Parts, whole.Messages, whole.Parts)
		}
	})
}
