package signal

// minRun is the least number of bytes of a base64 or hexadecimal run.
const minRun = 24

// maxStretch is how many letters of one case, or digits, may follow each other in
// a piece of base64; words and numbers are longer. minTurns is how often, among
// the 23 neighbours of a piece, the class has to change.
const (
	maxStretch = 6
	minTurns   = 10
	maxSymbols = 3
	minOdd     = 4
)

// Classes of the base64 alphabets (RFC 4648, sections 4 and 5); 0 is outside.
const (
	runLower = 1 << iota
	runUpper
	runDigit
	runSymbol
	runHex
)

var runClass = func() (t [256]uint8) {
	for b := range t {
		switch b := byte(b); {
		case b-'a' < 26:
			t[b] = runLower
		case b-'A' < 26:
			t[b] = runUpper
		case isDigit(b):
			t[b] = runDigit
		case b == '+', b == '/', b == '-', b == '_':
			t[b] = runSymbol
		}
		if isHex(byte(b)) {
			t[b] |= runHex
		}
	}
	return t
}()

// runs counts the base64 and hexadecimal runs of text[begin:end], a token.
//
// It looks for runs of the alphabet that are minRun long by testing every
// minRun-th byte first and going back from there, so that text without runs costs
// a fraction of a test a byte.
func (s *scanner) runs(begin, end int) {
	text := s.text[:end]
	for begin+minRun <= end {
		i := begin + minRun
		for i > begin && runClass[text[i-1]] != 0 {
			i--
		}
		if i > begin {
			begin = i
			continue
		}
		// All of text[begin:begin+minRun] is of the alphabet.
		i = begin + minRun
		for i < end && runClass[text[i]] != 0 {
			i++
		}
		s.run(text[begin:i])
		begin = i + 1
	}
}

// run judges a maximal run of the base64 alphabet.
func (s *scanner) run(run []byte) {
	s.hex(run)
	for i := 0; i+minRun <= len(run); i += minRun {
		if encoded((*[minRun]byte)(run[i:])) {
			s.base64(len(run))
			return
		}
	}
	if encoded((*[minRun]byte)(run[len(run)-minRun:])) {
		s.base64(len(run))
	}
}

func (s *scanner) base64(n int) {
	s.v[Base64Runs]++
	s.v[Base64Bytes] += uint32(n)
}

// encoded says whether the piece looks like base64 rather than words, a path, an
// identifier or hexadecimal: it has both cases and a digit or symbol, the class
// changes often, no class goes on for long, symbols are few, and letters and
// digits follow each other as they seldom do in names.
func encoded(piece *[minRun]byte) bool {
	var has, last uint8
	turns, stretch, symbols, odd := -1, 0, 0, 0
	for _, b := range piece {
		c := runClass[b] &^ runHex
		has |= c
		stretch++
		if c == runSymbol {
			symbols++
		}
		if oddAfter[last]&c != 0 {
			odd++
		}
		if c != last {
			turns, stretch, last = turns+1, 1, c
		}
		if stretch > maxStretch {
			return false
		}
	}
	return turns >= minTurns && symbols <= maxSymbols && odd >= minOdd &&
		has&(runLower|runUpper) == runLower|runUpper && has&(runDigit|runSymbol) != 0
}

// oddAfter has the classes that seldom follow a class in names: a capital after
// a capital, a digit after a capital, a letter after a digit.
var oddAfter = [16]uint8{runUpper: runUpper | runDigit, runDigit: runLower | runUpper}

// hex counts the maximal runs of hexadecimal digits in run that are minRun long
// and have both a digit and a letter.
func (s *scanner) hex(run []byte) {
	for begin := 0; begin+minRun <= len(run); {
		i := begin + minRun
		for i > begin && runClass[run[i-1]]&runHex != 0 {
			i--
		}
		if i > begin {
			begin = i
			continue
		}
		var has uint8
		for i < len(run) && runClass[run[i]]&runHex != 0 {
			has |= runClass[run[i]]
			i++
		}
		if has&runDigit != 0 && has&(runLower|runUpper) != 0 {
			s.v[HexRuns]++
			s.v[HexBytes] += uint32(i - begin)
		}
		begin = i + 1
	}
}
