package sim

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestParseFault(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]fault{
		"":                          {},
		" ; ":                       {},
		"status=503":                {status: 503},
		"status=429; retry-after=2": {status: 429, retry: "2"},
		"cut=headers":               {wire: cutHeaders},
		"cut=between:3":             {wire: cutBetween, at: 3},
		"cut=inside:1":              {wire: cutInside, at: 1},
		"cut=clean:0":               {clean: 1},
		"cut=clean:4":               {clean: 5},
		"reset:2":                   {wire: resetAfter, at: 2},
		"reset=2":                   {wire: resetAfter, at: 2},
		"stall=headers":             {wire: stallHeaders},
		"stall=after-headers":       {wire: stallAfter},
		"stall=7":                   {wire: stallAfter, at: 7},
		"garbage=html":              {garbage: garbageHTML},
		"garbage=json:2":            {garbage: garbageJSON, garbageAt: 2},
		"malformed=double-length":   {wire: twoLengths},
		"slow=5ms":                  {slow: 5 * time.Millisecond},
		"short=9":                   {wire: shortBody, at: 9},
		"long":                      {wire: longBody},
		"1xx;gzip;stale":            {early: true, gzip: true, stale: true},
		"close":                     {wire: untilClose},
		"redirect=http://a/b?c=d":   {redirect: "http://a/b?c=d"},
		"fail=2":                    {fail: 2, status: 503},
		"fail=1;cut=headers":        {fail: 1, wire: cutHeaders},
	} {
		if got, err := parseFault(header); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", header, got, err, want)
		}
	}
	for _, header := range []string{
		"status", "status=99", "status=600", "status=1e3", "retry-after=", "cut", "cut=headers:1", "cut=between", "cut=between:-1",
		"cut=inside:0", "cut=nowhere:1", "reset", "reset:x", "stall", "stall=-1", "garbage", "garbage=what", "garbage=json:x",
		"malformed", "malformed=all", "slow", "slow=0s", "slow=2h", "slow=fast", "short", "short=0", "long=3", "close=1", "1xx=1",
		"gzip=9", "stale=1", "redirect=", "redirect=http://[", "fail=0", "unknown", "cut=headers;reset:1", "status=503;bad", "short=99999999",
	} {
		if f, err := parseFault(header); err == nil {
			t.Errorf("%q accepted: %+v", header, f)
		} else if !strings.HasPrefix(err.Error(), "x-sim-fault: item ") {
			t.Errorf("%q: message %q does not say where", header, err)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	for _, s := range []string{"", "status=503;retry-after=2", "cut=inside:3", "stall=after-headers", "garbage=utf8:1;gzip",
		"malformed=huge", "slow=1ms;1xx", "fail=3;reset:0", "redirect=//x", "cut=clean:2;;stale", "a=b:c=d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, err := parseFault(header)
		if err != nil {
			if got != (fault{}) {
				t.Fatal("a fault with an error")
			}
			return
		}
		if got.at < 0 || got.at > maxFaultCount || got.clean < 0 || got.slow < 0 || got.status != 0 && (got.status < 200 || got.status > 599) {
			t.Fatalf("out of bounds: %+v", got)
		}
		// Order and blanks mean nothing.
		items := strings.Split(header, ";")
		for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
			items[i], items[j] = items[j], items[i]
		}
		again, err := parseFault(" " + strings.Join(items, " ; "))
		if err != nil {
			t.Fatalf("%q in another order: %v", header, err)
		}
		if !repeats(items) && again != got {
			t.Fatalf("%q: %+v, in another order %+v", header, got, again)
		}
	})
}

// repeats reports that a name occurs twice; the later then counts.
func repeats(items []string) bool {
	seen := map[string]bool{}
	for _, item := range items {
		name, _, _ := strings.Cut(strings.ReplaceAll(item, ":", "="), "=")
		if name = strings.TrimSpace(name); name != "" && seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

// README.md has every fault, and all that it has is understood.
func TestFaultsAreDocumented(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, m := range regexp.MustCompile(`x-sim-fault: ([^'…]+)'`).FindAllStringSubmatch(page, -1) {
		if _, err := parseFault(m[1]); err != nil {
			t.Error(err)
		}
	}
	var names []string
	for kind := range malformed {
		names = append(names, "malformed="+kind)
	}
	for kind := range garbageKinds {
		names = append(names, "garbage="+kind)
	}
	for _, name := range append(names, "status=", "retry-after=", "redirect=", "fail=", "cut=headers", "cut=between:", "cut=inside:", "cut=clean:",
		"reset:", "stall=headers", "stall=after-headers", "slow=", "short=", "long", "close", "1xx", "gzip", "stale") {
		if !strings.Contains(page, "\n| `"+name) {
			t.Errorf("README.md has no row for %s", name)
		}
	}
}
