package config

// nearest finds the word that a misspelt one most likely stands for: the one
// with the least edit distance, transpositions counted as one, if that is at
// most a third of its length. The words decide on ties by their order.
func nearest(text string, words []string) (string, bool) {
	best, least := "", 0
	for _, w := range words {
		limit := len(w) / 3
		if len(text) > len(w)+limit || len(text) < len(w)-limit {
			continue
		}
		if n := editDistance(text, w); n <= limit && (best == "" || n < least) {
			best, least = w, n
		}
	}
	return best, best != ""
}

// editDistance is the optimal string alignment distance, ignoring ASCII case
// and reading - as _.
func editDistance(a, b string) int {
	a, b = fold(a), fold(b)
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

func fold(s string) string {
	out := []byte(s)
	for i, c := range out {
		switch {
		case c >= 'A' && c <= 'Z':
			out[i] = c + 'a' - 'A'
		case c == '-':
			out[i] = '_'
		}
	}
	return string(out)
}
