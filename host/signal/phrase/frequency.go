package phrase

import "math"

// How often bytes and pairs of bytes occur in text, to predict how often a
// filter lets a place through. It steers speed, never answers. Counted over 8 MB
// of English technical prose; bytes are folded by fold8 and put in classes.
const (
	classes    = 30
	classSpace = 26
	classDigit = 27
	classOther = 28 // the rest of ASCII
	classWide  = 29 // beyond ASCII
)

// oneFrequency holds per class, pairFrequency per class and the one before it
// (a row), 'A' plus -2·log2 of the probability.
const oneFrequency = "INKKHLMKIUPKLIILUJIHLONQNTGNH]"

const pairFrequency = "" +
	"XLIJWOKYLXNGJF_LZHIGMMSQLWHUNc" + // a
	"IRKSEUU\\IKXGSTIS]LLPGUWWHVLQJ^" + // b
	"FTMSHTOHKZIKPVFOTLOGKSVXP^KRIg" + // c
	"KRQKFQSUHTZLSRIRXMKRKRSVM\\DRGa" + // d
	"KSJIMMOSPYVLLHSMOGHJSNPLP]EVH^" + // e
	"JXONIIVZF_\\KSTFU]JMLI\\[[O[EQJ`" + // f
	"MTMTFSOKI]YMPJGRYKJNJSV`USEOGe" + // g
	"FYVUCXYZHgYUQVIV_MQLOYX`S[HVLg" + // h
	"MMJKKJL]WZPIKEHNWLGG[L^P_NRVOh" + // i
	"KVRODQWXO]OXQQIP]WERFWW]ZXMPK]" + // j
	"GPQPDRMVH]WOSIPPVRISNXQYQYFSH]" + // k
	"ISRJFPSVGZTGUUHR\\QKKKQQZIVGSIa" + // l
	"FKSPESXUI^SNKSHG[VLPJWY]R^ISJ^" + // m
	"JSJGINHUKYNMQNIQXUIGNOVZNWFTIb" + // n
	"ONKJOIOXNXOKJFMKdFLJIMLUX[GUJe" + // o
	"FVOPFTRNK\\QHRVGJZGLIKRUYP\\JQJ_" + // p
	"STRRRSXYVYZOXUWUSNMSBTQU]UJQIY" + // q
	"ISNMEOLUI[NNLKHR^JJKLPQZL_FSIe" + // r
	"LWMUGSULI]QORPJLVSJGKWR[LYDTHa" + // s
	"JWOSGRUEHaZOQVHN]JKMLWQUL[FPIa" + // t
	"LLKNHNM_JfZHJGQKaGGGYZaQ]VMVPf" + // u
	"EVRSCSWXHcYVQUKTVWRUWTTUXYLLKc" + // v
	"HTSRFTTFE]ZQTLHS\\ILRXWPX\\]IUKd" + // w
	"HTKSILXRI^aSPQQFaROFSTTNNSGIGW" + // x
	"RROVOVWXMaYQLKJG\\RHKUXQaVRCTG]" + // y
	"IVTSCQWRHXZMORMTZSPUSVSVOMJNHX" + // z
	"HJILKJMMHSQLKKJKTKIGLNJRQTJNJ[" + // space
	"SQRSRQWWVYTTSTVT[USUVWYKY[FDDU" + // digit
	"KMKMLLLOKTSMMMMLTLJINPMQSSEKDX" + // other
	"LLNMUPUUGUULOMNPUOKMUNURNRFFFH" // wide

// fold8 is set in every byte that the filters compare: it makes ASCII letters
// lower case and joins some other pairs of bytes, which comparing tells apart.
const fold8 = 0x20

// class returns the class of a byte folded by fold8.
func class(b byte) int {
	switch b |= fold8; {
	case 'a' <= b && b <= 'z':
		return int(b - 'a')
	case b == ' ':
		return classSpace
	case '0' <= b && b <= '9':
		return classDigit
	case b < 0x80:
		return classOther
	}
	return classWide
}

// members is how many bytes, roughly those in use, share a class.
func members(c int) float64 {
	switch c {
	case classDigit:
		return 10
	case classOther:
		return 8
	case classWide:
		return 32
	}
	return 1
}

// frequency is the table above as probabilities.
type frequency struct {
	one    [classes]float32
	pair   [classes][classes]float32
	single [classes]float32 // of one byte of the class, given the class
}

func newFrequency() *frequency {
	f := &frequency{}
	for c := range classes {
		f.single[c] = float32(1 / members(c))
		f.one[c] = probability(oneFrequency[c])
		for d := range classes {
			f.pair[c][d] = probability(pairFrequency[c*classes+d])
		}
	}
	return f
}

func probability(code byte) float32 {
	return float32(math.Exp2(-float64(code-'A') / 2))
}

// window returns the probability that text at some place holds the bytes of key.
func (f *frequency) window(key []byte) float32 {
	before := class(key[0])
	p := f.one[before] * f.single[before]
	for _, b := range key[1:] {
		c := class(b)
		p *= f.pair[before][c] * f.single[c]
		before = c
	}
	return p
}
