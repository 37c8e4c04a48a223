package dialect

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanAll walks any JSON text and gives its strings, keys included, in order.
func scanAll(data []byte) ([]string, fault) {
	var s scanner
	s.start(data)
	var texts []string
	var walk func()
	walk = func() {
		switch s.next() {
		case '"':
			if text := string(s.appendString(nil)); !s.failed() {
				texts = append(texts, text)
			}
		case '{':
			var o members
			if !s.openObject(&o) {
				return
			}
			for s.member(&o) {
				texts = append(texts, string(s.key))
				walk()
			}
		case '[':
			if !s.openArray() {
				return
			}
			for i := 0; s.element(i); i++ {
				walk()
			}
		default:
			s.skipScalar()
		}
	}
	walk()
	if !s.failed() {
		s.end()
	}
	return texts, s.fault
}

// skipAll is scanAll without the strings: the path of everything that is not inspected.
func skipAll(data []byte) fault {
	var s scanner
	s.start(data)
	s.skip()
	if !s.failed() {
		s.end()
	}
	return s.fault
}

// oracle walks data with jsontext in its strict defaults.
func oracle(data []byte) (texts []string, err error) {
	d := jsontext.NewDecoder(strings.NewReader(string(data)))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		if token.Kind() == '"' {
			texts = append(texts, token.String())
		}
		if d.StackDepth() == 0 {
			break
		}
	}
	if !jsontext.Value(data).IsValid() { // what ReadToken leaves behind the value
		return nil, fmt.Errorf("trailing data")
	}
	return texts, nil
}

// stricter are the faults that jsontext does not have.
var stricter = []faultKind{faultDepth, faultMembers, faultLongNumber}

// compare holds the scanner against the oracle.
func compare(t *testing.T, data []byte) {
	t.Helper()
	texts, f := scanAll(data)
	if skipped := skipAll(data); skipped != f {
		t.Fatalf("walk found %+v, skip %+v in %q", f, skipped, data)
	}
	if slices.Contains(stricter, f.kind) {
		return
	}
	want, err := oracle(data)
	if (err != nil) != (f.kind != faultNone) {
		t.Fatalf("oracle says %v, scanner %+v of %q", err, f, data)
	}
	if f.kind != faultNone {
		if f.at < 0 || f.at > len(data) {
			t.Fatalf("fault %+v is outside %q", f, data)
		}
		return
	}
	if !slices.Equal(texts, want) {
		t.Fatalf("strings of %q\n got %q\nwant %q", data, texts, want)
	}
}

// scanTexts are texts on both sides of every rule. What is right about each is the oracle's to say; that the list holds enough of
// both sides is checked below.
var scanTexts = []string{
	`null`, `true`, `false`, `nul`, `nulll`, `True`, `0`, `-0`, `-`, `01`, `1.`, `.5`, `1.5e`, `1e+5`, `1E-7`, `1e400`, `--1`, `+1`, `0x1`,
	`NaN`, `Infinity`, `1 2`, `{}`, `[]`, `[1,]`, `[,1]`, `[1 2]`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a" 1}`, `{a:1}`, `{'a':1}`,
	`{1:2}`, `{"a":1 "b":2}`, `[[[]]]`, `[[]`, `[]]`, `{"a":{"b":[{}]}}`, ` { "a" : [ 1 , 2 ] } `, "\t\n\r {}", "\v{}", "\u00a0{}",
	`""`, `"`, `"a`, `"\"`, `"\\"`, `"\/\b\f\n\r\t\""`, `"\a"`, `"\u0041"`, `"\u004"`, `"\u00g1"`, `"\U0041"`, `"\u000a"`,
	`"\ud83d\ude00"`, `"\uD83D\uDE00"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"\ud83d\`, `"\ud83d\n"`,
	`"\ude00\ud83d"`, `"\udbff\udfff"`, `"\ud800\udc00"`, `"\uffff"`, `"\u0000"`,
	"\"\x00\"", "\"\x1f\"", "\"\x7f\"", "\"a\nb\"", "\"\xff\"", "\"\xc3\"", "\"\xc3\xa9\"", "\"\xc0\xaf\"", "\"\xe0\x9f\xbf\"", "\"\xe0\xa0\x80\"",
	"\"\xed\x9f\xbf\"", "\"\xed\xa0\x80\"", "\"\xef\xbf\xbd\"", "\"\xf0\x8f\xbf\xbf\"", "\"\xf0\x90\x80\x80\"", "\"\xf4\x8f\xbf\xbf\"", "\"\xf4\x90\x80\x80\"",
	"\"\xf5\x80\x80\x80\"", "\"\xe2\x82\"", "\"\xf0\x9f\x98\"", "\"é è\"", "\"é\x01é\"", "\"é\\n\"", "\"\xc3\xa9 \xff\"", "\ufeff{}", "{}\ufeff", "\x00", "{}\x00", "",
	`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"\u0061":1,"\u0061":2}`, `{"a":1,"A":2}`, `{"":1,"":2}`, `{"a":{"b":1},"b":2}`, `[{"a":1},{"a":2}]`,
	`{"abcdefgh1":1,"abcdefgh2":2}`, `{"abcdefgh1":1,"abcdefgh1":2}`, `{"a\u0000":1,"a":2}`, `{"\ud83d\ude00":1,"😀":2}`,
	"{\"\xff\":1}", "{\"a\x01\":1}", `{"\u0061\":1}`,
	`"aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffgggggggghhhhhhhh\n"`, "\"aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffgggggggghhhhhh\x1f\"",
}

func TestScan(t *testing.T) {
	t.Parallel()
	good := 0
	for _, text := range scanTexts {
		compare(t, []byte(text))
		if _, f := scanAll([]byte(text)); f.kind == faultNone {
			good++
		}
	}
	if good < 30 || len(scanTexts)-good < 60 {
		t.Fatalf("%d good texts of %d", good, len(scanTexts))
	}
}

// TestScanTruncated cuts texts everywhere: no prefix may be taken for a whole, and none may read beyond the end.
func TestScanTruncated(t *testing.T) {
	t.Parallel()
	text := `{"a\u00e9\ud83d\ude00é":[-1.5e+10,true,false,null,"x\n","ü 😀"],"b":{"c":[{}]}}`
	for i := range text {
		compare(t, []byte(text[:i]))
	}
}

// TestScanWords puts each special byte at each place of a long string, before and behind the widths plain reads at.
func TestScanWords(t *testing.T) {
	t.Parallel()
	for size := range 80 {
		for at := range size {
			for _, c := range []byte{'"', '\\', 0, 0x1f, 0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xff} {
				d := []byte(strings.Repeat("a", size))
				d[at] = c
				want := size
				if c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
					want = at
				}
				if got := plain(d, 0); got != want {
					t.Fatalf("plain stops at %d of %q", got, d)
				}
			}
		}
	}
}

// TestScanManyKeys crosses the border between comparing keys and hashing them, with every position duplicated.
func TestScanManyKeys(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, fewKeys - 1, fewKeys, fewKeys + 1, 2 * fewKeys, 100, 1000} {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"key %d":{"in":%d,"key 0":[]},`, i, i)
		}
		members := b.String()
		compare(t, []byte("{"+members[:len(members)-1]+"}"))
		for _, dup := range []int{0, n / 2, n - 1} {
			plainText := fmt.Sprintf(`{%s"key %d":0}`, members, dup)
			escaped := fmt.Sprintf(`{%s"\u006bey %d":0}`, members, dup)
			for _, text := range []string{plainText, escaped} {
				if _, f := scanAll([]byte(text)); f.kind != faultDuplicate || f.at != len(members)+1 {
					t.Fatalf("%d keys, number %d twice: %+v", n, dup, f)
				}
			}
		}
	}
}

// TestScanNested has large objects inside large objects, so that tables stack up and are given back.
func TestScanNested(t *testing.T) {
	t.Parallel()
	text := "0"
	for level := range 20 {
		var b strings.Builder
		for i := range 40 {
			fmt.Fprintf(&b, `"k%d":0,"\u0078%d":0,`, i, i)
		}
		text = fmt.Sprintf(`{%s"deep %d":%s,"last":0}`, b.String(), level, text)
	}
	compare(t, []byte(text))
	compare(t, []byte(strings.Replace(text, `"last":0}`, `"x39":0}`, 1)))
	compare(t, []byte(text[:strings.LastIndex(text, `"last"`)]+`"\u006b0":0}`))
}

func FuzzScan(f *testing.F) {
	for _, text := range scanTexts {
		f.Add([]byte(text))
	}
	f.Add([]byte(`{"k0":0,"k1":0,"k2":0,"k3":0,"k4":0,"k5":0,"k6":0,"k7":0,"k8":0,"k9":0,"ka":0,"kb":0,"kc":0,"kd":0,"ke":0,"kf":0,"kg":{"k0":[]},"k\u0030":1}`))
	f.Fuzz(func(t *testing.T, data []byte) { compare(t, data) })
}
