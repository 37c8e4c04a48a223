package wasi

import (
	"encoding/binary"
	"math"
)

// Bounds of what one call looks at.
const (
	maxVectors       = 1 << 10 // entries of fd_write's and fd_read's lists
	maxSubscriptions = 64
	maxRandom        = 64 << 10
)

// noSizes answers that there are no arguments, or variables, and that they take no bytes.
func noSizes(g Guest, stack []uint64) {
	stack[0] = errno(g.Memory().WriteUint32Le(uint32(stack[0]), 0) && g.Memory().WriteUint32Le(uint32(stack[1]), 0))
}

// clockRes answers a microsecond for each of the four clocks.
func clockRes(g Guest, stack []uint64) {
	if stack[0]&math.MaxUint32 > clockThread {
		stack[0] = invalid
		return
	}
	stack[0] = errno(g.Memory().WriteUint64Le(uint32(stack[1]), 1000))
}

// Clocks.
const (
	clockRealtime = iota
	clockMonotonic
	clockProcess
	clockThread
)

func clockTime(g Guest, stack []uint64) {
	id := uint32(stack[0])
	if id > clockThread {
		stack[0] = invalid
		return
	}
	stack[0] = errno(g.Memory().WriteUint64Le(uint32(stack[2]), uint64(g.Clock(id == clockRealtime))))
}

// fdstat writes that a standard descriptor is a character device that can be appended to: type u8, pad, flags u16, pad, rights u64,
// inheritable rights u64.
func fdstat(g Guest, stack []uint64) {
	if !standard(stack[0]) {
		stack[0] = badf
		return
	}
	const rights = 1<<1 | 1<<6 // fd_read, fd_write
	dst, ok := g.Memory().Read(uint32(stack[1]), 24)
	if ok {
		clear(dst)
		dst[0] = characterDevice
		dst[2] = 1 // append
		binary.LittleEndian.PutUint64(dst[8:], rights)
	}
	stack[0] = errno(ok)
}

const characterDevice = 2

// filestat writes that a standard descriptor is a character device: device, inode u64, type u8, pad, links, size and three times u64.
func filestat(g Guest, stack []uint64) {
	if !standard(stack[0]) {
		stack[0] = badf
		return
	}
	dst, ok := g.Memory().Read(uint32(stack[1]), 64)
	if ok {
		clear(dst)
		dst[16] = characterDevice
	}
	stack[0] = errno(ok)
}

// fdRead answers the end of file for standard input.
func fdRead(g Guest, stack []uint64) {
	if uint32(stack[0]) != 0 {
		stack[0] = badf
		return
	}
	stack[0] = errno(g.Memory().WriteUint32Le(uint32(stack[3]), 0))
}

// fdWrite hands the vectors to the guest's log and says that all of them were written.
func fdWrite(g Guest, stack []uint64) {
	if fd := uint32(stack[0]); fd != 1 && fd != 2 {
		stack[0] = badf
		return
	}
	m, count := g.Memory(), uint32(stack[2])
	if count > maxVectors {
		stack[0] = invalid
		return
	}
	list, ok := m.Read(uint32(stack[1]), count*8)
	if !ok {
		stack[0] = fault
		return
	}
	total := uint32(0)
	for ; len(list) > 0; list = list[8:] {
		p, ok := m.Read(binary.LittleEndian.Uint32(list), binary.LittleEndian.Uint32(list[4:]))
		if !ok {
			stack[0] = fault
			return
		}
		g.Print(p)
		total += uint32(len(p))
	}
	stack[0] = errno(m.WriteUint32Le(uint32(stack[3]), total))
}

// Layouts of poll_oneoff: subscription {userdata u64, tag u8, pad, clock {id u32, pad, timeout u64, precision u64, flags u16, pad}},
// event {userdata u64, errno u16, type u8, pad, …}.
const (
	subscriptionSize = 48
	eventSize        = 32
	tagClock         = 0
	tagRead          = 1
	absolute         = 1
)

// pollOneoff answers every subscription at once: timers have passed, standard output takes more, nothing can be read.
func pollOneoff(g Guest, stack []uint64) {
	m, count := g.Memory(), uint32(stack[2])
	if count == 0 || count > maxSubscriptions {
		stack[0] = invalid
		return
	}
	in, ok := m.Read(uint32(stack[0]), count*subscriptionSize)
	if !ok {
		stack[0] = fault
		return
	}
	out, ok := m.Read(uint32(stack[1]), count*eventSize)
	if !ok {
		stack[0] = fault
		return
	}
	for i := range int(count) {
		// Both lists may overlap: all of a subscription is read before its event is written.
		s := [subscriptionSize]byte(in[i*subscriptionSize:])
		e := out[i*eventSize:][:eventSize]
		clear(e)
		copy(e, s[:8])
		e[10] = s[8]
		switch {
		case s[8] == tagClock:
			wait := int64(binary.LittleEndian.Uint64(s[24:]))
			if binary.LittleEndian.Uint16(s[40:])&absolute != 0 {
				wait -= g.Clock(binary.LittleEndian.Uint32(s[16:]) == clockRealtime)
			}
			if wait > 0 {
				g.Sleep(wait)
			}
		case s[8] == tagRead || !standard(uint64(binary.LittleEndian.Uint32(s[16:]))):
			binary.LittleEndian.PutUint16(e[8:], badf)
		}
	}
	stack[0] = errno(m.WriteUint32Le(uint32(stack[3]), count))
}

func procExit(g Guest, stack []uint64) { g.Exit(uint32(stack[0])) }

func randomGet(g Guest, stack []uint64) {
	n := uint32(stack[1])
	if n > maxRandom {
		stack[0] = invalid
		return
	}
	dst, ok := g.Memory().Read(uint32(stack[0]), n)
	if ok {
		g.Random(dst)
	}
	stack[0] = errno(ok)
}

// errno is EFAULT when something did not lie in the guest's memory.
func errno(ok bool) uint64 {
	if ok {
		return success
	}
	return fault
}
