package signal

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestReadme holds the table of README.md to the kinds.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\| `([a-z0-9_]+)` \\| (●?) ?\\| \\S").FindAllStringSubmatch(string(readme), -1)
	if len(rows) != Kinds {
		t.Fatalf("%d rows, %d kinds", len(rows), Kinds)
	}
	notable := Notable()
	for i, row := range rows {
		k := Kind(i)
		if row[1] != fmt.Sprint(i) || row[2] != k.String() || (row[3] != "") != slices.Contains(notable[:], k) {
			t.Errorf("row %q: kind %d is %v", row[0], i, k)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := range Kind(Kinds) {
		if name := k.String(); seen[name] || !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(name) {
			t.Errorf("kind %d has the name %q", k, name)
		}
		seen[k.String()] = true
	}
	if got := Kind(Kinds).String(); got != "unknown" {
		t.Errorf("kind beyond the last: %q", got)
	}
}

// TestOrder pins the order, which is part of the plugin ABI.
func TestOrder(t *testing.T) {
	t.Parallel()
	for k, at := range map[Kind]int{Bytes: 0, Controls: 9, ZeroWidth: 10, Tags: 12, Bidi: 15, MixedWords: 22, Base64Runs: 23, HexRuns: 25,
		References: 29, Comments: 30, DataLinks: 36, SpecialTokens: 40, LongestToken: 41, Entropy: 42} {
		if int(k) != at {
			t.Errorf("%v moved from %d to %d", k, at, k)
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	v := Vector{Bytes: 10, Upper: 3, LongestToken: 7, Entropy: 1000, Tags: math.MaxUint32}
	w := Vector{Bytes: 30, Upper: 4, LongestToken: 5, Entropy: 3001, Tags: 1}
	v.Merge(&w)
	if want := (Vector{Bytes: 40, Upper: 7, LongestToken: 7, Entropy: 2500, Tags: math.MaxUint32}); v != want {
		t.Errorf("merged %v, want %v", v, want)
	}
	var zero, also Vector
	if zero.Merge(&also); zero != also {
		t.Errorf("empty texts merge to %v", zero)
	}
	full := Vector{Bytes: math.MaxUint32, Entropy: 6000}
	if full.Merge(&Vector{Bytes: math.MaxUint32, Entropy: 4000}); full[Bytes] != math.MaxUint32 || full[Entropy] != 5000 {
		t.Errorf("saturated %v", full)
	}
}

// TestMergeIsScan: merging adds up what scanning the joined text counts, where
// nothing spans the border.
func TestMergeIsScan(t *testing.T) {
	t.Parallel()
	for _, s := range seeds() {
		var v, w, both Vector
		Scan(&v, []byte(s))
		Scan(&w, []byte("plain words"))
		Scan(&both, []byte(s+" | \n plain words"))
		v.Merge(&w)
		for _, k := range []Kind{Upper, Digits, NonASCII, ZeroWidth, Bidi, MixedWords, Base64Runs, HexBytes, Links, SpecialTokens} {
			if v[k] != both[k] {
				t.Errorf("%v of %.100q: %d merged, %d scanned", k, s, v[k], both[k])
			}
		}
	}
}

func TestPieces(t *testing.T) {
	t.Parallel()
	text := text(prose, 10_000)
	var whole, pieces, last Vector
	scanPieces(&pieces, text, how{}, 4096)
	for _, part := range [][]byte{text[:4096], text[4096:8192], text[8192:]} {
		scanPiece(&last, part, how{})
		whole.Merge(&last)
	}
	if pieces != whole {
		t.Errorf("pieces %v, merged %v", pieces, whole)
	}
}
