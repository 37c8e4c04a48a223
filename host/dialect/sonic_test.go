package dialect

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"unicode/utf8"
)

// TestRuns: sonic becomes encoding/json without a word on Go versions its assembler does not know.
func TestRuns(t *testing.T) {
	t.Parallel()
	want := "fallback"
	if runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64" {
		want = "native"
	}
	if got := Runs(); got != want {
		t.Errorf("sonic runs %s on %s with %s, want %s; raise its version or lower Go's", got, runtime.GOARCH, runtime.Version(), want)
	}
}

// TestOtherDecoder runs the tests of whole answers again with the decoder that sonic uses on arm64.
func TestOtherDecoder(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" || os.Getenv("SONIC_USE_OPTDEC") != "" {
		t.Skip("is the one that runs")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^(TestBodies|TestBodyFaults|TestPretouch|FuzzAnswerBody)$")
	cmd.Env = append(os.Environ(), "SONIC_USE_OPTDEC=1")
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("no tests to run")) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestPretouch(t *testing.T) {
	t.Parallel()
	if err := Pretouch(); err != nil {
		t.Fatal(err)
	}
}

// FuzzUTF8 holds the vector routine to the standard library's answer, at every alignment of a fault.
func FuzzUTF8(f *testing.F) {
	for _, s := range []string{"", "abc", "é你🙂", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe4\xbd", "\xf0\x9f\x99"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		pad := make([]byte, 70, 70+len(p))
		for i := range pad {
			pad[i] = 'a'
		}
		for n := range len(pad) {
			if q := append(pad[:n:n], p...); validUTF8(q) != utf8.Valid(q) {
				t.Fatalf("%q after %d bytes: %v", p, n, validUTF8(q))
			}
		}
	})
}
