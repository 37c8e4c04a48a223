package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// lists is a configuration of n lists of phrases.
func lists(n int) string {
	var b strings.Builder
	b.WriteString("phrases:\n")
	for i := range n {
		fmt.Fprintf(&b, "  l%02d: {list: [x]}\n", i)
	}
	return b.String()
}

func TestPhrases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	leaks := write(t, dir, "phrases/leaks.txt", "\ufeff# what must not leave\r\n\r\n  Project Nightingale \t\r\nstreng geheim\n\t# indented\n\u00a0für den Dienst\u00a0\n#\nlast one")
	path := write(t, dir, "weir.yaml", sim+`
phrases:
  leaks: { list: [internal use only, "  #kept as written "], file: phrases/leaks.txt }
  again: { file: phrases/leaks.txt }
  words: { list: ["${WORD}", "a\tb"] }
`)
	c, err := Load(path, vars("WORD", "from outside"))
	if err != nil {
		t.Fatal(err)
	}
	file := []string{"Project Nightingale", "streng geheim", "für den Dienst", "last one"}
	for name, want := range map[string][]string{
		"leaks": append([]string{"internal use only", "  #kept as written "}, file...), "again": file, "words": {"from outside", "a\tb"},
	} {
		if got := c.Phrases[name].All(); !slices.Equal(got, want) {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if got := c.Files(); !slices.Equal(got, []string{path, leaks}) {
		t.Errorf("files %q", got)
	}
	dump, err := c.Redacted()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(dump), "file: "+quote(leaks)) || strings.Contains(string(dump), "Nightingale") {
		t.Errorf("the dump copies the file, or lacks it:\n%s", dump)
	}
	roundTrip(t, c)
}

func TestFaultsOfPhrases(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 512)
	checkFaults(t, []faultCase{
		{"none", sim + "phrases: {l: {}}\n", []string{"2:14: phrases.l has no phrase; give phrases.l a list or a file"}},
		{"no list", sim + "phrases: {l: {list: []}}\n", []string{"2:21: phrases.l.list is an empty list; put something"}},
		{"empty", sim + "phrases: {l: {list: [x, '']}}\n", []string{"2:25: phrases.l.list[1]: empty; write phrases.l.list[1] as a string"}},
		{"empty variable", sim + "phrases: {l: {list: [\"${EMPTY}\"]}}\n", []string{"2:22: phrases.l.list[0]: empty; write"}},
		{"blank", sim + "phrases: {l: {list: [' \u00a0']}}\n", []string{"2:22: phrases.l.list[0] is empty; 1 to 1024 bytes"}},
		{"longest", sim + "phrases: {l: {list: [" + long + "]}}\nx: 1\n", []string{"3:1: unknown key \"x\" in the configuration; remove it"}},
		{"too long", sim + "phrases: {l: {list: [x" + long + ", y]}}\n", []string{"2:22: phrases.l.list[0] is longer than 1KiB; 1 to 1024 bytes"}},
		{"number", sim + "phrases: {l: {list: [12]}}\n", []string{"2:22: phrases.l.list[0] is a number; in quotes"}},
		{"list of lists", sim + "phrases: {l: {list: [[x]]}}\n", []string{"2:22: phrases.l.list[0] is a list; as a string"}},
		{"no file", sim + "phrases: {l: {file: none.txt}}\n", []string{"2:21: phrases.l.file: cannot read the file: no such file or directory; name a readable file in phrases.l.file"}},
		{"name", sim + "phrases: {'a b': {list: [x]}}\n", []string{"2:11: names are made of letters, digits and . _ : - only, 1 to 128 of them; rename the key in phrases"}},
		{"too many lists", sim + lists(65), []string{"67:3: phrases has more than 64 keys; shorten phrases"}},
		{"too many phrases", sim + "phrases: {l: {list: [" + strings.Repeat("x,", 10_000) + "x]}}\n", []string{"2:20022: phrases.l.list has more than 10000 items; shorten"}},
	})
	_, err := Parse("weir.yaml", []byte(sim+"phrases: {l: {list: ['${BAD}']}}\n"), vars("BAD", "a\xffb"))
	if err == nil || !strings.Contains(err.Error(), ":2:22: phrases.l.list[0] is not UTF-8; ") {
		t.Errorf("a variable that is not UTF-8: %v", err)
	}
}

func TestFaultsOfPhraseFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":    {"", []string{"the file holds no phrase; write one phrase a line"}},
		"comments": {"\ufeff# a\n\n \t\n  # b", []string{"the file holds no phrase; "}},
		"lines": {"ok\n# \xff is skipped\nnot \xff ok\n\n" + strings.Repeat("x", 1025) + "\n" + strings.Repeat("y", 1024) + "\n", []string{
			"line 3 is not UTF-8; mend the file", "line 5 is longer than 1KiB; mend the file",
		}},
		"UTF-16":    {"\xff\xfea\x00\n\x00", []string{"line 1 is not UTF-8; "}},
		"many":      {strings.Repeat("\xff\n", 15), append(slices.Repeat([]string{"line "}, 10), "5 more lines; mend those above first")},
		"large":     {strings.Repeat("#", maxPhraseFile+1), []string{"cannot read the file: larger than 4MiB; name a readable file"}},
		"as allows": {strings.Repeat("#", maxPhraseFile-2) + "\nx", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, dir, strings.ReplaceAll(name, " ", "-"), c.text)
			_, err := Parse(filepath.Join(dir, "weir.yaml"), []byte(sim+"phrases: {l: {file: "+filepath.Base(path)+"}}\n"), nil)
			var faults Faults
			if errors.As(err, &faults); len(faults) != len(c.want) {
				t.Fatalf("got %v, want %d faults", err, len(c.want))
			}
			for i, f := range faults {
				if f.Line != 2 || f.Column != 21 || !strings.HasPrefix(f.What+"; "+f.Setting, "phrases.l.file: "+c.want[i]) {
					t.Errorf("got %s, want %s", f, c.want[i])
				}
			}
		})
	}
}

// TestPhrasesInAll holds the bounds on all lists together, each of which is
// within its own.
func TestPhrasesInAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "many", strings.Repeat("x\n", maxPhrases/2))
	write(t, dir, "long", strings.Repeat(strings.Repeat("x", maxPhrase)+"\n", maxPhraseBytes/maxPhrase/2))
	for _, file := range []string{"many", "long"} {
		text := sim + "phrases:\n  a: {file: " + file + "}\n  b: {file: " + file + "}\n"
		c, err := Parse(filepath.Join(dir, "weir.yaml"), []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Phrases["b"].All()) < 1024 {
			t.Errorf("%s: %d phrases", file, len(c.Phrases["b"].All()))
		}
		_, err = Parse(filepath.Join(dir, "weir.yaml"), []byte(text+"  c: {list: [x]}\n  d: {list: [y]}\n"), nil)
		var faults Faults
		if errors.As(err, &faults); len(faults) != 1 || faults[0].Line != 5 || !strings.Contains(faults[0].What, "more than 65536 or 2MiB") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestFaultsOfPrefix(t *testing.T) {
	t.Parallel()
	checkFaults(t, []faultCase{
		{"short", sim + "prefix: {seed: 0123456789abcde}\n", []string{"2:16: prefix.seed: the seed has fewer than 16 characters; openssl rand -hex 32"}},
		{"blanks", sim + "prefix: {seed: 0123456789 abcdef}\n", []string{"2:16: prefix.seed holds blanks, control characters or characters beyond ASCII; write"}},
		{"twice", sim + "prefix: {seed: 0123456789abcdef, seed_file: x}\n", []string{"2:45: prefix.seed_file is given beside prefix.seed; keep one"}},
		{"no file", sim + "prefix: {seed_file: none}\n", []string{"2:21: prefix.seed_file: cannot read the file: no such file or directory; name a readable file"}},
		{"seen", sim + "prefix: {seen: 16777217}\n", []string{"2:16: prefix.seen: more than 16777216; from 0 to 16777216"}},
		{"records", sim + "records: {file: r, prefix: block}\n", []string{`2:28: records.prefix: "block" is not known, did you mean blocks?; one of none, messages, blocks`}},
		{"signals", sim + "signals: no\n", []string{"2:10: signals is a string; true or false"}},
	})
}

func TestPrefixSeed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seed := write(t, dir, "seed", "0123456789abcdef\n")
	c, err := Parse(filepath.Join(dir, "weir.yaml"), []byte(sim+"prefix: {seed_file: seed, seen: 0}\nsignals: false\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Prefix.Seed.Reveal() != "0123456789abcdef" || c.Prefix.Seen != 0 || *c.Signals || !slices.Equal(c.Files(), []string{seed}) {
		t.Errorf("%v, files %q", c.Prefix, c.Files())
	}
	write(t, dir, "short", "0123456789abcde\n")
	if _, err := Parse(filepath.Join(dir, "weir.yaml"), []byte(sim+"prefix: {seed_file: short}\n"), nil); err == nil || !strings.Contains(err.Error(), ":2:21: prefix.seed_file: the seed has fewer than 16 characters; ") {
		t.Errorf("a short seed in a file: %v", err)
	}
}

// FuzzPhraseLines: whatever a file holds, each of its lines is a phrase within
// bounds, skipped, or reported by its number.
func FuzzPhraseLines(f *testing.F) {
	for _, seed := range []string{"", "a\nb", "\ufeff# c\r\n d \r\n", "\xff\n", "\ufeff\ufeff#", strings.Repeat("x", 1030), "a\rb", "\x00", "\u2028\n", strings.Repeat("\xff\n", 12)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		phrases, faults, more := phraseLines(data)
		for _, p := range phrases {
			if p == "" || len(p) > maxPhrase || !utf8.ValidString(p) || p[0] == '#' || p != strings.TrimSpace(p) || strings.Contains(p, "\n") {
				t.Errorf("phrase %q", p)
			}
		}
		for _, fault := range faults {
			var line int
			var what string
			if _, err := fmt.Sscanf(fault, "line %d is %s", &line, &what); err != nil || line < 1 || line > strings.Count(string(data), "\n")+1 {
				t.Errorf("fault %q", fault)
			}
		}
		if len(faults) > maxLineFaults || (more > 0 && len(faults) < maxLineFaults) || len(phrases)+len(faults)+more > strings.Count(string(data), "\n")+1 {
			t.Errorf("%d phrases, %d faults and %d more in %q", len(phrases), len(faults), more, data)
		}
	})
}
