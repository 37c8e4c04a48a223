package plugin

import (
	"sync"

	"github.com/tetratelabs/wazero/experimental"
)

// maxSpare is how many reservations of all sizes are kept for the next instance.
const maxSpare = 64

// arena lends linear memories. Each is a reservation of the largest size the module may grow to, of which the system backs only
// what was touched; so growing never moves or copies a memory, and a small guest costs what it uses.
//
// What it lends is zero. Reservations that come back are handed to the system before they are lent again, whatever tenant they
// served.
type arena struct {
	mu    sync.Mutex
	spare map[int][][]byte // by size
	count int              // of spare
	out   int              // lent now
}

// linear is one linear memory. It implements experimental.LinearMemory for one instance and is not safe for concurrent use.
type linear struct {
	arena   *arena
	block   []byte // the reservation; nil when there is none and the memory is Go's
	max     uint64
	touched int // highest size that a guest could write to, in bytes
	heap    []byte
	freed   bool
}

// allocate lends a memory that can grow to most bytes.
func (a *arena) allocate(most uint64) *linear {
	a.mu.Lock()
	a.out++
	size := int(most)
	var block []byte
	if list := a.spare[size]; len(list) > 0 {
		block = list[len(list)-1]
		a.spare[size] = list[:len(list)-1]
		a.count--
	}
	a.mu.Unlock()
	if block == nil && size > 0 {
		block = reserve(size)
	}
	return &linear{arena: a, block: block, max: most}
}

// Reallocate gives size bytes; the first ones are what they were. nil when it cannot.
func (l *linear) Reallocate(size uint64) []byte {
	if l.freed || size > l.max {
		return nil
	}
	l.touched = max(l.touched, int(size))
	if l.block != nil {
		return l.block[:size]
	}
	if uint64(cap(l.heap)) < size {
		grown := make([]byte, size, min(l.max, size+size/2))
		copy(grown, l.heap)
		l.heap = grown
	}
	l.heap = l.heap[:size]
	return l.heap
}

// Free gives the memory back. It may be called again.
func (l *linear) Free() {
	if l.freed {
		return
	}
	l.freed = true
	l.heap = nil
	a, block := l.arena, l.block
	l.block = nil
	wiped := block != nil && wipe(block, l.touched)
	a.mu.Lock()
	a.out--
	keep := wiped && a.count < maxSpare
	if keep {
		if a.spare == nil {
			a.spare = make(map[int][][]byte)
		}
		a.spare[len(block)] = append(a.spare[len(block)], block)
		a.count++
	}
	a.mu.Unlock()
	if block != nil && !keep {
		release(block)
	}
}

// close releases what is spare. Memories that are lent come back to an arena that keeps none.
func (a *arena) close() {
	a.mu.Lock()
	spare := a.spare
	a.spare, a.count = nil, maxSpare
	a.mu.Unlock()
	for _, list := range spare {
		for _, block := range list {
			release(block)
		}
	}
}

// lent is how many memories are out.
func (a *arena) lent() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.out
}

var _ experimental.LinearMemory = (*linear)(nil)
