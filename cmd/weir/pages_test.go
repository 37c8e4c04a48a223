package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// The commands in the tables of the simulated model's page, against "weir sim".
// curl's exit code tells how an answer broke.
func TestSimPage(t *testing.T) {
	t.Parallel()
	needCurl(t)
	const page = root + "/host/sim/README.md"
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	p := launch(t, nil, "sim", "--listen", "127.0.0.1:0", "--ttft", "0s", "--tpot", "0s", "--slots", "0")
	var setup []string // the page's own shell variables
	for _, m := range regexp.MustCompile(`(?m)^ {4}([A-Z]=.*)$|`+"`([A-Z]=[^`]*)`").FindAllStringSubmatch(text, -1) {
		setup = append(setup, m[1]+m[2])
	}
	if len(setup) < 3 || !strings.HasPrefix(setup[0], "B=http://") {
		t.Fatalf("the page sets up %q", setup)
	}
	setup[0] = "B=http://" + simAddr(t, p)
	shown := regexp.MustCompile(`(?m)^ {4}(curl .*)$|`+"`(curl [^`]*)`").FindAllStringSubmatch(text, -1)
	if len(shown) < 20 {
		t.Errorf("the page shows %d commands", len(shown))
	}
	for _, m := range shown {
		c := m[1] + m[2]
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			out, code := shell(t, strings.Join(setup, "\n")+"\n"+strings.Replace(c, "-m 3 ", "-m 0.3 ", 1))
			if want := curlEnds(c); !slices.Contains(want, code) {
				t.Errorf("exit code %d, want one of %v: %.500s", code, want, out)
			}
			if strings.Contains(out, "bad_x_sim_header") {
				t.Errorf("not understood: %s", out)
			}
		})
	}
}

// curlEnds gives the exit codes of curl that fit a fault: 0 is a whole answer, 1
// an answer in no known protocol, 8 one it cannot read, 18 one that is cut, 28
// its own deadline, 52 no answer, 56 a connection that broke.
func curlEnds(command string) []int {
	fault := ""
	if m := regexp.MustCompile(`x-sim-fault: ([^']*)`).FindStringSubmatch(command); m != nil {
		fault = m[1]
	}
	switch {
	case strings.HasPrefix(fault, "cut=headers"):
		return []int{52}
	case strings.HasPrefix(fault, "cut=between"), strings.HasPrefix(fault, "cut=inside"), strings.HasPrefix(fault, "short"):
		return []int{18}
	case strings.HasPrefix(fault, "reset"):
		return []int{18, 56}
	case strings.HasPrefix(fault, "stall"), strings.HasPrefix(fault, "garbage=endless"), strings.HasPrefix(fault, "slow"):
		return []int{0, 28}
	case strings.HasPrefix(fault, "malformed"):
		return []int{0, 1, 8, 18, 27, 56, 100} // it depends on curl's version how much it puts up with
	default:
		return []int{0}
	}
}

// pages gives every page of the repository, by its path from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
			return fs.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		out[path] = string(text)
		return err
	})
	if err != nil || len(out) < 5 {
		t.Fatalf("%d pages, %v", len(out), err)
	}
	return out
}

var (
	fences    = regexp.MustCompile("(?s)(?:^|\n)```.*?\n```")
	spans     = regexp.MustCompile("`[^`\n]*`")
	links     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mentioned = regexp.MustCompile("`((?:[\\w.-]+/)*[\\w.-]+\\.md)`")
)

// Relative links lead somewhere, and so do the pages that are named in passing.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for page, text := range all {
		text = fences.ReplaceAllString(text, "")
		for _, m := range mentioned.FindAllStringSubmatch(text, -1) {
			_, beside := os.Stat(filepath.Join(root, filepath.Dir(page), m[1]))
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil && beside != nil {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
		for _, m := range links.FindAllStringSubmatch(spans.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			path, fragment, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			} else if fragment != "" && !slices.Contains(anchors(all[target]), fragment) {
				t.Errorf("%s links to %s, but %s has no such heading", page, m[1], target)
			}
		}
	}
}

// anchors gives the fragments of a page's headings, as GitHub makes them.
func anchors(text string) (out []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ +(.*)$`).FindAllStringSubmatch(fences.ReplaceAllString(text, ""), -1) {
		out = append(out, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return out
}
