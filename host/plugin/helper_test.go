package plugin

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/host/frame"
	"weir/host/plugin/compile"
	"weir/sdk/abi"
	"weir/testdata/guests"
)

// child is the command line of the process that compiles untrusted modules: this executable, in another role.
const child = "compile-child"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == child {
		if err := compile.Child(os.Stdin, os.Stdout); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// openCache is a compilation cache that the test closes.
func openCache(t testing.TB) *compile.Cache {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c, err := compile.Open(compile.Options{Dir: filepath.Join(t.TempDir(), "cache"), Self: []string{exe, child}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// open is a runtime that the test closes.
func open(t testing.TB, opt Options) *Runtime {
	t.Helper()
	r, err := Open(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if n := r.memory.lent(); n != 0 {
			t.Errorf("%d memories are lent after Close", n)
		}
		if n := r.bytes.Load(); n != 0 {
			t.Errorf("instances hold %d bytes after Close", n)
		}
	})
	return r
}

// admit admits a guest of testdata as if it were part of Weir: compiled in this process.
func admit(t testing.TB, r *Runtime, guest string, l Limits) *Module {
	t.Helper()
	m, err := r.Admit(context.Background(), Source{Name: guest, Wasm: guests.Bytes(guest), Trusted: true}, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// configure configures it under its own name. Where a test says nothing of time there is plenty: machines are busy.
func configure(t testing.TB, r *Runtime, guest string, l Limits, s Setting) *Plugin {
	t.Helper()
	l.Deadline, l.Wait = cmp.Or(l.Deadline, time.Minute), cmp.Or(l.Wait, time.Minute)
	m := admit(t, r, guest, l)
	s.Name, s.Limits = guest, l
	p, err := r.Configure(context.Background(), m, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// patient has plenty of time.
var patient = Limits{Wait: time.Minute, Deadline: time.Minute}

// text is a frame with a text.
type text struct {
	layout frame.Layout
	body   []byte
}

func newText(h abi.Hook, body []byte) *text {
	f := &text{body: body}
	f.layout.Reset(h, 0)
	f.layout.Add(abi.SectionText, len(body))
	return f
}

func (f *text) Size() int { return f.layout.Size() }

func (f *text) Encode(dst []byte) {
	w := f.layout.Writer(dst)
	w.Bytes(abi.SectionText, f.body)
}

// request calls on_request with an empty text.
func request(p *Pool) *frame.Fault {
	c := frame.Call{Hook: abi.HookRequest, Frame: newText(abi.HookRequest, nil)}
	return p.Call(&c)
}
