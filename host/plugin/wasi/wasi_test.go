package wasi

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental/wazerotest"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// guest is a Guest that notes what is asked of it.
type guest struct {
	memory  *wazerotest.Memory
	printed []string
	slept   int64
	clock   int64
	code    uint32
}

func newGuest() *guest { return &guest{memory: wazerotest.NewFixedMemory(65536)} }

func (g *guest) Memory() api.Memory { return g.memory }
func (g *guest) Print(p []byte)     { g.printed = append(g.printed, string(p)) }
func (g *guest) Sleep(d int64)      { g.slept += d }
func (g *guest) Exit(code uint32)   { g.code = code }
func (g *guest) Random(p []byte) {
	for i := range p {
		p[i] = 7
	}
}

func (g *guest) Clock(wall bool) int64 {
	if wall {
		return 1_000_000_000
	}
	return g.clock
}

// call gives the errno.
func (g *guest) call(t *testing.T, name string, params ...uint64) uint64 {
	t.Helper()
	f, ok := Lookup(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	stack := make([]uint64, max(len(params), 1))
	copy(stack, params)
	f(g, stack)
	return stack[0]
}

func (g *guest) u32(at uint32) uint32 {
	v, _ := g.memory.ReadUint32Le(at)
	return v
}

// Names and signatures are those of preview 1, as wazero has them; what is missing is missing on purpose.
func TestSignatures(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = r.Close(ctx) }()
	all, err := wasi_snapshot_preview1.NewBuilder(r).Compile(ctx)
	if err != nil {
		t.Fatal(err)
	}
	theirs := all.ExportedFunctions()
	for _, f := range Functions() {
		want, ok := theirs[f.Name]
		if !ok {
			t.Errorf("%s is not of preview 1", f.Name)
			continue
		}
		delete(theirs, f.Name)
		var params, results []api.ValueType
		for _, p := range f.Params {
			params = append(params, api.ValueType(p.Type))
		}
		if f.Result != 0 {
			results = append(results, api.ValueType(f.Result))
		}
		if !slices.Equal(params, want.ParamTypes()) || !slices.Equal(results, want.ResultTypes()) {
			t.Errorf("%s is %v → %v, want %v → %v", f.Name, params, results, want.ParamTypes(), want.ResultTypes())
		}
	}
	for name := range theirs {
		if !strings.HasPrefix(name, "sock_") && name != "proc_raise" {
			t.Errorf("%s is missing", name)
		}
	}
	if _, ok := Lookup("sock_accept"); ok {
		t.Error("there are sockets")
	}
}

// Nobody is let through to files, and pointers outside the memory are EFAULT, not a panic.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const out = 65535
	tests := []struct {
		name   string
		params []uint64
		want   uint64
	}{
		{"args_sizes_get", []uint64{0, 4}, success},
		{"args_sizes_get", []uint64{0, out}, fault},
		{"args_get", []uint64{out, out}, success}, // nothing is written
		{"clock_res_get", []uint64{0, 8}, success},
		{"clock_res_get", []uint64{9, 8}, invalid},
		{"clock_time_get", []uint64{1, 0, 8}, success},
		{"clock_time_get", []uint64{4, 0, 8}, invalid},
		{"clock_time_get", []uint64{0, 0, out}, fault},
		{"fd_close", []uint64{1}, success},
		{"fd_close", []uint64{3}, badf},
		{"fd_fdstat_get", []uint64{2, 0}, success},
		{"fd_fdstat_get", []uint64{2, out}, fault},
		{"fd_fdstat_get", []uint64{3, 0}, badf},
		{"fd_filestat_get", []uint64{0, 0}, success},
		{"fd_filestat_get", []uint64{4, 0}, badf},
		{"fd_prestat_get", []uint64{3, 0}, badf},
		{"fd_read", []uint64{0, 0, 1, 8}, success},
		{"fd_read", []uint64{1, 0, 1, 8}, badf},
		{"fd_seek", []uint64{1, 0, 0, 8}, notSeekable},
		{"fd_seek", []uint64{5, 0, 0, 8}, badf},
		{"fd_write", []uint64{0, 0, 1, 8}, badf},
		{"fd_write", []uint64{1, out, 1, 8}, fault},
		{"fd_write", []uint64{1, 0, maxVectors + 1, 8}, invalid},
		{"fd_write", []uint64{1, 0, 1<<32 - 1, 8}, invalid},
		{"path_open", []uint64{3, 0, 0, 0, 0, 0, 0, 0, 0}, badf},
		{"poll_oneoff", []uint64{0, 0, 0, 8}, invalid},
		{"poll_oneoff", []uint64{out, 0, 1, 8}, fault},
		{"poll_oneoff", []uint64{0, out, 1, 8}, fault},
		{"poll_oneoff", []uint64{0, 0, maxSubscriptions + 1, 8}, invalid},
		{"random_get", []uint64{0, 16}, success},
		{"random_get", []uint64{out, 16}, fault},
		{"random_get", []uint64{0, maxRandom + 1}, invalid},
		{"sched_yield", nil, success},
	}
	for _, test := range tests {
		if got := newGuest().call(t, test.name, test.params...); got != test.want {
			t.Errorf("%s%v: errno %d, want %d", test.name, test.params, got, test.want)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	g := newGuest()
	g.memory.WriteString(100, "hello, world\n")
	for i, v := range []uint32{100, 7, 107, 6} {
		g.memory.WriteUint32Le(uint32(4*i), v)
	}
	if errno := g.call(t, "fd_write", 2, 0, 2, 64); errno != success || g.u32(64) != 13 || strings.Join(g.printed, "|") != "hello, |world\n" {
		t.Errorf("errno %d, %d bytes, %q", errno, g.u32(64), g.printed)
	}
	g.memory.WriteUint32Le(12, 1<<31)
	if errno := g.call(t, "fd_write", 2, 0, 2, 64); errno != fault {
		t.Errorf("a vector that ends outside: errno %d", errno)
	}
}

func TestPoll(t *testing.T) {
	t.Parallel()
	g := newGuest()
	g.clock = 400
	subscribe := func(at uint32, user uint64, tag byte, id uint32, timeout uint64, flags uint16) {
		s, _ := g.memory.Read(at, subscriptionSize)
		binary.LittleEndian.PutUint64(s, user)
		s[8] = tag
		binary.LittleEndian.PutUint32(s[16:], id)
		binary.LittleEndian.PutUint64(s[24:], timeout)
		binary.LittleEndian.PutUint16(s[40:], flags)
	}
	subscribe(0, 11, tagClock, clockMonotonic, 500, 0)
	subscribe(48, 22, tagClock, clockMonotonic, 1000, absolute)
	subscribe(96, 33, tagRead, 0, 0, 0)
	subscribe(144, 44, 2, 1, 0, 0)
	if errno := g.call(t, "poll_oneoff", 0, 1024, 4, 2048); errno != success || g.u32(2048) != 4 || g.slept != 500+600 {
		t.Errorf("errno %d, %d events, slept %d", errno, g.u32(2048), g.slept)
	}
	for i, want := range []struct{ user, errno, tag uint32 }{{11, 0, 0}, {22, 0, 0}, {33, badf, 1}, {44, 0, 2}} {
		at := uint32(1024 + eventSize*i)
		if g.u32(at) != want.user || g.u32(at+8) != want.errno|want.tag<<16 {
			t.Errorf("event %d: user %d, errno and type %#x", i, g.u32(at), g.u32(at+8))
		}
	}
	// Events written over the subscriptions they answer.
	subscribe(0, 11, tagClock, clockMonotonic, 500, 0)
	subscribe(48, 22, tagRead, 0, 0, 0)
	if errno := g.call(t, "poll_oneoff", 0, 16, 2, 2048); errno != success || g.u32(16) != 11 {
		t.Errorf("overlapping: errno %d, user %d", errno, g.u32(16))
	}
}

func TestExitAndRandom(t *testing.T) {
	t.Parallel()
	g := newGuest()
	f, _ := Lookup("proc_exit")
	f(g, []uint64{7})
	if g.code != 7 {
		t.Errorf("exit code %d", g.code)
	}
	g.call(t, "random_get", 8, 4)
	if g.u32(8) != 0x07070707 || g.u32(12) != 0 {
		t.Errorf("random bytes: %#x %#x", g.u32(8), g.u32(12))
	}
}
