package stat

import (
	"math"
	"slices"
)

// A Summary is of the values of all rounds. The quartiles interpolate between ranks (Hyndman and Fan's type 7).
type Summary struct {
	Median float64 `json:"median"`
	Q1     float64 `json:"q1"`
	Q3     float64 `json:"q3"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	N      int     `json:"n"` // values; those not measured left out
}

// Summarize leaves out what is NaN or infinite. Of nothing, it returns ok=false.
func Summarize(values []float64) (s Summary, ok bool) {
	sorted := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(sorted) == 0 {
		return Summary{}, false
	}
	slices.Sort(sorted)
	return Summary{
		Median: quantile(sorted, 0.5), Q1: quantile(sorted, 0.25), Q3: quantile(sorted, 0.75),
		Min: sorted[0], Max: sorted[len(sorted)-1], N: len(sorted),
	}, true
}

func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Ratios divides a by b, round by round.
func Ratios(a, b []float64) []float64 { return pair(a, b, func(x, y float64) float64 { return x / y }) }

// Differences subtracts b from a, round by round.
func Differences(a, b []float64) []float64 {
	return pair(a, b, func(x, y float64) float64 { return x - y })
}

func pair(a, b []float64, f func(x, y float64) float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = f(a[i], b[i])
	}
	return out
}

// Rotated is the order in which a round takes what it compares: each is first in its turn, and every other time round they go backwards, so that none always
// follows the same one.
func Rotated[T any](all []T, round int) []T {
	i := round % len(all)
	order := append(slices.Clone(all[i:]), all[:i]...)
	if round/len(all)%2 == 1 {
		slices.Reverse(order)
	}
	return order
}
