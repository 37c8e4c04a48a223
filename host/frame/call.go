package frame

import (
	"time"

	"weir/sdk/abi"
)

// Encoder writes one frame.
type Encoder interface {
	// Size is the length of the frame, in bytes: at most what Encode writes into.
	Size() int
	// Encode writes the frame into dst, which has Size bytes and lies in the guest's memory: what it held before is of no
	// concern, every byte is written, padding too.
	Encode(dst []byte)
}

// Call is one call of a hook. The caller owns it and may use it again; a runtime keeps nothing of it.
type Call struct {
	Hook  abi.Hook
	Frame Encoder

	// Begin is when the call begins on the process's monotonic clock (Nanotime); 0: look at the clock. Whoever calls
	// several plugins in a row passes the End of one as the Begin of the next.
	Begin int64
	// Budget is how long the call may take, beside the plugin's own deadline; 0: no other limit.
	Budget time.Duration

	// Results. Verdict is a copy, in storage that the next call reuses; nil when the guest answered 0.
	Verdict []byte
	End     int64 // on the clock of Begin
	Fuel    int64 // units spent
	Size    int   // of the frame, in bytes
	// Stateful says that the plugin has read state, a clock or random numbers for this tenant, in this call or an earlier one: its
	// verdicts are not the frame's alone and must not be remembered.
	Stateful bool

	storage []byte // Verdict's, kept between calls
}

// Keep makes Verdict a copy of verdict, for a runtime that answers a call. An empty one is nil.
func (c *Call) Keep(verdict []byte) {
	if len(verdict) == 0 {
		c.Verdict = nil
		return
	}
	c.storage = append(c.storage[:0], verdict...)
	c.Verdict = c.storage
}

// Took is how long the call took.
func (c *Call) Took() time.Duration { return time.Duration(c.End - c.Begin) }

var origin = time.Now()

// Nanotime is the monotonic clock that Call counts by, in nanoseconds; above zero.
func Nanotime() int64 { return int64(time.Since(origin)) + 1 }
