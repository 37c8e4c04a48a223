package signal

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// corpora generate texts of at least n bytes, the same for the same seed.
var corpora = []struct {
	name string
	make func(r *rand.Rand) string // one piece
}{
	{"prose", prose},
	{"markdown", markdown},
	{"code", code},
	{"json", func(r *rand.Rand) string {
		return fmt.Sprintf(`{"id": %d, "name": %q, "tags": ["%s", "%s"], "score": %.3f, "note": %q, "parent": null},`+"\n",
			r.IntN(1e6), words(r, english, 2), pick(r, english), pick(r, english), r.Float64(), words(r, english, 9))
	}},
	{"html", func(r *rand.Rand) string {
		return fmt.Sprintf("<div class=%q id=\"n%d\">\n  <p>%s <b>%s</b> %s</p>\n  <a href=\"/%s/%s.html\">%s</a>\n</div>\n",
			pick(r, english), r.IntN(999), words(r, english, 12), pick(r, english), words(r, english, 6), pick(r, english), pick(r, english), words(r, english, 2))
	}},
	{"cjk", func(r *rand.Rand) string {
		return letters(r, 0x4E00, 0x9FA5, 12+r.IntN(10)) + "，" + letters(r, 0x4E00, 0x9FA5, 15) + "。"
	}},
	{"cyrillic", func(r *rand.Rand) string { return words(r, russian, 12) + ". " }},
	{"german", func(r *rand.Rand) string { return words(r, german, 12) + ". " }},
	{"base64", func(r *rand.Rand) string {
		return encode(randomBytes(r, 57)) + "\n"
	}},
}

// hostiles are texts made to cost as much as possible; each repeats its piece.
var hostiles = []struct{ name, piece string }{
	{"lt", "<"}, {"bracket", "["}, {"colon", ":"}, {"bang", "!"}, {"image", "!["}, {"link", "]("}, {"definition", "]: "}, {"anchor", "<a "},
	{"role", "system:"}, {"decorated", "\n######## system:"}, {"quoted", "\"role\":"}, {"heading", "\n# system"}, {"fence", "   ```\n"}, {"amp", "&#x1234"},
	{"escape", `\u{1F60`}, {"name", "&lbrace"}, {"controls", "\x01"}, {"token", "x"}, {"base64", "aB1/cD2-"}, {"nearly", "abcdefghijklmnopqrstuvw "}, {"hex", "0123abcd"},
	{"han", "日"}, {"zalgo", "a\u0300\u0301\u0302"}, {"mixed", "aа"}, {"words", "a а"}, {"gap", "аaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	{"joiner", "\u200d"}, {"tags", "\U000e0041"}, {"emoji", "🙂"}, {"selectors", "\U000e0100"}, {"math", "𝐀"}, {"invalid", "\xe2\x82"}, {"lead", "\xff"}, {"style", "display:"},
	{"hidden", "<a hidden hidden hidden "}, {"pipe", "<|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, {"data", "data:image"}, {"query", "[a](b?" + strings.Repeat("=&", 120)},
}

func text(piece func(*rand.Rand) string, n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(piece(r))
	}
	return []byte(b.String()[:n])
}

func pick(r *rand.Rand, from []string) string { return from[min(r.IntN(len(from)), r.IntN(len(from)))] }

func words(r *rand.Rand, from []string, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = pick(r, from)
	}
	return strings.Join(all, " ")
}

func letters(r *rand.Rand, lo, hi rune, n int) string {
	all := make([]rune, n)
	for i := range all {
		all[i] = lo + rune(r.IntN(int(hi-lo)))
	}
	return string(all)
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// hexadecimal replaces the numbers of the form by as many random digits.
func hexadecimal(r *rand.Rand, form string) string {
	parts := strings.Split(form, "-")
	for i, p := range parts {
		n := 0
		fmt.Sscan(p, &n)
		parts[i] = fmt.Sprintf("%x", randomBytes(r, n/2))
	}
	return strings.Join(parts, "-")
}

// identifier is in CamelCase, with a digit now and then, of three to seven words.
func identifier(r *rand.Rand) string {
	s := ""
	for range 3 + r.IntN(5) {
		w := pick(r, english)
		s += strings.ToUpper(w[:1]) + w[1:]
		if r.IntN(4) == 0 {
			s += fmt.Sprint(r.IntN(20))
		}
	}
	return s
}

// path has three to eight steps in mixed case, with dates, versions and hyphens.
func path(r *rand.Rand) string {
	s := ""
	for range 3 + r.IntN(6) {
		switch w := pick(r, english); r.IntN(5) {
		case 0:
			s += fmt.Sprintf("/%d-%02d", 1990+r.IntN(40), r.IntN(12))
		case 1:
			s += fmt.Sprintf("/%s_v%d", w, r.IntN(9))
		case 2:
			s += "/" + strings.ToUpper(w[:1]) + w[1:] + "-" + pick(r, english)
		case 3:
			s += "/" + identifier(r)
		default:
			s += "/" + w
		}
	}
	return s
}

func prose(r *rand.Rand) string {
	first := words(r, english, 5+r.IntN(6))
	s := strings.ToUpper(first[:1]) + first[1:] + ", " + words(r, english, 4+r.IntN(9))
	switch r.IntN(12) {
	case 0:
		return s + fmt.Sprintf(" in %d.\n\n", 1900+r.IntN(120))
	case 1:
		return s + "? "
	case 2:
		return s + " (" + words(r, english, 3) + "): " + words(r, english, 5) + ".\n"
	}
	return s + ". "
}

func markdown(r *rand.Rand) string {
	switch r.IntN(6) {
	case 0:
		return "\n## " + words(r, english, 3) + "\n\n"
	case 1:
		return "- **" + pick(r, english) + "**: " + words(r, english, 8) + " `" + pick(r, english) + "`\n"
	case 2:
		return "See [" + words(r, english, 2) + "](https://example.org/" + pick(r, english) + "/" + pick(r, english) + ") " + words(r, english, 5) + ".\n"
	case 3:
		return "\n```go\n" + code(r) + "```\n\n"
	}
	return prose(r) + prose(r) + "\n"
}

func code(r *rand.Rand) string {
	a, b, c := pick(r, english), pick(r, english), pick(r, english)
	return fmt.Sprintf("func (%s *%s) %sOf(%s []string, n int) (map[string]int, error) {\n\tfor i := range %s[:n] {\n\t\tif %s[i] == \"%s\" && n < %d {\n"+
		"\t\t\treturn nil, fmt.Errorf(\"%s %%q: %%w\", %s[i], err%s) // %s\n\t\t}\n\t}\n\treturn %s, nil\n}\n\n",
		a[:1], b, a, c, c, c, a, r.IntN(100), words(r, english, 3), c, a, words(r, english, 6), b)
}

var (
	english = strings.Fields(`the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one
		you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only
		other time new some could these two may first then do any like my now over such our man me even most made after also did many off before
		must well back through years where much your way down should because long each just state people those too mr how little good world make
		very year still see own work men day get here old life both between being under three never know same last another while us might great
		go come since against right came take used himself few house american use place during high without again home around small however found
		government university information development particularly understanding international responsibility characteristics environment`)
	german = strings.Fields(`der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass
		sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde wenn können
		Straße Größe Überprüfung Donaudampfschifffahrtsgesellschaft Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz Verständnis`)
	russian = strings.Fields(`и в не он на я что тот быть с а весь это как она по но они к у ты из мы за вы так же от сказать этот который мочь
		человек о один еще бы такой только себя свое какой когда уже для вот кто да говорить год знать мой до или если время рука нет самый ни стать
		большой даже другой наш свой ну под где дело есть сам раз чтобы два там чем глаз жизнь первый день тут ничего потом очень хотеть ли при голова`)
)
