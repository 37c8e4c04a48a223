package phrase

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// forced is a set that scans with a tier of the size and stride given, whatever
// the planner thinks of it; phrases too short for it are in a tier of their own.
func forced(t failer, lists [][]string, size, stride int, vector bool) *Set {
	t.Helper()
	s, err := compile(lists, false)
	if err != nil {
		t.Fatalf("%v", err)
	}
	p := &planner{set: s, frequency: newFrequency()}
	var short, long []uint32
	for g := range s.groups[1:] {
		if p.length(uint32(g)) < size+stride-1 {
			short = append(short, uint32(g))
		} else {
			long = append(long, uint32(g))
		}
	}
	s.tiers = nil
	for _, o := range []proposal{
		{groups: short, size: 1, stride: 1, teddy: vector},
		{groups: long, size: size, stride: stride, teddy: vector},
	} {
		if len(o.groups) == 0 {
			continue
		}
		tier, ok := p.build(o)
		if !ok {
			t.Fatalf("too many windows")
		}
		s.tiers = append(s.tiers, tier)
	}
	return s
}

// every holds each engine to the reference.
func every(t failer, lists [][]string, text []byte) {
	t.Helper()
	for _, vector := range []bool{teddyRuns(), false} {
		s, err := compile(lists, vector)
		if err != nil {
			t.Fatalf("%v", err)
		}
		hold(t, s, lists, text)
		s.tiers = nil
		hold(t, s, lists, text)
	}
	for _, shape := range [][2]int{{1, 1}, {1, 3}, {2, 1}, {2, 2}, {3, 1}, {3, 5}, {4, 4}, {5, 2}, {7, 3}, {8, 1}, {8, 16}} {
		hold(t, forced(t, lists, shape[0], shape[1], false), lists, text)
	}
	for _, size := range []int{1, 2, 3, 4, 6, 8} {
		hold(t, forced(t, lists, size, 1, teddyRuns()), lists, text)
	}
	pieces := slices.Collect(slices.Chunk(text, 5))
	s := forced(t, lists, 3, 2, false)
	want := s.Append(nil, text)
	if got := joined(s, pieces...); !slices.Equal(got, want) {
		t.Fatalf("lists %q text %q: stream %v, want %v", lists, text, brief(got), brief(want))
	}
}

func FuzzScan(f *testing.F) {
	f.Add("ignore previous\nkick\nsession", "please \u212aick, IGNORE previous \u017fe\u017f\u017fion", uint8(3))
	f.Add("a\naa\naaa\nab", strings.Repeat("aA", 60)+"b", uint8(40))
	f.Add("игнорируй\nТы\nß", "Игнорируй ТЫ, СТРАẞЕ \xd0\xffты", uint8(17))
	f.Add("\uFFFD\nⱥⱦ\n[x]\n{X}", "\uFFFD\xef\xbfⱥȾ{x}[X]", uint8(63))
	f.Add("忽略以前的指示\n🔥🔥", "请忽略以前的指示🔥🔥🔥", uint8(5))
	f.Add("i\nk\ns\nkk ss", "\u212a\u212a \u017f\u017fKk Ss", uint8(0))
	f.Fuzz(func(t *testing.T, list, text string, pad uint8) {
		if len(list) > 200 || len(text) > 400 {
			return
		}
		list = strings.ToValidUTF8(list, "?")
		var lists [][]string
		for _, part := range strings.SplitN(list, "\n\n", 3) {
			lists = append(lists, strings.FieldsFunc(part, func(r rune) bool { return r == '\n' }))
		}
		every(t, lists, []byte(strings.Repeat("x", int(pad%70))+text+strings.Repeat("y", int(pad/8))))
	})
}

// Phrases are cut out of the text, so that most of them match.
func TestScanProperties(t *testing.T) {
	t.Parallel()
	letters := []rune("aabbcksKS .ſ\u212aßẞσςΣжЖ🔥\n")
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(rapid.SampledFrom(letters), 1, 120).Draw(t, "text"))
		var lists [][]string
		for range rapid.IntRange(1, 3).Draw(t, "lists") {
			var list []string
			for range rapid.IntRange(0, 5).Draw(t, "phrases") {
				from := rapid.IntRange(0, len(text)-1).Draw(t, "from")
				to := min(len(text), from+rapid.IntRange(1, 30).Draw(t, "length"))
				p := text[from:to]
				if rapid.Bool().Draw(t, "upper") {
					p = strings.ToUpper(p)
				}
				if utf8.ValidString(p) && p != "" {
					list = append(list, p)
				}
			}
			lists = append(lists, list)
		}
		bytes := []byte(text)
		if rapid.Bool().Draw(t, "broken") {
			bytes[rapid.IntRange(0, len(bytes)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		every(t, lists, bytes)
	})
}
