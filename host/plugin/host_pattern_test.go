package plugin

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/host/frame"
	"weir/host/signal/phrase"
	"weir/sdk/abi"
)

func TestHostPattern(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p, n := b.put(1000, "ignore all\r\n\nPassword")
	b.phase = configuring
	handle := b.call(hostPatternCompile, p, n)
	b.phase = serving
	if handle != 0 {
		t.Fatalf("compile: %d", handle)
	}
	tp, tn := b.put(2000, "please IGNORE ALL rules; the password is PASSWORD")
	if got := b.call(hostPatternScan, 0, tp, tn, 4000, 16); got != 3 {
		t.Fatalf("scan: %d", got)
	}
	out, _ := b.mem.Read(4000, 3*abi.MatchSize)
	var got [9]uint32
	for n := range got {
		got[n] = binary.LittleEndian.Uint32(out[4*n:])
	}
	if got != [9]uint32{0, 7, 17, 1, 29, 37, 1, 41, 49} {
		t.Errorf("matches %v", got)
	}
	if got := b.call(hostPatternScan, 0, tp, tn, 4000, 2); got != 2 {
		t.Errorf("scan for two: %d", got)
	}
	for _, params := range [][]uint64{
		{1, tp, tn, 4000, 1},                  // no such handle
		{0, 65530, 8, 4000, 1},                // text outside
		{0, tp, tn, 65530, 1},                 // room outside
		{0, tp, tn, 0, abi.MaxMatches + 1},    // too many
		{0, tp, tn, 4000, 0x5555_5556},        // cap × size wraps
		{1<<32 - 1, 0, 1<<32 - 1, 0, 1 << 31}, // everything
	} {
		if got := b.call(hostPatternScan, params...); got != abi.StateRefused {
			t.Errorf("scan%v: %d", params, got)
		}
	}
	if got := b.call(hostPatternCompile, p, n); got != abi.StateRefused {
		t.Errorf("compile while serving: %d", got)
	}
}

// A text of several pieces has the matches that lie across their borders, in order.
func TestHostPatternAcrossPieces(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := bytes.Repeat([]byte("."), 3*piece)
	for _, at := range []int{10, piece - 3, piece + 9, 2*piece - 8, 3*piece - 10} {
		copy(text[at:], "needlework")
	}
	nested := ""
	for n := 1; n <= 40; n++ {
		nested += strings.Repeat("a", n) + "\n"
	}
	tests := []struct {
		name, list string
		text       []byte
	}{
		{"borders", "needle\nneedlework\nle", text},
		{"one phrase many times", strings.Repeat("a\n", 3*batch), bytes.Repeat([]byte("xa"), 40)},
		{"nested phrases", nested, bytes.Repeat([]byte("a"), 3*piece)},
		{"folding changes lengths", "k\nmask", bytes.Repeat([]byte("maſK."), piece/8)}, // K is the Kelvin sign, ſ folds to s
	}
	for _, test := range tests {
		set, err := phrase.Compile(phrases(test.list))
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{0, 1, batch - 1, batch, batch + 1, 5 * batch, abi.MaxMatches} {
			b.again()
			got, want := b.scan(set, test.text, most), set.AppendMost(nil, test.text, most)
			if !slices.Equal(got, want) {
				t.Errorf("%s: the first %d of %d are not the first %d of %d", test.name, len(got), most, len(want), most)
			}
			b.matches = nil
		}
	}
}

// The list and text that cost most are stopped in time: there is a look at the clock between batches.
func TestFault18_CostlyPatterns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	list := ""
	for n := 1; len(list)+n < abi.PatternBytes; n++ {
		list += strings.Repeat("a", n) + "\n"
	}
	set, err := phrase.Compile(phrases(list))
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("a"), 1<<20)
	begin := frame.Nanotime()
	b.allow(allowance{fuel: 1 << 40, begin: begin, deadline: begin + int64(2*time.Millisecond)})
	defer func() {
		if r := recover(); r != errDeadline {
			t.Errorf("it ended by %v", r)
		}
		t.Logf("it took %s", b.took())
	}()
	b.scan(set, text, abi.MaxMatches)
}

func TestFault22_PatternQuota(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.phase = configuring
	for n := range abi.Patterns + 1 {
		p, l := b.put(1000, fmt.Sprint("phrase ", n))
		want := int32(n)
		if n == abi.Patterns {
			want = abi.StateRefused
		}
		if got := b.call(hostPatternCompile, p, l); got != want {
			t.Errorf("list %d: %d, want %d", n, got, want)
		}
	}
	b.patterns = nil
	half, l := b.put(0, strings.Repeat("0123456789abcde\n", abi.PatternBytes/2/16))
	for n, want := range []int32{0, 1, abi.StateRefused} {
		if got := b.call(hostPatternCompile, half, l); got != want {
			t.Errorf("half the bytes, %d: %d, want %d", n, got, want)
		}
	}
	b.patterns = nil
	b.again()
	p, n := b.put(0, "\xff\xfe")
	if got := b.call(hostPatternCompile, p, n); got != abi.StateRefused || !strings.Contains(b.log.String(), "patterns") {
		t.Errorf("a list that is not UTF-8: %d; log: %s", got, b.log)
	}
}
