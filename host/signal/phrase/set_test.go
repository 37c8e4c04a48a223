package phrase

import (
	"fmt"
	"strings"
	"testing"
)

func mustCompile(t testing.TB, lists ...[]string) *Set {
	t.Helper()
	s, err := CompileLists(lists)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScan(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		phrases []string
		text    string
	}{
		{"none", nil, "text"},
		{"no text", []string{"a"}, ""},
		{"one byte", []string{"a", "K"}, "banana KayaK \u212a k"},
		{"case", []string{"Ignore Previous"}, "please IGNORE previous; ignore PREVIOUS instructions"},
		{"kelvin", []string{"kick"}, "\u212aic\u212a kIC\u212a KICK kic"},
		{"kelvin in phrase", []string{"\u212aic\u212a"}, "kick KICK \u212aIC\u212a"},
		{"long s", []string{"session", "ses"}, "\u017fe\u017f\u017fion SESSION \u017fE\u017f"},
		{"sharp s", []string{"straße"}, "STRAẞE strasse straße"},
		{"sigma", []string{"σας"}, "ΣΑΣ σας ςασ"},
		{"cyrillic", []string{"игнорируй"}, "ИГНОРИРУЙ, Игнорируй игнорируи"},
		{"longer variant", []string{"ⱥⱦ"}, "ȺȾ ⱥⱦ Ⱥⱦ"},
		{"shorter variant", []string{"ȺȾ"}, "ȺȾ ⱥⱦ Ⱥⱦ"},
		{"turkish i", []string{"i"}, "İıIi"},
		{"duplicates", []string{"dan", "DAN", "Dan"}, "danDAN"},
		{"prefixes", []string{"a", "ab", "abc", "abcd"}, "abcdabcABXab"},
		{"suffixes", []string{"d", "cd", "bcd", "abcd"}, "abcdxbcdcd"},
		{"overlap", []string{"aba", "bab"}, "ababababa"},
		{"all the same", []string{"a", "aa", "aaa", "aaaaaaaaa"}, strings.Repeat("aA", 40)},
		{"not UTF-8", []string{"ab", "\uFFFD"}, "a\xffb\xc3ab\xe2\x84ab\xffab\uFFFD\xef\xbf"},
		{"truncated", []string{"é"}, "\xc3 \xc3\xa9 É \xc3"},
		{"case of punctuation", []string{"[a]", "{b}", "@", "_"}, "{A} [B] {b} [a] ` @ \x7f _"},
		{"control", []string{"a\nb", "*"}, "a*b a\nb A\x0aB \x0a"},
		{"emoji", []string{"🔥 on"}, "x🔥 ON"},
		{"chinese", []string{"忽略", "忽"}, "请忽略忽忽略"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			lists := [][]string{tc.phrases}
			s := mustCompile(t, lists...)
			for pad := range 70 {
				hold(t, s, lists, []byte(strings.Repeat(".", pad)+tc.text))
				if pad%16 == 0 {
					hold(t, s, lists, []byte(tc.text+strings.Repeat("ab ", pad)+tc.text))
				}
			}
		})
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	lists := [][]string{{"dan", "jailbreak"}, nil, {"DAN", "password", "dan"}}
	s := mustCompile(t, lists...)
	if s.Len() != 5 || s.Lists() != 3 || s.List(1) != 0 || s.List(2) != 2 {
		t.Fatalf("Len %d Lists %d List(1) %d List(2) %d", s.Len(), s.Lists(), s.List(1), s.List(2))
	}
	hold(t, s, lists, []byte("Dan's password: jailbreak, dan PASSWORD"))
	counts := []uint32{^uint32(0) - 1, 7}
	if hit := s.Count(counts, []byte("dan dan dan")); hit != 0b101 || counts[0] != ^uint32(0) || counts[1] != 7 {
		t.Fatalf("hit %b counts %v", hit, counts)
	}
	if hit := s.Count(nil, []byte("x password")); hit != 0b100 {
		t.Fatalf("hit %b", hit)
	}
}

func TestCompileFaults(t *testing.T) {
	t.Parallel()
	many := make([]string, MaxPhrases+1)
	for i := range many {
		many[i] = "x"
	}
	big := make([]string, MaxTotal/MaxLen+1)
	for i := range big {
		big[i] = strings.Repeat("x", MaxLen)
	}
	tests := []struct {
		name  string
		lists [][]string
		want  []string
	}{
		{"empty", [][]string{{"a", ""}}, []string{"phrase 1: is empty"}},
		{"two faults", [][]string{{"", "b"}, {"\xff"}}, []string{"list 0, phrase 0: is empty", "list 1, phrase 0: is not UTF-8"}},
		{"long", [][]string{{strings.Repeat("x", MaxLen+1)}}, []string{"phrase 0: 1025 bytes exceed 1024"}},
		{"many", [][]string{many}, []string{"65537 phrases exceed 65536"}},
		{"total", [][]string{big}, []string{"bytes in all exceed"}},
		{"lists", make([][]string, MaxLists+1), []string{"65 lists exceed 64"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := CompileLists(tc.lists)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range tc.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

func TestLongest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		phrase string
		want   int
	}{{"a", 1}, {"k", 3}, {"kiss", 3 + 1 + 2 + 2}, {"ß", 3}, {"Ⱥ", 3}} {
		if got := mustCompile(t, []string{tc.phrase}).Longest(); got != tc.want {
			t.Errorf("Longest of %q is %d, want %d", tc.phrase, got, tc.want)
		}
	}
	if s := mustCompile(t); s.Longest() != 0 || s.Len() != 0 || s.Contains([]byte("x")) {
		t.Error("a set of nothing matches")
	}
}

// Many matches at one place: AppendMost must give the first in order though
// longer phrases end, and are found, later.
func TestAppendMostOrder(t *testing.T) {
	t.Parallel()
	var phrases []string
	for n := 40; n > 0; n-- {
		phrases = append(phrases, strings.Repeat("a", n), fmt.Sprintf("%sb", strings.Repeat("A", n)))
	}
	lists := [][]string{phrases}
	hold(t, mustCompile(t, lists...), lists, []byte(strings.Repeat("a", 90)+"b"+strings.Repeat("a", 30)))
}
