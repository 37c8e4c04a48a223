package signal

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// reference is the third implementation: one definition of README.md after the
// other, each written down as directly as possible, at whatever cost.
func reference(text []byte) (v Vector) {
	count := func(k Kind, is func(b byte) bool) {
		for _, b := range text {
			if is(b) {
				v[k]++
			}
		}
	}
	in := func(set string) func(byte) bool {
		return func(b byte) bool { return strings.IndexByte(set, b) >= 0 }
	}
	between := func(lo, hi byte) func(byte) bool {
		return func(b byte) bool { return lo <= b && b <= hi }
	}
	v[Bytes] = uint32(len(text))
	count(Characters, func(b byte) bool { return b&0xC0 != 0x80 })
	count(NonASCII, between(0x80, 0xFF))
	count(Lower, between('a', 'z'))
	count(Upper, between('A', 'Z'))
	count(Digits, between('0', '9'))
	count(WhiteSpace, in("\t\n\r "))
	count(Lines, in("\n"))
	count(Punctuation, in("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"))
	count(Controls, func(b byte) bool { return b < 0x20 && !in("\t\n\r")(b) || b == 0x7F })
	referenceCharacters(&v, text)
	v[MixedWords] = referenceWords(text)
	referenceRuns(&v, text)
	referencePatterns(&v, text)
	for _, token := range bytes.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("\t\n\r ", r) }) {
		v[LongestToken] = max(v[LongestToken], uint32(len(token)))
	}
	v[Entropy] = referenceEntropy(text)
	return v
}

// A character is a code point with its place; r is -1 for an invalid byte.
type character struct {
	r     rune
	begin int
}

func characters(text []byte) (all []character) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			r = -1
		}
		all = append(all, character{r, i})
		i += size
	}
	return all
}

func lookup(spans []span, r rune) (is uint8) {
	for _, s := range spans {
		if s.lo <= r && r <= s.hi {
			is = s.is
		}
	}
	return is
}

func categoryOf(r rune) uint8 {
	return max(lookup(categorySpans[:], r), lookup(highSpans[:], r))
}

func referenceCharacters(v *Vector, text []byte) {
	all := characters(text)
	category := func(i int) uint8 {
		if i < 0 || i >= len(all) {
			return catNone
		}
		return categoryOf(all[i].r)
	}
	joiner := func(i int) bool { return i >= 0 && i < len(all) && 0x200B <= all[i].r && all[i].r <= 0x200D }
	ascii := func(i int) bool { return i < 0 || i >= len(all) || 0 <= all[i].r && all[i].r < 0x80 }
	for i := range all {
		switch category(i) {
		case catZeroWidth:
			v[ZeroWidth]++
		case catJoiner:
			if ascii(i-1) || ascii(i+1) || joiner(i-1) || joiner(i+1) {
				v[ZeroWidth]++
			} else {
				v[Joiners]++
			}
		case catBidi:
			v[Bidi]++
		case catTag:
			v[Tags]++
		case catSelector:
			v[Selectors]++
			if category(i-1) == catSelector {
				v[SelectorRuns]++
			}
		case catMark:
			v[Marks]++
			if category(i-1) == catMark && category(i-2) == catMark {
				v[StackedMarks]++
			}
		case catSpace:
			v[UnicodeSpaces]++
		case catCompatibility:
			v[Compatibility]++
		case catStyledCompatibility:
			v[Compatibility]++
			v[Styled]++
		case catStyled:
			v[Styled]++
		case catPrivate:
			v[PrivateUse]++
		case catControl:
			v[Controls]++
		}
	}
}

// referenceWords splits the text into words and looks at each two letters that
// follow each other.
func referenceWords(text []byte) (mixed uint32) {
	script := func(r rune) uint8 {
		switch {
		case 'a' <= r && r <= 'z':
			return scriptLatinLower
		case 'A' <= r && r <= 'Z':
			return scriptLatinUpper
		}
		return lookup(scriptSpans[:], r)
	}
	group := func(s uint8) int { // Latin 1, Greek 2
		switch s {
		case scriptLatinLower, scriptLatinUpper:
			return 1
		case scriptGreek, scriptGreekLower, scriptGreekUpper:
			return 2
		}
		return int(s)
	}
	mix := func(a, b uint8) bool {
		if group(a) == group(b) {
			return false
		}
		if group(a) == 2 && group(b) == 1 {
			a, b = b, a
		}
		if group(a) == 1 && group(b) == 2 {
			return a == scriptLatinLower && b == scriptGreekLower || a == scriptLatinUpper && b == scriptGreekUpper
		}
		return true
	}
	var word []uint8
	end := func() {
		for i := 1; i < len(word); i++ {
			if mix(word[i-1], word[i]) {
				mixed++
				break
			}
		}
		word = word[:0]
	}
	for _, c := range characters(text) {
		s := script(c.r)
		neutral := slices.Contains([]uint8{catZeroWidth, catJoiner, catSelector, catMark}, categoryOf(c.r))
		switch {
		case s != scriptNone:
			word = append(word, s)
		case !neutral:
			end()
		}
	}
	end()
	return mixed
}

var (
	alphabetRuns = regexp.MustCompile(`[A-Za-z0-9+/_-]{24,}`)
	hexRuns      = regexp.MustCompile(`[0-9A-Fa-f]{24,}`)
	hexLetter    = regexp.MustCompile(`[A-Fa-f]`)
	hexDigit     = regexp.MustCompile(`[0-9]`)
	longStretch  = regexp.MustCompile(`[a-z]{7}|[A-Z]{7}|[0-9]{7}|[+/_-]{7}`)
	symbols      = regexp.MustCompile(`[+/_-]`)
	oddPair      = regexp.MustCompile(`^(?:[A-Z][A-Z0-9]|[0-9][A-Za-z])$`)
	stretches    = regexp.MustCompile(`[a-z]+|[A-Z]+|[0-9]+|[+/_-]+`)
)

func referenceOdd(piece []byte) (n int) {
	for i := 1; i < len(piece); i++ {
		if oddPair.Match(piece[i-1 : i+1]) {
			n++
		}
	}
	return n
}

func referenceRuns(v *Vector, text []byte) {
	looks := func(piece []byte) bool {
		return regexp.MustCompile(`[a-z]`).Match(piece) && regexp.MustCompile(`[A-Z]`).Match(piece) &&
			regexp.MustCompile(`[0-9+/_-]`).Match(piece) && !longStretch.Match(piece) &&
			len(stretches.FindAllIndex(piece, -1)) >= 11 && len(symbols.FindAllIndex(piece, -1)) <= 3 && referenceOdd(piece) >= 4
	}
	for _, run := range alphabetRuns.FindAll(text, -1) {
		is := looks(run[len(run)-24:])
		for i := 0; i+24 <= len(run); i += 24 {
			is = is || looks(run[i:i+24])
		}
		if is {
			v[Base64Runs]++
			v[Base64Bytes] += uint32(len(run))
		}
	}
	for _, run := range hexRuns.FindAll(text, -1) {
		if hexLetter.Match(run) && hexDigit.Match(run) {
			v[HexRuns]++
			v[HexBytes] += uint32(len(run))
		}
	}
}

func referenceEntropy(text []byte) uint32 {
	if len(text) < 64 {
		return 0
	}
	seen := map[byte]float64{}
	for i := range 64 {
		seen[text[i*len(text)/64]]++
	}
	sum := 0
	for _, n := range seen {
		sum += int(math.Round(n * math.Log2(n) * 1024000))
	}
	return uint32((6*64*1024000 - sum) / 65536)
}
