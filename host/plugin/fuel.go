package plugin

import (
	"errors"
	"fmt"
	"math"
	"time"

	"weir/host/frame"
)

// What ends a call from within: tick panics with one of them, wazero hands it back as the call's error.
var (
	errFuel     = errors.New("out of fuel")
	errDeadline = errors.New("past the deadline")
)

// exitError is proc_exit.
type exitError uint32

func (e exitError) Error() string { return fmt.Sprintf("it exited with code %d", uint32(e)) }

// allowance is what the call in hand may spend, and what it was granted of that.
type allowance struct {
	fuel     int64 // units in all
	granted  int64 // of fuel
	begin    int64 // on the clock of frame.Nanotime
	deadline int64
}

// forStart is the allowance of making an instance: time alone bounds it. Its first slice is what the fuel global begins with.
func forStart(l *Limits) allowance {
	now := frame.Nanotime()
	return allowance{fuel: math.MaxInt64 / 4, granted: firstSlice, begin: now, deadline: now + int64(l.Start)}
}

// allow begins a call: the guest gets its first slice.
func (i *instance) allow(a allowance) {
	a.granted = min(i.slice, a.fuel)
	i.allowance, i.looked = a, a.begin
	i.fuel.Set(uint64(a.granted))
}

// spent is the fuel of the call in hand.
func (i *instance) spent() int64 { return i.granted - int64(i.fuel.Get()) }

// charge takes fuel for what a host function does, and looks at the clock when the slice is used up.
func (i *instance) charge(units int64) {
	left := int64(i.fuel.Get()) - units
	i.fuel.Set(uint64(left))
	if left < 0 {
		i.tick()
	}
}

// tick is called when a slice is used up: it grants another, or ends the call. Being a Go function it is also where the
// scheduler and the garbage collector get hold of the goroutine.
func (i *instance) tick() {
	spent := i.spent()
	if spent > i.allowance.fuel {
		panic(errFuel)
	}
	now := frame.Nanotime()
	if now >= i.deadline {
		panic(errDeadline)
	}
	switch took := now - i.looked; {
	case took < fastSlice:
		i.slice = min(2*i.slice, mostSlice)
	case took > slowSlice:
		i.slice = max(i.slice/2, leastSlice)
	}
	i.looked = now
	grant := min(i.slice, i.allowance.fuel-spent)
	i.granted = spent + grant
	i.fuel.Set(uint64(grant))
}

// took is how long the call in hand has run.
func (i *instance) took() time.Duration {
	return time.Duration(frame.Nanotime() - i.begin).Round(time.Microsecond)
}
