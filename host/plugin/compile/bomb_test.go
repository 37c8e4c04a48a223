package compile

import (
	"errors"
	"strings"
	"testing"
	"time"

	"weir/sdk/abi"
)

// bomb is a small module that takes long to compile: functions with many locals that are all live over many blocks, so that each
// block joins each of them anew. One function of 1,000 locals and as many blocks has 16 KB, and takes wazero seconds and 120 MB.
func bomb(functions, locals, blocks int) *guest {
	body := append([]byte{1}, append(leb(locals), 0x7e)...) // i64
	for b := range blocks {
		body = append(body, 0x02, 0x40, 0x41, 0, 0x0d, 0)            // block; i32.const 0; br_if 0
		body = append(append(body, 0x42, 1, 0x21), leb(b%locals)...) // i64.const 1; local.set
		body = append(body, 0x0b)                                    // end
	}
	body = append(body, 0x42, 0)
	for l := range locals {
		body = append(append(append(body, 0x20), leb(l)...), 0x85) // local.get; i64.xor
	}
	g := plugin(abi.HookEnd)
	for range functions {
		g.with(abi.Function{Name: "bomb", Result: abi.I64}, body...)
	}
	g.names["bomb"] = ""
	return g
}

// A module that takes too much to compile costs the child its life, and nobody else anything.
func TestFault20_CompileBomb(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limits Limits
		bomb   *guest
		kind   Kind
		want   string
	}{
		"processor time": {Limits{CPU: time.Second}, bomb(200, 300, 300), Time, "1s of processor time: the module is too large or made to be slow; the setting is compile.cpu"},
		"time":           {Limits{Wall: 200 * time.Millisecond}, bomb(200, 300, 300), Time, "stopped after 200ms; the setting is compile.wall"},
		"memory":         {Limits{Memory: 64 << 20}, bomb(1, 2000, 2000), Memory, "more than 64 MiB of memory; the setting is compile.memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, Options{Limits: test.limits})
			before := resident()
			e := wantKind(t, c, job(test.bomb), test.kind)
			if !strings.Contains(e.Error(), test.want) {
				t.Errorf("%q, want %q", e, test.want)
			}
			if grown := resident() - before; grown > 64<<20 {
				t.Errorf("this process grew by %d MiB", grown>>20)
			}
			if left := directoryNames(t, c); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			c.limits.Wall = time.Minute     // others may keep this machine busy
			compiled(t, c, job(smallest())) // what is well keeps being compiled
		})
	}
}

// Go ends when it gets no more memory, or panics; whatever it dies of, the parent has words for it.
func TestFault20_ChildDies(t *testing.T) {
	t.Parallel()
	for role, test := range map[string]struct {
		kind Kind
		want string
	}{
		"panic":  {Crashed, "the compiler's process ended with exit status 2: panic: planted"},
		"silent": {Crashed, "the compiler's answer cannot be read"},
		"flood":  {Crashed, "the compiler's process ended with"},
		"none":   {Crashed, "the compiler's process ended with exit status 1: weir: no such role"},
		"hang":   {Time, "stopped after 1s"},
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			wall := time.Minute
			if role == "hang" {
				wall = time.Second
			}
			c := open(t, Options{Self: playing(role), Limits: Limits{Wall: wall}})
			if e := wantKind(t, c, job(smallest()), test.kind); !strings.Contains(e.Error(), test.want) {
				t.Errorf("%q, want %q", e, test.want)
			}
		})
	}
	c := open(t, Options{Self: []string{"/nonexistent/weir"}})
	if e := wantKind(t, c, job(smallest()), Unavailable); !strings.Contains(e.Error(), "start the compiler's process") {
		t.Error(e)
	}
}

// Nothing that is refused costs a process.
func TestRefusedBeforeAProcess(t *testing.T) {
	t.Parallel()
	c := open(t, Options{Self: []string{"/nonexistent/weir"}})
	wantKind(t, c, job(smallest().rename("weir_abi_1", "weir_abi_9")), Refused)
	wantKind(t, c, Job{Name: "p", Wasm: []byte("\x00asm")}, Refused)
}

// What is wrong inside a function is found by the child, in the module as it was given.
func TestInvalidModule(t *testing.T) {
	t.Parallel()
	c := open(t, Options{})
	bad := smallest().with(abi.Function{Name: "f", Result: abi.I64}, 0, 0x41, 0) // an i32 where an i64 is due
	e := wantKind(t, c, job(bad), Refused)
	if !strings.Contains(e.Error(), "cannot use i32 as result[0] type i64") || errors.Unwrap(e) == nil {
		t.Error(e)
	}
}

func TestTrustedInvalid(t *testing.T) {
	t.Parallel()
	bad := job(smallest().with(abi.Function{Name: "f", Result: abi.I64}, 0, 0x41, 0))
	bad.Trusted = true
	wantKind(t, open(t, Options{}), bad, Refused)
	wantKind(t, nil, bad, Refused)
}
