package sim

import "math/bits"

// tokenBytes is the size of a token: four bytes of text, everywhere. A text of n
// bytes has ceil(n/4) tokens, of the prompt as of the answer.
const tokenBytes = 4

func tokens(n int) int { return (n + tokenBytes - 1) / tokenBytes }

// pieceEnd is the end of the piece of text that begins at i: four bytes further
// on a grid that starts at 0, extended to the end of a rune. So no rune is split
// over two pieces, and there are never more pieces than tokens.
func pieceEnd(text []byte, i int) int {
	end := i - i%tokenBytes + tokenBytes
	for end < len(text) && text[end]&0xC0 == 0x80 {
		end++
	}
	return min(end, len(text))
}

// cutTokens is the longest prefix of text that has at most n tokens and ends
// with a whole rune.
func cutTokens(text []byte, n int) []byte {
	if n >= tokens(len(text)) {
		return text
	}
	end := n * tokenBytes
	for end > 0 && text[end]&0xC0 == 0x80 {
		end--
	}
	return text[:end]
}

// random is splitmix64 (Steele, Lea, Flood 2014): small, fast, and the same on
// every platform and Go version, which math/rand does not promise.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9E3779B97F4A7C15
	return mix(r.state)
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below is a number in [0, n), n > 0.
func (r *random) below(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

// unit is a number in [0, 1).
func (r *random) unit() float64 { return float64(r.next()>>11) / (1 << 53) }

// vocabulary holds the words by length, from one letter to maxWord, so that a
// text of any exact length ends with a whole word.
var vocabulary = [...][]string{
	1: {"a"},
	2: {"of", "to", "in", "by", "on", "as", "we", "it", "at", "so"},
	3: {"the", "and", "for", "its", "one", "day", "sea", "sun", "may", "low", "all", "far"},
	4: {"with", "from", "over", "rain", "wind", "rise", "hold", "slow", "deep", "leaf", "road", "turn"},
	5: {"river", "stone", "light", "water", "after", "under", "quiet", "field", "early", "plain", "carry", "north"},
	6: {"winter", "before", "steady", "gather", "market", "bridge", "summer", "season", "letter", "narrow"},
	7: {"morning", "evening", "village", "through", "measure", "distant", "current", "harvest", "patient", "between"},
	8: {"mountain", "together", "careless", "question", "remember", "distance", "standing", "sunlight"},
}

const maxWord = len(vocabulary) - 1

func word(r *random, n int) string { return vocabulary[n][r.below(len(vocabulary[n]))] }

// appendProse appends words and full stops until dst is exactly size bytes long,
// ending with a full stop. Sentences have five to twelve words.
func appendProse(dst []byte, size int, r *random) []byte {
	left := 0 // words left in this sentence
	for {
		room := size - len(dst) - 1 // less the last full stop
		if room <= 0 {
			break
		}
		gap := 0
		if len(dst) > 0 {
			gap = 1
		}
		if left == 0 && gap == 1 && room >= 4 {
			dst = append(dst, '.')
			room--
		}
		n := wordLen(room-gap, r)
		if n == 0 { // one byte of room: a blank would stand before the full stop
			dst = append(dst, 's')
			continue
		}
		if gap == 1 {
			dst = append(dst, ' ')
		}
		at := len(dst)
		dst = append(dst, word(r, n)...)
		if left == 0 {
			dst[at] -= 'a' - 'A'
			left = 5 + r.below(8)
		}
		left--
	}
	if len(dst) < size {
		dst = append(dst, '.')
	}
	return dst
}

// wordLen picks the length of the next word so that what stays of room after it
// is nothing, or enough for a blank and another word.
func wordLen(room int, r *random) int {
	if room <= maxWord {
		return max(room, 0)
	}
	n := 2 + r.below(maxWord-1)
	if room-n == 1 {
		n--
	}
	return n
}
