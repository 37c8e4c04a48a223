package compile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"weir/host/plugin/meter"
	"weir/sdk/abi"
)

var sealedFiles = []sealedFile{
	{meteredFile, 12345, sha256.Sum256([]byte("a"))}, {"code/wazero/0123", 0, sha256.Sum256([]byte("b"))},
}

// A seal is what it was made as, byte for byte, or nothing.
func TestSeal(t *testing.T) {
	t.Parallel()
	secret := []byte(strings.Repeat("k", keySize))
	text := sealText(sealedFiles, secret, "build/platform/key")
	got, err := readSeal(text, secret, "build/platform/key")
	if err != nil || !reflect.DeepEqual(got, sealedFiles) {
		t.Errorf("%v, %v", got, err)
	}
	for i := range text {
		for _, bad := range [][]byte{text[:i], flipped(text, i), append(bytes.Clone(text[:i]), text[i+1:]...)} {
			if got, err := readSeal(bad, secret, "build/platform/key"); err == nil {
				t.Fatalf("byte %d: %q was read as %v", i, bad, got)
			}
		}
	}
	for _, place := range []string{"", "build/platform/kez", "build/platform/key\n"} {
		if _, err := readSeal(text, secret, place); err == nil {
			t.Errorf("it opens at %q", place)
		}
	}
	if _, err := readSeal(text, secret[1:], "build/platform/key"); err == nil {
		t.Error("it opens with another key")
	}
}

// flipped changes a bit that matters in hex digits of either case.
func flipped(text []byte, i int) []byte {
	b := bytes.Clone(text)
	b[i] ^= 1
	return b
}

func FuzzReadSeal(f *testing.F) {
	secret := []byte(strings.Repeat("k", keySize))
	text := sealText(sealedFiles, secret, "p")
	f.Add(text, false)
	f.Add([]byte("0 0 ../../etc/passwd\n"), true)
	f.Add([]byte(strings.Repeat("0", 64)+" -1 a\n"), true)
	f.Fuzz(func(t *testing.T, body []byte, resign bool) {
		if resign { // as if the key was known
			body = append(bytes.Clone(body), sealOf(string(body), secret)...)
		}
		files, err := readSeal(body, secret, "p")
		if !resign && err == nil && !bytes.Equal(body, text) {
			t.Fatalf("%q was read as %v", body, files)
		}
		for _, f := range files {
			if f.size < 0 || f.size > maxFile || !filepath.IsLocal(f.path) {
				t.Fatalf("%+v", f)
			}
		}
	})
}

// sealOf is the last line of a seal.
func sealOf(body string, secret []byte) []byte {
	const digits = "0123456789abcdef"
	var b []byte
	for _, c := range sealMAC(body, secret, "p") {
		b = append(b, digits[c>>4], digits[c&15])
	}
	return append(b, '\n')
}

func TestRequest(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	h := header{CPU: 3, Memory: 4, Meter: meter.Options{MemoryPages: 5}}
	if err := writeRequest(&b, h, []byte("module")); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(b.Bytes())
	got, err := readHeader(&b)
	wasm, e := readSized(&b, 6)
	if err := errors.Join(err, e); err != nil || got != h || string(wasm) != "module" {
		t.Errorf("%+v, %q, %v", got, wasm, err)
	}
	for n := range len(whole) - 1 {
		r := bytes.NewReader(whole[:n])
		if _, err := readHeader(r); err == nil {
			if _, err := readSized(r, 6); err == nil {
				t.Errorf("%d bytes are a request", n)
			}
		}
	}
	if _, err := readSized(strings.NewReader("\x07\x00\x00\x001234567"), 6); err == nil || !strings.Contains(err.Error(), "at most 6") {
		t.Error(err)
	}
	if err := Child(strings.NewReader("hello, this is somebody's terminal"), io.Discard); err == nil || !strings.Contains(err.Error(), "run by Weir itself") {
		t.Error(err)
	}
}

func FuzzReadRequest(f *testing.F) {
	var b bytes.Buffer
	_ = writeRequest(&b, header{CPU: 3, Memory: 4}, []byte("module"))
	f.Add(b.Bytes())
	f.Add([]byte(requestMagic + "\xff\xff\xff\xff"))
	f.Add([]byte(requestMagic + "\x02\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := bytes.NewReader(text)
		h, err := readHeader(r)
		if err != nil {
			return
		}
		if h.CPU <= 0 || h.Memory <= 0 {
			t.Fatalf("%+v", h)
		}
		_, _ = readSized(r, 1<<16)
	})
}

func FuzzInspect(f *testing.F) {
	for _, g := range []*guest{
		plugin(abi.HookRequest), plugin(abi.HookEnd).importing(abi.Module, abi.Functions()[0]),
		plugin(abi.HookEnd).rename("weir_abi_1", "weir_abi_2"), plugin(abi.HookEnd).importing("env", abi.Function{Name: "abort"}),
	} {
		f.Add(g.bytes())
	}
	f.Fuzz(func(t *testing.T, wasm []byte) {
		report, err := Inspect("p", wasm, rules)
		if err == nil {
			if report == nil || len(report.Imports) > 0 && report.Imports[0].Module != abi.Module && report.Imports[0].Module != "env" {
				t.Fatalf("%+v", report)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) || e.Kind != Refused || len(err.Error()) > 4000 || strings.ContainsAny(err.Error(), "\n\r\x1b") {
			t.Fatalf("%q", err)
		}
	})
}
