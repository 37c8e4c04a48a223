package plugin

import (
	"bytes"
	"testing"
)

// What a tenant left in a memory must be gone when the next gets it, whichever way it is made.
func TestFault24_MemoryIsZeroWhenUsedAgain(t *testing.T) {
	t.Parallel()
	const size = 4 << 16
	a := &arena{}
	t.Cleanup(a.close)
	first := a.allocate(size)
	first.Reallocate(1 << 16)
	b := first.Reallocate(size)
	for i := range b {
		b[i] = 0xa5
	}
	at := &b[0]
	first.Free()
	first.Free() // may be called again
	second := a.allocate(size)
	defer second.Free()
	b = second.Reallocate(size)
	if len(a.spare) == 1 && at != &b[0] {
		t.Error("the reservation was kept and not used again")
	}
	if !bytes.Equal(b, make([]byte, size)) {
		t.Error("memory that was used before is not zero")
	}
	if a.lent() != 1 {
		t.Errorf("%d memories are lent, want 1", a.lent())
	}
}

func TestMemoryGrows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		block bool
	}{{"reserved", true}, {"heap", false}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := &arena{}
			t.Cleanup(a.close)
			l := a.allocate(8 << 16)
			defer l.Free()
			if !test.block && l.block != nil {
				release(l.block)
				l.block = nil
			}
			b := l.Reallocate(1 << 16)
			copy(b, "kept")
			b = l.Reallocate(3 << 16)
			if len(b) != 3<<16 || string(b[:4]) != "kept" {
				t.Errorf("%d bytes beginning with %q", len(b), b[:4])
			}
			if !bytes.Equal(b[4:], make([]byte, 3<<16-4)) {
				t.Error("what was added is not zero")
			}
			if l.Reallocate(9<<16) != nil {
				t.Error("it grew past its maximum")
			}
		})
	}
}

// The reservations that are kept are bounded, and those out when the arena closes are released when they come back.
func TestMemorySpareIsBounded(t *testing.T) {
	t.Parallel()
	a := &arena{}
	var out []*linear
	for range maxSpare + 8 {
		l := a.allocate(1 << 16)
		l.Reallocate(1 << 16)[0] = 1
		out = append(out, l)
	}
	late := a.allocate(1 << 16)
	for _, l := range out {
		l.Free()
	}
	if a.count > maxSpare || len(a.spare[1<<16]) != a.count {
		t.Errorf("%d spare, %d counted; the most is %d", len(a.spare[1<<16]), a.count, maxSpare)
	}
	a.close()
	late.Free()
	if len(a.spare) != 0 || a.lent() != 0 {
		t.Errorf("after close: %d sizes spare, %d lent", len(a.spare), a.lent())
	}
}

func BenchmarkMemoryLend(b *testing.B) {
	a := &arena{}
	defer a.close()
	b.ReportAllocs()
	for b.Loop() {
		l := a.allocate(8 << 20)
		l.Reallocate(1 << 16)[0] = 1
		l.Free()
	}
}
