package stat_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"weir/bench/overhead/stat"
)

var nan = math.NaN()

func TestSummarize(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		values []float64
		want   stat.Summary
	}{
		"one":            {[]float64{7}, stat.Summary{Median: 7, Q1: 7, Q3: 7, Min: 7, Max: 7, N: 1}},
		"two":            {[]float64{3, 1}, stat.Summary{Median: 2, Q1: 1.5, Q3: 2.5, Min: 1, Max: 3, N: 2}},
		"odd":            {[]float64{5, 1, 4, 2, 3}, stat.Summary{Median: 3, Q1: 2, Q3: 4, Min: 1, Max: 5, N: 5}},
		"even":           {[]float64{4, 1, 3, 2}, stat.Summary{Median: 2.5, Q1: 1.75, Q3: 3.25, Min: 1, Max: 4, N: 4}},
		"rounds missing": {[]float64{nan, 2, math.Inf(1), 4, nan}, stat.Summary{Median: 3, Q1: 2.5, Q3: 3.5, Min: 2, Max: 4, N: 2}},
		"an outlier":     {[]float64{1, 1, 1, 1, 1000}, stat.Summary{Median: 1, Q1: 1, Q3: 1, Min: 1, Max: 1000, N: 5}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := append([]float64(nil), test.values...)
			got, ok := stat.Summarize(test.values)
			if !ok || got != test.want {
				t.Errorf("got %+v, %t, want %+v", got, ok, test.want)
			}
			for i, v := range before {
				if v != test.values[i] && !math.IsNaN(v) {
					t.Errorf("value %d was moved", i)
				}
			}
		})
	}
	for _, none := range [][]float64{nil, {nan}, {math.Inf(-1)}} {
		if got, ok := stat.Summarize(none); ok {
			t.Errorf("a summary of %v: %+v", none, got)
		}
	}
}

// What slowed whole rounds down must not show in a comparison that pairs them.
func TestPaired(t *testing.T) {
	t.Parallel()
	base := []float64{10, 20, 40, nan, 10}
	other := []float64{11, 21, 41, 50, nan}
	d, ok := stat.Summarize(stat.Differences(other, base))
	if want := (stat.Summary{Median: 1, Q1: 1, Q3: 1, Min: 1, Max: 1, N: 3}); !ok || d != want {
		t.Errorf("differences: got %+v, want %+v", d, want)
	}
	r, ok := stat.Summarize(stat.Ratios(other, base))
	if !ok || r.N != 3 || r.Median != 1.05 || r.Max != 1.1 {
		t.Errorf("ratios: %+v", r)
	}
	if r := stat.Ratios([]float64{1}, []float64{0, 1}); len(r) != 1 || !math.IsInf(r[0], 1) {
		t.Errorf("ratio to nothing: %v", r)
	}
	if _, ok := stat.Summarize(stat.Ratios([]float64{1}, []float64{0})); ok {
		t.Error("a ratio to nothing is summarized")
	}
}

func TestRotated(t *testing.T) {
	t.Parallel()
	var got []string
	for round := range 7 {
		got = append(got, strings.Join(stat.Rotated([]string{"a", "b", "c"}, round), ""))
	}
	if want := []string{"abc", "bca", "cab", "cba", "acb", "bac", "abc"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
