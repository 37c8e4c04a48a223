package frame_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/host/frame"
	"weir/sdk/abi"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestRoundTrip: every section alone, all together, and none.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	sets := []abi.Set{0, every}
	for k := abi.SectionNone + 1; k < abi.Sections; k++ {
		sets = append(sets, abi.Set(0).With(k), every&^abi.Set(0).With(k))
	}
	for _, set := range sets {
		c := full()
		e := c.encoder(abi.HookRequest, abi.FrameObserve, set)
		b := e.encode(0xa5)
		if !bytes.Equal(b, e.encode(0x5a)) {
			t.Errorf("sections %#x: bytes that were there before are in the frame", set)
		}
		f, err := frame.Read(b)
		if err != nil {
			t.Fatalf("sections %#x: %v", set, err)
		}
		if f.Hook() != abi.HookRequest || f.Flags() != abi.FrameObserve {
			t.Errorf("hook %v, flags %#x", f.Hook(), f.Flags())
		}
		c.compare(t, f, set)
	}
}

// TestGolden holds the frame to its bytes: guests are compiled against them.
func TestGolden(t *testing.T) {
	t.Parallel()
	golden(t, "frame.golden", full().encoder(abi.HookRequest, abi.FrameObserve, every).encode(0xff))
}

// golden compares got with a file of testdata, 16 bytes a line.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var text strings.Builder
	for i := 0; i < len(got); i += 16 {
		fmt.Fprintf(&text, "%05x % x\n", i, got[i:min(i+16, len(got))])
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("%s is not what is written today:\n%s\nGuests in the field read the old bytes: change them only with the ABI's version, and run with -update.", path, text.String())
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	frameOf := func() []byte { return full().encoder(abi.HookEnd, 0, every).encode(0) }
	tests := []struct {
		name, want string
		change     func(b []byte) []byte
	}{
		{"empty", "a header has 16", func([]byte) []byte { return nil }},
		{"magic", "begins with", func(b []byte) []byte { b[0]++; return b }},
		{"short", "says it has", func(b []byte) []byte { return b[:len(b)-1] }},
		{"directory", "directory of 65535", func(b []byte) []byte { b[10], b[11] = 0xff, 0xff; return b }},
		{"order", "kinds ascend", func(b []byte) []byte { b[16+12] = 1; return b }},
		{"outside", "lies at", func(b []byte) []byte { b[16+12+11] = 0x7f; return b }},
		{"overlap", "lies at", func(b []byte) []byte { copy(b[16+12+4:], b[16+4:16+8]); return b }},
		{"unaligned", "lies at", func(b []byte) []byte { b[16+4]++; return b }},
	}
	for _, tt := range tests {
		if _, err := frame.Read(tt.change(frameOf())); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

// TestUnknownSection: a section of a later version is skipped.
func TestUnknownSection(t *testing.T) {
	t.Parallel()
	b := full().encoder(abi.HookEnd, 0, abi.Set(0).With(abi.SectionTenant, abi.SectionMemo)).encode(0)
	b[16+12] = 200
	f, err := frame.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := f.Section(abi.SectionTenant); !ok || string(got) != "acme" {
		t.Errorf("tenant %q, %v", got, ok)
	}
	if _, ok := f.Section(200); ok || f.Sections() != abi.Set(0).With(abi.SectionTenant) {
		t.Errorf("sections %#x", f.Sections())
	}
}

func TestLayoutPanics(t *testing.T) {
	t.Parallel()
	tests := map[string]func(){
		"twice":      func() { var l frame.Layout; l.Add(abi.SectionText, 1); l.Add(abi.SectionText, 1) },
		"descending": func() { var l frame.Layout; l.Add(abi.SectionText, 1); l.Add(abi.SectionTenant, 1) },
		"none":       func() { var l frame.Layout; l.Add(abi.SectionNone, 1) },
		"unknown":    func() { var l frame.Layout; l.Add(abi.Sections, 1) },
		"negative":   func() { var l frame.Layout; l.Add(abi.SectionText, -1) },
		"longer": func() {
			var l frame.Layout
			l.Add(abi.SectionText, 1)
			w := l.Writer(make([]byte, l.Size()))
			w.String(abi.SectionText, "ab")
		},
		"shorter": func() {
			var l frame.Layout
			l.Add(abi.SectionText, 3)
			w := l.Writer(make([]byte, l.Size()))
			w.Bytes(abi.SectionText, []byte("ab"))
		},
		"too large": func() { var l frame.Layout; l.Add(abi.SectionText, abi.MaxFrame); l.Writer(nil) },
	}
	for name, f := range tests {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestLayoutFault(t *testing.T) {
	t.Parallel()
	var l frame.Layout
	l.Add(abi.SectionText, abi.MaxFrame-64)
	if f := l.Fault(); f != nil {
		t.Errorf("fault %v of %d bytes", f, l.Size())
	}
	l.Add(abi.SectionBody, 1<<40)
	if f := l.Fault(); f == nil || f.Class != frame.Unreadable || !strings.Contains(f.Detail, "limits.body") {
		t.Errorf("fault %v of %d bytes", f, l.Size())
	}
}
