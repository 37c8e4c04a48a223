package generate

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
)

// engines makes both runtimes, for as long as the test runs.
func engines(t testing.TB) (compiler, interpreter wazero.Runtime) {
	t.Helper()
	open := func(e Engine) wazero.Runtime {
		r, err := NewRuntime(context.Background(), e)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close(context.Background()) })
		return r
	}
	return open(Compiler), open(Interpreter)
}

// modules are how many the tests make.
func modules() int {
	if testing.Short() || raceEnabled {
		return 200
	}
	return 1500
}

// TestModulesAgree: every module is valid, and both of wazero's engines compute the same of it.
func TestModulesAgree(t *testing.T) {
	t.Parallel()
	compiler, interpreter := engines(t)
	calls, traps, unstarted := 0, 0, 0
	for i := range modules() {
		m := New(Seed(i), Options{})
		a := agree(t, compiler, interpreter, m, fmt.Sprint("seed ", i))
		if a.Start != "" {
			unstarted++
		}
		for _, c := range a.Calls {
			calls++
			if c.Trap != "" {
				traps++
			}
		}
	}
	t.Logf("%d calls, %d traps, %d modules without instance", calls, traps, unstarted)
	if traps*3 > calls || traps*50 < calls {
		t.Errorf("%d of %d calls trapped: a third is too many to see much of the rest, a fiftieth too few to see traps", traps, calls)
	}
	if unstarted*5 > modules() {
		t.Errorf("%d of %d modules have no instance", unstarted, modules())
	}
}

func agree(t *testing.T, compiler, interpreter wazero.Runtime, m *Module, what string) *Outcome {
	t.Helper()
	a, err := Run(context.Background(), compiler, m, m.Wasm, nil)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	b, err := Run(context.Background(), interpreter, m, m.Wasm, nil)
	if err != nil {
		t.Fatalf("%s, interpreted: %v", what, err)
	}
	if diff := a.Diff(b); diff != "" {
		t.Fatalf("%s: compiler and interpreter: %s", what, diff)
	}
	return a
}

// TestSameBytesSameModule: nothing but the bytes decides, and what is behind their end is the simplest there is.
func TestSameBytesSameModule(t *testing.T) {
	t.Parallel()
	for i := range 50 {
		b := Seed(i)
		if !bytes.Equal(New(b, Options{}).Wasm, New(bytes.Clone(b), Options{}).Wasm) {
			t.Fatalf("seed %d makes two modules", i)
		}
	}
	if n := len(New(nil, Options{}).Wasm); n > 200 {
		t.Errorf("no bytes make a module of %d", n)
	}
}

// TestOptions: what is switched off is not there.
func TestOptions(t *testing.T) {
	t.Parallel()
	for i := range 200 {
		m := New(Seed(i), Options{Functions: 2, NoImports: true})
		s := sections(m.Wasm)
		if s[secImport] != nil {
			t.Fatalf("seed %d: imports", i)
		}
		own := 0
		for _, c := range m.Calls {
			if len(c.Args) > 0 {
				own++
			}
		}
		if own > 4 {
			t.Fatalf("seed %d: %d calls of more than two functions", i, own)
		}
	}
}

// TestEverythingIsGenerated: each instruction of WebAssembly 2.0, each form of block, segment and import occurs.
func TestEverythingIsGenerated(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i := range 1500 {
		s := sections(New(Seed(i), Options{}).Wasm)
		instructions(s[secCode], seen)
		for id := range s {
			seen[fmt.Sprint("section ", id)]++
		}
	}
	want := []string{"0x00", "0x01", "0x05", "0x0b", "0x0c", "0x0d", "0x0e", "0x0f", "0x10", "0x11", "0x1a", "0x1b", "0x1c"}
	for op := 0x20; op <= 0xc4; op++ {
		if op != 0x27 {
			want = append(want, fmt.Sprintf("%#02x", op))
		}
	}
	for op := 0xd0; op <= 0xd2; op++ {
		want = append(want, fmt.Sprintf("%#02x", op))
	}
	for op := range 18 {
		want = append(want, fmt.Sprintf("0xfc %d", op))
	}
	unassigned := map[int]bool{
		154: true, 162: true, 165: true, 166: true, 175: true, 176: true, 178: true, 179: true, 180: true, 187: true, 194: true,
		197: true, 198: true, 207: true, 208: true, 210: true, 211: true, 212: true, 226: true, 238: true,
	}
	for op := range 256 {
		if !unassigned[op] {
			want = append(want, fmt.Sprintf("0xfd %d", op))
		}
	}
	for _, op := range []string{"0x02", "0x03", "0x04"} {
		want = append(want, op+" empty", op+" value", op+" type")
	}
	for id := secType; id <= secDataCount; id++ {
		want = append(want, fmt.Sprint("section ", id))
	}
	for _, name := range want {
		if seen[name] == 0 {
			t.Errorf("%s is never generated", name)
		}
		delete(seen, name)
	}
	for name := range seen {
		if len(name) <= 4 && name != "0x02" && name != "0x03" && name != "0x04" {
			t.Errorf("%s is no instruction of WebAssembly 2.0, or the test misreads", name)
		}
	}
}

// TestDiff: every kind of difference is seen.
func TestDiff(t *testing.T) {
	t.Parallel()
	base := func() *Outcome {
		return &Outcome{Calls: []Result{{Values: []uint64{1}}, {Trap: "t"}}, Globals: []uint64{2}, Memory: []byte{3, 4}, Host: 5}
	}
	if d := base().Diff(base()); d != "" {
		t.Errorf("equal outcomes differ: %s", d)
	}
	for i, change := range []func(*Outcome){
		func(o *Outcome) { o.Start = "x" },
		func(o *Outcome) { o.Calls[0].Values = []uint64{2} },
		func(o *Outcome) { o.Calls[1].Trap = "u" },
		func(o *Outcome) { o.Calls = o.Calls[:1] },
		func(o *Outcome) { o.Globals[0]++ },
		func(o *Outcome) { o.Memory[1]++ },
		func(o *Outcome) { o.Memory = o.Memory[:1] },
		func(o *Outcome) { o.Host++ },
	} {
		o := base()
		change(o)
		if base().Diff(o) == "" {
			t.Errorf("change %d goes unseen", i)
		}
	}
}

// FuzzModule: any bytes make a valid module whose calls end, and both engines agree on it.
func FuzzModule(f *testing.F) {
	for i := range 20 {
		f.Add(Seed(i))
	}
	f.Add([]byte{})
	ctx := context.Background()
	compiler, interpreter := engines(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 16<<10 {
			return
		}
		m := New(data, Options{})
		a, err := Run(ctx, compiler, m, m.Wasm, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Run(ctx, interpreter, m, m.Wasm, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := a.Diff(b); diff != "" {
			t.Error(diff)
		}
	})
}

// BenchmarkNew: a module of 2 KiB of bytes.
func BenchmarkNew(b *testing.B) {
	seed := bytes.Repeat(Seed(1)[:512], 4)
	b.ReportAllocs()
	for b.Loop() {
		New(seed, Options{})
	}
}
