package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHostileFilesAreBounded gives Parse files made to exhaust a YAML parser.
// The bound is generous: without the guards each of these takes minutes,
// gigabytes, or the process with it.
func TestHostileFilesAreBounded(t *testing.T) {
	t.Parallel()
	const bound = 20 * time.Second
	size := maxFile
	if raceDetector {
		size /= 8 // it makes the parser fifteen times slower
	}
	fill := func(before, unit string) string {
		return before + strings.Repeat(unit, (size-len(before))/len(unit))
	}
	crowd := func(unit string) string { return strings.Repeat(unit, 1+maxIndicators/len(unit)) }
	laughs := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'i'; c++ {
		laughs += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9))
	}
	for name, c := range map[string]struct{ text, want string }{
		"billion laughs":      {laughs, "anchors (&) are not supported"},
		"brackets":            {crowd("["), "brackets, commas, quotes and the like"},
		"braces":              {crowd("{a:") + crowd("{a:") + crowd("{a:"), "brackets, commas, quotes and the like"},
		"braces, fewer":       {strings.Repeat("{a: ", 10000), "nested deeper than 32 levels"},
		"compact lists":       {strings.Repeat("- ", 20000), "nested deeper than 32 levels"},
		"complex keys":        {strings.Repeat("? ", 20000), "complex keys (?) are not supported"},
		"deep blocks":         {deepBlocks(100), "nested deeper than 32 levels"},
		"one mapping":         {strings.Repeat("a: b\n", 20000), "more than 10000 keys in one mapping"},
		"keys":                {strings.Repeat("- {b: c, d: e}\n", 40000), "more than 50000 keys and list items in the file"},
		"keys without values": {"{" + strings.Repeat("a,", 100000), "more than 50000 keys and list items in the file"},
		"empty items":         {strings.Repeat("- \n", 100000), "more than 50000 keys and list items in the file"},
		"colons":              {strings.Repeat(": ", 100000), "more than 50000 keys and list items in the file"},
		"anchors":             {"a: " + strings.Repeat("&a ", 20000), "anchors (&) are not supported"},
		"tags":                {"a: " + strings.Repeat("!a ", 20000), "tags (!) are not supported"},
		"documents":           {strings.Repeat("---\n", 20000), "a second YAML document"},
		"document ends":       {"a: b\n" + strings.Repeat("...\n", 20000), "a second YAML document"},
		"empty lines":         {fill("a: |\n  ", "\n"), "more than 100 empty lines in a row"},
		"blank lines":         {fill("a: |\n  ", "\n  "), "more than 100 empty lines in a row"},
		"tabs":                {fill("a: \"", "\tx"), "tab"},
		"quotes":              {"a: " + crowd("\"\" ") + crowd("\"\" "), "brackets, commas, quotes and the like"},
		"comments":            {crowd("#\n"), "brackets, commas, quotes and the like"},
		"one word":            {fill("a: ", "x"), "targets is missing"},
		"one key":             {strings.Repeat("x", maxFile) + ": y", "the file is larger than 4MiB"},
		"long key":            {strings.Repeat("x", 500_000) + ": y\n", "unknown key (of 500000 bytes)"},
		"long string":         {fill("a: \"", "x"), "not valid YAML"},
		"block scalar":        {fill("a: |\n", "  xxxxxxxxxxxxxxxxxxxx\n"), "targets is missing"},
		"variables":           {"log: {level: '" + crowd("${X}") + crowd("${X}"), "brackets, commas, quotes and the like"},
		"more variables":      {"log: {level: '" + strings.Repeat("${X}", 200_000) + "'}", "log.level: the environment variable X is not set"},
		"zeros":               {fill("", "\x00"), "the character U+0000 is not allowed"},
		"no UTF-8":            {fill("", "\xff\n"), "this is not UTF-8"},
		"faults":              {strings.Repeat("a: b\nc: d\n", 4900), "more faults"},
		"routes":              {sim + "routes:\n" + strings.Repeat("- targets: [s]\n", 5000), "routes has more than 1000 items"},
		"globs":               {sim + "routes:\n" + strings.Repeat("- {targets: [s], match: {models: ["+strings.Repeat("'"+strings.Repeat("*a", 100)+"', ", 30)+"]}}\n", 60), ""},
		"act_for":             {sim + "tenants:\n" + actors(2000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			_, err := Parse("weir.yaml", []byte(c.text), nil)
			if took := time.Since(begin); took > bound {
				t.Errorf("took %s", took)
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %.300v, want %s", err, c.want)
			}
			if err != nil && len(err.(Faults)) > maxFaults+1 {
				t.Errorf("%d faults", len(err.(Faults)))
			}
		})
	}
}

func deepBlocks(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// actors are tenants without keys, and one key that may act for many others.
func actors(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  t%d: {}\n", i)
	}
	b.WriteString("  op:\n    keys:\n")
	for i := range 20 {
		fmt.Fprintf(&b, "    - {value: k%d, act_for: [%s]}\n", i, strings.Repeat("x*, ", 500))
	}
	return b.String()
}
