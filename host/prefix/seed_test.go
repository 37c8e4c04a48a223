package prefix_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"weir/host/prefix"
)

func TestRootOfAnyNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOf(rapid.Byte()).Draw(t, "secret")
		tenant, model := rapid.String().Draw(t, "tenant"), rapid.String().Draw(t, "model")
		got, want := prefix.NewSeed(secret).Root(tenant, model), referenceRoot(secret, tenant, model)
		if got != want {
			t.Fatalf("root %#x, definition gives %#x", got, want)
		}
	})
}

func TestRootsDiffer(t *testing.T) {
	t.Parallel()
	roots := map[uint64]string{}
	for _, secret := range []string{"", "\x00", "s", "t"} {
		seed := prefix.NewSeed([]byte(secret))
		for _, names := range [][2]string{
			{"", ""}, {"a", "bc"}, {"ab", "c"}, {"abc", ""}, {"", "abc"}, {"bc", "a"}, {"a", "b"}, {"b", "a"}, {"a", "a"}, {"b", "b"},
			{"a\x00", "b"}, {"a", "\x00b"}, {"A", "bc"}, {"a", "bc\x00"},
		} {
			root, name := seed.Root(names[0], names[1]), fmt.Sprintf("%q %q", secret, names)
			if other, ok := roots[root]; ok {
				t.Errorf("%s and %s have the same root", name, other)
			}
			roots[root] = name
		}
	}
}

func TestRandomSeedsDiffer(t *testing.T) {
	t.Parallel()
	if a, b := prefix.RandomSeed(), prefix.RandomSeed(); a == b || a == (prefix.Seed{}) {
		t.Fatal("two random seeds are the same, or none")
	}
}

func TestRootAvalanche(t *testing.T) {
	t.Parallel()
	seed := prefix.NewSeed([]byte("avalanche"))
	var counts [64]int
	flips := 0
	for n := range 512 {
		var name [8]byte
		binary.LittleEndian.PutUint64(name[:], uint64(n))
		plain := seed.Root("t", string(name[:]))
		for bit := range 64 {
			flipped := name
			flipped[bit/8] ^= 1 << (bit % 8)
			diff := plain ^ seed.Root("t", string(flipped[:]))
			flips++
			for diff != 0 {
				counts[bits.TrailingZeros64(diff)]++
				diff &= diff - 1
			}
		}
	}
	for bit, n := range counts {
		if share := float64(n) / float64(flips); share < 0.48 || share > 0.52 {
			t.Errorf("bit %d of the root changes in %.3f of cases, want half", bit, share)
		}
	}
}

func TestFault39_SeedIsNotPrinted(t *testing.T) {
	t.Parallel()
	seed := prefix.NewSeed([]byte("planted canary"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q", "%T%v"} {
		args := []any{seed}
		if verb == "%T%v" {
			args = []any{seed, &seed}
		}
		if got := strings.TrimPrefix(fmt.Sprintf(verb, args...), "prefix.Seed"); !strings.HasSuffix(got, "(redacted)") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	if got, err := json.Marshal(map[string]any{"seed": seed}); err != nil || string(got) != `{"seed":{}}` {
		t.Errorf("JSON %s, %v", got, err)
	}
}

func TestRootAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("allocations are not counted under the race detector")
	}
	seed := prefix.NewSeed([]byte("s"))
	tenant, model := "acme", "meta-llama/Llama-3.1-8B-Instruct"
	if n := testing.AllocsPerRun(100, func() { sinkRoot = seed.Root(tenant, model) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
