package frame_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"weir/host/frame"
	"weir/host/plugin/compile"
	"weir/host/plugin/wasi"
	"weir/host/policy/memo"
	"weir/sdk/abi"
)

// page is sdk/abi/README.md, which authors of plugins read.
func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "sdk", "abi", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// block is the page's block of code in a language.
func block(t *testing.T, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page(t), "```"+language+"\n")
	text, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("the page has no block of %s", language)
	}
	return text
}

func TestReadmeManifest(t *testing.T) {
	t.Parallel()
	m, err := frame.ParseManifest([]byte(block(t, "json")))
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "word-filter" || !m.Guard || m.DeltaBytes != 256 || m.PerMessage != frame.ContextNone {
		t.Errorf("the page's manifest reads %+v", m)
	}
	for h := abi.HookNone + 1; h < abi.Hooks; h++ {
		if got := m.Wants(h) &^ frame.SectionsOf(h); got != 0 {
			t.Errorf("%s wants sections %#x that its frames cannot hold", h, got)
		}
	}
}

// TestReadmeBounds: the page's bounds of a manifest are those of the parser.
func TestReadmeBounds(t *testing.T) {
	t.Parallel()
	text := page(t)
	for _, says := range []string{"`bytes`: 0 to 1,048,576", "`every`: a duration up to 10s", "at most 64 bytes"} {
		if !strings.Contains(text, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
	for manifest, right := range map[string]bool{
		`{"delta":{"bytes":1048576}}`: true, `{"delta":{"bytes":1048577}}`: false,
		`{"delta":{"every":"10s"}}`: true, `{"delta":{"every":"10.1s"}}`: false,
		`{"version":"` + strings.Repeat("1", 64) + `"}`: true, `{"version":"` + strings.Repeat("1", 65) + `"}`: false,
	} {
		if _, err := frame.ParseManifest([]byte(manifest)); (err == nil) != right {
			t.Errorf("%s: %v", manifest, err)
		}
	}
}

// TestReadmeNumbers: what the page says in words is what the code does.
func TestReadmeNumbers(t *testing.T) {
	t.Parallel()
	text := page(t)
	wanted := []string{
		fmt.Sprintf("at most %d for a message with %d bytes of names together", memo.MaxScores, memo.MaxNames),
		fmt.Sprintf("a JSON object of at most %s bytes", thousands(frame.MaxManifest)),
		fmt.Sprintf("they have at most %d MiB", compile.MaxSize>>20),
	}
	for c := frame.ClassNone + 1; c < frame.Classes; c++ {
		wanted = append(wanted, "| `"+c.String()+"` |")
	}
	for _, f := range wasi.Functions() {
		wanted = append(wanted, "`"+f.Name+"`")
	}
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("the page does not say %q", w)
		}
	}
	// The limits are the configuration's, whose page is generated from it.
	config, err := os.ReadFile(filepath.Join("..", "config", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for key, says := range map[string][2]string{
		"deadline": {"`2ms`", "`deadline` of a call (2 ms)"}, "fuel": {"`20M`", "`fuel` (20,000,000 units"},
		"memory": {"`8MiB`", "`memory` (8 MiB)"}, "stack": {"`512KiB`", "`stack` (512 KiB)"}, "pool": {"`4`", "`pool` of instances for a tenant (4)"},
		"wait": {"`10ms`", "`wait` for one to become free (10 ms)"}, "start": {"`2s`", "`start` (2 s)"},
	} {
		_, row, ok := strings.Cut(string(config), "| `plugins.NAME.limits."+key+"` |")
		row, _, _ = strings.Cut(row, "\n")
		if !ok || !strings.Contains(row, "| "+says[0]+" |") {
			t.Errorf("limits.%s has not the default %s: %s", key, says[0], row)
		}
		if !strings.Contains(strings.ReplaceAll(text, "\n", " "), says[1]) {
			t.Errorf("the page does not say %q", says[1])
		}
	}
}

func thousands(n int) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }

// TestReadmeTables holds the ABI's tables to what manifests may ask for.
func TestReadmeTables(t *testing.T) {
	t.Parallel()
	for h := abi.HookNone + 1; h < abi.Hooks; h++ {
		var set abi.Set
		for _, s := range abi.SectionLayouts() {
			if s.Hooks.Has(h) {
				set = set.With(s.Section)
			}
		}
		if want := frame.SectionsOf(h); set != want {
			t.Errorf("frames of %s hold sections %#x by sdk/abi, and %#x by SectionsOf", h, set, want)
		}
	}
}

// TestReadmeExample runs the plugin that the page shows. testdata/example.wasm is built from it by wat2wasm (Debian: wabt); -update builds it anew.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	source := block(t, "wat")
	built := filepath.Join("testdata", "example.wasm")
	assemble(t, source, built)
	wasm, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := compile.Inspect("example", wasm, compile.ABI(nil)); err != nil {
		t.Errorf("the example would not be admitted: %v", err)
	}
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	m, err := r.Instantiate(ctx, wasm)
	if err != nil {
		t.Fatal(err)
	}
	for text, denied := range map[string]bool{
		"": false, "swordfis": false, "a swordfish": true, "swordfish": true, "sword fish": false, strings.Repeat("sword", 40_000) + "fish": true,
	} {
		c := full()
		c.strings[abi.SectionText] = text
		b := c.encoder(abi.HookRequest, 0, every).encode(0)
		got, err := m.ExportedFunction(abi.ExportAlloc).Call(ctx, uint64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		at := uint32(got[0])
		if !m.Memory().Write(at, b) {
			t.Fatalf("weir_alloc(%d) answers %#x, in a memory of %d", len(b), at, m.Memory().Size())
		}
		got, err = m.ExportedFunction(abi.HookRequest.Export()).Call(ctx, uint64(at), uint64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := m.Memory().Read(uint32(got[0]>>32), uint32(got[0]))
		want := verdict(func(w *writer) { w.Deny(403, "blocked", "the word is banned.") })
		if !denied {
			want = nil
		}
		if !bytes.Equal(answer, want) {
			t.Errorf("%d bytes of text: the verdict is % x, want % x", len(text), answer, want)
		}
	}
}

// assemble builds the source where wat2wasm is installed, and compares.
func assemble(t *testing.T, source, built string) {
	t.Helper()
	tool, err := exec.LookPath("wat2wasm")
	if err != nil {
		t.Log("wat2wasm is not installed (Debian: wabt): the example is run as it was built")
		return
	}
	wat, wasm := filepath.Join(t.TempDir(), "example.wat"), filepath.Join(t.TempDir(), "example.wasm")
	if err := os.WriteFile(wat, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, wat, "-o", wasm).CombinedOutput(); err != nil {
		t.Fatalf("the example does not assemble: %s", out)
	}
	got, err := os.ReadFile(wasm)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(built, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(built); err != nil || !bytes.Equal(old, got) {
		t.Errorf("%s is not the page's example: run go test ./host/frame -run Readme -update (%v)", built, err)
	}
}

// TestDirectoryIsPacked: the page says where the first entry is and that a section's offset is a multiple of 8.
func TestDirectoryIsPacked(t *testing.T) {
	t.Parallel()
	b := full().encoder(abi.HookRequest, 0, every).encode(0xff)
	for i := range int(abi.Sections) - 1 {
		e := b[abi.HeaderSize+i*abi.EntrySize:]
		if k := binary.LittleEndian.Uint16(e); int(k) != i+1 {
			t.Errorf("entry %d is section %d", i, k)
		}
		offset, length := binary.LittleEndian.Uint32(e[4:]), binary.LittleEndian.Uint32(e[8:])
		for _, pad := range b[offset+length : (offset+length+7)&^7] {
			if offset%8 != 0 || pad != 0 {
				t.Errorf("section %d lies at %d and is padded with %#x", i+1, offset, pad)
			}
		}
	}
}
