package plugin

import (
	cryptorand "crypto/rand"
	"math/rand/v2"
	"time"

	"github.com/tetratelabs/wazero/api"

	"weir/host/frame"
	"weir/host/plugin/wasi"
	"weir/sdk/abi"
)

// hostNow: () → i64.
func hostNow(i *instance, stack []uint64) {
	i.charge(fuelClock)
	if !i.grant.clock {
		i.refuse(refusedNow, "now")
		stack[0] = uint64(1<<64 + abi.StateRefused)
		return
	}
	i.stateful()
	stack[0] = uint64(time.Now().UnixNano())
}

// hostRandom: (out, out_len) → i32, 0 when out is filled.
func hostRandom(i *instance, stack []uint64) {
	i.charge(fuelRandom)
	out, ok := i.view(stack[0], stack[1], abi.RandomBytes)
	stack[0] = refused
	if !ok || !i.grant.random || i.quota.random+len(out) > abi.RandomBytes {
		i.refuse(refusedRandom, "random")
		return
	}
	i.quota.random += len(out)
	i.stateful()
	_, _ = cryptorand.Read(out) // never fails
	stack[0] = 0
}

// random is the sequence of an instance without the capability; made when it is first asked for.
type random struct{ source *rand.ChaCha8 }

// clockStep is how far the clock of an instance without the capability moves at each look.
const clockStep = int64(time.Microsecond)

// maxSleep bounds a step of that clock, so that it cannot wrap.
const maxSleep = int64(time.Hour)

// Memory implements wasi.Guest.
func (i *instance) Memory() api.Memory { return i.mem }

// Clock implements wasi.Guest.
func (i *instance) Clock(wall bool) int64 {
	if !i.grant.clock {
		i.clock += clockStep
		return i.clock
	}
	i.stateful()
	if wall {
		return time.Now().UnixNano()
	}
	return frame.Nanotime()
}

// Sleep implements wasi.Guest.
func (i *instance) Sleep(d int64) {
	if !i.grant.clock {
		i.clock += min(d, maxSleep)
	}
}

// Random implements wasi.Guest.
func (i *instance) Random(p []byte) {
	i.charge(fuelRandom + int64(len(p))*fuelPerByte)
	if i.grant.random {
		i.stateful()
		_, _ = cryptorand.Read(p)
		return
	}
	if i.random.source == nil {
		i.random.source = rand.NewChaCha8(i.grant.seed)
	}
	_, _ = i.random.source.Read(p)
}

// Exit implements wasi.Guest.
func (i *instance) Exit(code uint32) { panic(exitError(code)) }

var _ wasi.Guest = (*instance)(nil)
