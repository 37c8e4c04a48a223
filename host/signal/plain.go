//go:build !(goexperiment.simd && amd64)

package signal

// Runs says which implementation Scan uses: "avx2", or "portable" with the reason
// where a build with vectors could not use them.
func Runs() string { return "portable" }

func wide() bool { return false }

func classifyWide(text []byte, white, mark []uint64, n *sums) { classify(text, white, mark, n) }

func classifyNotableWide(text []byte, gap, mark []uint64) { classifyNotable(text, gap, mark) }

func surveyWide(m *masks, _ int) (long, some uint32) { return ^uint32(0), survey(m.mark[:stride]) }
