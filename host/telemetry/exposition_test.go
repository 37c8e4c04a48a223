package telemetry

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// exposition is a parsed page of the Prometheus text format 0.0.4.
type exposition struct {
	types   map[string]string  // family → counter, gauge, histogram
	samples map[string]float64 // as written, labels in order
}

var (
	sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$`)
	labelPair  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\\\|\\"|\\n)*)"(?:, ?|$)`)
)

func scrape(t *testing.T, m *Metrics) exposition {
	t.Helper()
	var b strings.Builder
	m.Write(&b)
	return readExposition(t, b.String())
}

// readExposition fails on everything a scraper would stumble over: syntax, samples before their type or apart from their family, doubles, NaN,
// histograms that do not add up.
func readExposition(t *testing.T, page string) exposition {
	t.Helper()
	e := exposition{types: map[string]string{}, samples: map[string]float64{}}
	current := ""
	for line := range strings.Lines(page) {
		checkHarmless(t, []byte(strings.TrimSuffix(line, "\n")))
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(rest, " ")
			if e.types[name] != "" {
				t.Fatalf("family %s twice", name)
			}
			e.types[name], current = kind, name
			continue
		}
		if strings.HasPrefix(line, "# HELP ") {
			continue
		}
		name, _ := e.sample(t, line)
		if process(name) {
			continue
		}
		if current == "" || familyOf(name, e.types[current]) != current {
			t.Fatalf("%s stands under %q", line, current)
		}
	}
	e.checkHistograms(t)
	return e
}

func (e exposition) sample(t *testing.T, line string) (name string, labels map[string]string) {
	t.Helper()
	parts := sampleLine.FindStringSubmatch(line)
	if parts == nil {
		t.Fatalf("no sample: %q", line)
	}
	labels = map[string]string{}
	for rest := parts[2]; rest != ""; {
		pair := labelPair.FindStringSubmatch(rest)
		if pair == nil {
			t.Fatalf("labels: %q", line)
		}
		if _, twice := labels[pair[1]]; twice {
			t.Fatalf("label %s twice: %q", pair[1], line)
		}
		labels[pair[1]] = pair[2]
		rest = rest[len(pair[0]):]
	}
	value, err := strconv.ParseFloat(parts[3], 64)
	if err != nil || math.IsNaN(value) {
		t.Fatalf("value: %q", line)
	}
	key := strings.TrimSuffix(line, " "+parts[3])
	if _, twice := e.samples[key]; twice {
		t.Fatalf("sample twice: %q", line)
	}
	e.samples[key] = value
	return parts[1], labels
}

// process reports whether the library, not the catalogue, answers for a metric.
func process(name string) bool {
	return strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_")
}

func familyOf(sample, kind string) string {
	if kind == "histogram" {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if name, ok := strings.CutSuffix(sample, suffix); ok {
				return name
			}
		}
	}
	return sample
}

// checkHistograms holds: buckets grow, end in +Inf, and +Inf is the count.
func (e exposition) checkHistograms(t *testing.T) {
	t.Helper()
	buckets := map[string]map[float64]float64{}
	for key, value := range e.samples {
		series, bound, ok := strings.Cut(key, `le="`)
		if !ok || process(key) {
			continue
		}
		le, err := strconv.ParseFloat(strings.TrimSuffix(bound, `"}`), 64)
		if err != nil {
			t.Fatalf("bound of %s", key)
		}
		if buckets[series] == nil {
			buckets[series] = map[float64]float64{}
		}
		buckets[series][le] = value
	}
	for series, at := range buckets {
		var bounds []float64
		for le := range at {
			bounds = append(bounds, le)
		}
		slices.Sort(bounds)
		last := 0.0
		for _, le := range bounds {
			if at[le] < last {
				t.Errorf("%s: bucket %v holds less than the one before", series, le)
			}
			last = at[le]
		}
		total, found := e.samples[countOf(series)]
		if !math.IsInf(bounds[len(bounds)-1], 1) || !found || total != last {
			t.Errorf("%s ends at %v with %v, count is %v (%v)", series, bounds[len(bounds)-1], last, total, found)
		}
	}
}

// countOf returns the name of the _count sample of a series of buckets cut off at its le label.
func countOf(series string) string {
	name, labels, _ := strings.Cut(series, "_bucket{")
	labels = strings.TrimSuffix(labels, ",")
	if labels == "" {
		return name + "_count"
	}
	return name + "_count{" + labels + "}"
}

func (e exposition) want(t *testing.T, samples map[string]float64) {
	t.Helper()
	for key, want := range samples {
		if got, ok := e.samples[key]; !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: got %v (there: %v), want %v%s", key, got, ok, want, e.like(key))
		}
	}
}

// like lists the samples of the same family, to see what was there instead.
func (e exposition) like(key string) string {
	name, _, _ := strings.Cut(key, "{")
	var b strings.Builder
	for have, value := range e.samples {
		if strings.HasPrefix(have, name) && b.Len() < 1000 {
			fmt.Fprintf(&b, "\n\t%s %v", have, value)
		}
	}
	return b.String()
}

// sum returns what the samples of a family add up to.
func (e exposition) sum(name string) float64 {
	total := 0.0
	for key, value := range e.samples {
		if strings.HasPrefix(key, name+"{") {
			total += value
		}
	}
	return total
}

// count returns how many samples a family has.
func (e exposition) count(name string) int {
	n := 0
	for key := range e.samples {
		if key == name || strings.HasPrefix(key, name+"{") {
			n++
		}
	}
	return n
}
