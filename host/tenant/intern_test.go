package tenant

import (
	"fmt"
	"sync"
	"testing"
	"unsafe"
)

func TestInternKeepsWhatIsInUse(t *testing.T) {
	t.Parallel()
	table := newInterner(8)
	kept := table.intern([]byte("kept"))
	for i := range 100 {
		table.intern(fmt.Appendf(nil, "passer-by-%d", i))
		if again := table.intern([]byte("kept")); unsafe.StringData(again) != unsafe.StringData(kept) {
			t.Fatalf("after %d others the name in use was made anew", i+1)
		}
		if n := table.size(); n > 16 {
			t.Fatalf("%d names kept, bound is twice 8", n)
		}
	}
}

func TestInternForgets(t *testing.T) {
	t.Parallel()
	table := newInterner(2)
	table.intern([]byte("a"))
	for i := range 6 {
		table.intern(fmt.Appendf(nil, "n%d", i))
	}
	if _, ok := table.young["a"]; ok {
		t.Error("a is still young")
	}
	if _, ok := table.old["a"]; ok {
		t.Error("a is still old")
	}
	if got := table.intern([]byte("a")); got != "a" {
		t.Errorf("made anew as %q", got)
	}
}

func TestInternConcurrently(t *testing.T) {
	t.Parallel()
	table := newInterner(16)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				want := fmt.Sprintf("n%d", (i*(g+1))%64)
				if got := table.intern([]byte(want)); got != want {
					t.Errorf("got %q, want %q", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := table.size(); n > 32 {
		t.Errorf("%d names kept", n)
	}
}
