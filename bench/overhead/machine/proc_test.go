package machine

import (
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	const rest = " S 1 2 3 0 -1 4194560 100 0 0 0 %U %S 7 8 20 0 1 0 5 1000 200"
	times := func(user, system string) string {
		return strings.NewReplacer("%U", user, "%S", system).Replace(rest)
	}
	tests := map[string]struct {
		text string
		want time.Duration
		bad  string
	}{
		"plain":                 {text: "12 (weir)" + times("150", "50"), want: 2 * time.Second},
		"nothing yet":           {text: "12 (weir)" + times("0", "0")},
		"a name with blanks":    {text: "12 (tmux: server)" + times("1", "2"), want: 30 * time.Millisecond},
		"a name that misleads":  {text: "12 (a) S 9 9 9 (b)" + times("3", "4"), want: 70 * time.Millisecond},
		"no name":               {text: "12 weir S", bad: "parentheses"},
		"cut":                   {text: "12 (weir) S 1 2", bad: "5 fields"},
		"a time is no number":   {text: "12 (weir)" + times("x", "2"), bad: `"x"`},
		"a time below 0":        {text: "12 (weir)" + times("1", "-2"), bad: `"-2"`},
		"a process that is not": {text: "", bad: "parentheses"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseStat([]byte(test.text))
			if test.bad != "" {
				if err == nil || !strings.Contains(err.Error(), test.bad) {
					t.Errorf("got %v, %v, want an error with %s", got, err, test.bad)
				}
			} else if err != nil || got != test.want {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestParseResident(t *testing.T) {
	t.Parallel()
	const status = "Name:\tweir\nVmHWM:\t   99999 kB\nVmRSS:\t   26536 kB\nRssAnon:\t    9000 kB\n"
	if n, err := parseResident([]byte(status)); err != nil || n != 26536<<10 {
		t.Errorf("%d, %v", n, err)
	}
	for _, text := range []string{"", "Name:\tweir\nState:\tZ (zombie)\n", "VmRSS:\t12 MB\n", "VmRSS:\tmuch kB\n", "VmRSS:\t-4 kB\n", "VmRSS:"} {
		if n, err := parseResident([]byte(text)); err == nil {
			t.Errorf("%q is read as %d", text, n)
		}
	}
}

func TestParseWaited(t *testing.T) {
	t.Parallel()
	if d, err := parseWaited([]byte("3577100296 43572634984 23144\n")); err != nil || d != 43572634984 {
		t.Errorf("%v, %v", d, err)
	}
	for _, text := range []string{"", "1 2", "1 2 3 4", "1 x 3", "1 -2 3", "1 18446744073709551615 3"} {
		if d, err := parseWaited([]byte(text)); err == nil {
			t.Errorf("%q is read as %v", text, d)
		}
	}
}

func TestParseModel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"processor\t: 0\nmodel\t\t: 207\nmodel name\t: Some(R) Processor: 9000\nflags\t\t: fpu\n": "Some(R) Processor: 9000",
		"processor\t: 0\nBogoMIPS\t: 50.00\n":                                                     "",
		"":                                                                                        "",
	} {
		if got := parseModel([]byte(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// The kernel writes these files, but a name in them is a program's own choice.
func FuzzProc(f *testing.F) {
	f.Add("12 (weir) S 1 2 3 0 -1 4194560 100 0 0 0 150 50 7 8 20 0 1 0 5 1000 200")
	f.Add("12 (a) (b) S 1 2 3 0 -1 4194560 100 0 0 0 18446744073709551615 50")
	f.Add("VmRSS:\t   26536 kB\n")
	f.Add("1 2 3")
	f.Add("model name\t: x\n")
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := parseStat([]byte(text)); err == nil && d < 0 {
			t.Errorf("processor time %v", d)
		}
		if n, err := parseResident([]byte(text)); err == nil && n < 0 {
			t.Errorf("memory %d", n)
		}
		if d, err := parseWaited([]byte(text)); err == nil && d < 0 {
			t.Errorf("waited %v", d)
		}
		if m := parseModel([]byte(text)); strings.Contains(m, "\n") {
			t.Errorf("model %q", m)
		}
	})
}
