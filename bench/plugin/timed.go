package main

import (
	"context"
	"runtime"
	"time"

	"weir/bench/overhead/stat"
)

// A subject is one of the cases that are timed against each other.
type subject struct {
	name string
	do   func(n int) error // does its work n times
	n    int               // times that a sample does it
	ns   []float64         // of one time, by round
}

// interleave times all subjects in every round.
func (b *bench) interleave(ctx context.Context, all []*subject) error {
	for _, s := range all {
		if err := s.calibrate(b.Sample); err != nil {
			return err
		}
		s.ns = make([]float64, b.Rounds)
	}
	runtime.GC() // what preparing left behind
	for round := range b.Rounds {
		for _, s := range stat.Rotated(all, round) {
			if err := ctx.Err(); err != nil {
				return err
			}
			begin := time.Now()
			if err := s.do(s.n); err != nil {
				return err
			}
			s.ns[round] = float64(time.Since(begin)) / float64(s.n)
		}
	}
	return nil
}

// calibrate finds how often the work is done in a sample.
func (s *subject) calibrate(sample time.Duration) error {
	for s.n = 1; ; s.n *= 2 {
		begin := time.Now()
		if err := s.do(s.n); err != nil {
			return err
		}
		if took := time.Since(begin); took >= sample/4 {
			s.n = max(1, int(float64(s.n)*float64(sample)/float64(took)))
			return nil
		}
	}
}

// allocations of one time: the average over many, without the fraction, which is that of goroutines beside it (as testing.AllocsPerRun has it).
func (s *subject) allocations() (float64, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const times = 1000
	if err := s.do(1); err != nil {
		return 0, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := s.do(times)
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs - before.Mallocs) / times), err
}

// times makes the work of a subject of what is done once.
func times(once func() error) func(n int) error {
	return func(n int) error {
		for range n {
			if err := once(); err != nil {
				return err
			}
		}
		return nil
	}
}
