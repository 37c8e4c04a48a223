package route

// Rule is one route's condition. An empty list matches everything.
type Rule struct {
	Models []string // globs over the model name
	Paths  []string // globs over the request path
}

// Table is an ordered list of rules. It is immutable and safe for concurrent use.
type Table struct{ rules []Rule }

// New makes a table; the order of the rules is their precedence.
func New(rules []Rule) *Table { return &Table{rules} }

// Match returns the index of the first rule that takes a request for model at
// path, or -1. A request that names no model (a model list, say) is matched by
// its path alone.
func (t *Table) Match(path, model string) int { return t.MatchFrom(0, path, model) }

// MatchFrom is Match among the rules from index from on.
func (t *Table) MatchFrom(from int, path, model string) int {
	for i := from; i < len(t.rules); i++ {
		r := &t.rules[i]
		if matchAny(r.Paths, path) && (model == "" || matchAny(r.Models, model)) {
			return i
		}
	}
	return -1
}

func matchAny(globs []string, s string) bool {
	if len(globs) == 0 {
		return true
	}
	for _, g := range globs {
		if Glob(g, s) {
			return true
		}
	}
	return false
}

// Glob tells whether s matches the pattern, in which * stands for any run of
// bytes. It backtracks to the last * only: time is at most len(pattern)×len(s),
// and nothing is allocated.
func Glob(pattern, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
