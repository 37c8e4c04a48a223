package frame

import (
	"encoding/binary"
	"math/bits"

	"weir/sdk/abi"
)

// Layout says where the sections of a frame go. It is filled first, in ascending order of kinds, with the length of each; then its
// size is known, and Writer writes any number of frames of that layout. The zero value is a frame without sections and
// hook; nothing here allocates.
//
//	l.Reset(abi.HookRequest, 0)
//	l.Add(abi.SectionTenant, len(tenant))
//	l.Add(abi.SectionText, len(arena))
//
// and, when the runtime lends dst, which has l.Size() bytes,
//
//	w := l.Writer(dst)
//	w.String(abi.SectionTenant, tenant)
//	w.Bytes(abi.SectionText, arena)
type Layout struct {
	hook    abi.Hook
	last    abi.Section
	has     abi.Set
	flags   uint32
	count   int                   // of sections
	payload int                   // bytes of all payloads, padding included
	entries [abi.Sections]payload // by kind; those in has
}

// payload is where a section lies, from the first payload's start.
type payload struct{ offset, length uint32 }

// Reset empties l for a frame of the hook with those flags (abi.FrameObserve …).
func (l *Layout) Reset(h abi.Hook, flags uint32) {
	l.hook, l.last, l.has, l.flags, l.count, l.payload = h, 0, 0, flags, 0, 0
}

// Add gives the section k length bytes. A kind that does not ascend, or is none, panics: it is a mistake in the host.
func (l *Layout) Add(k abi.Section, length int) {
	if k <= l.last || k >= abi.Sections || length < 0 {
		panic("frame: sections are added in ascending order, once each")
	}
	l.entries[k] = payload{uint32(l.payload), uint32(length)}
	l.last = k
	l.has |= 1 << k
	l.count++
	l.payload += align(length)
}

// Has tells whether l has the section.
func (l *Layout) Has(k abi.Section) bool { return l.has.Has(k) }

// Sections are the sections of l.
func (l *Layout) Sections() abi.Set { return l.has }

// Size is the length of the frame, in bytes.
func (l *Layout) Size() int { return l.base() + l.payload }

// Fault is what is wrong with l: it is larger than any frame may be. Nil when it can be written.
func (l *Layout) Fault() *Fault {
	if size := l.Size(); size > abi.MaxFrame {
		return Faultf(Unreadable, "the frame of %s has %d bytes and may have %d: lower limits.body, or ask for fewer sections in the manifest",
			l.hook, size, abi.MaxFrame)
	}
	return nil
}

// base is where payloads begin.
func (l *Layout) base() int {
	return align(abi.HeaderSize + abi.EntrySize*l.count)
}

func align(n int) int { return (n + abi.Align - 1) &^ (abi.Align - 1) }

// Writer writes the header, the directory and all padding into dst, which must have room for Size bytes, and gives the Writer of the payloads.
// A layout that has a Fault panics.
func (l *Layout) Writer(dst []byte) Writer {
	base := l.base()
	size := base + l.payload
	if size > abi.MaxFrame {
		panic("frame: a layout with a fault is not written")
	}
	dst = dst[:size:size]
	le := binary.LittleEndian
	// Padding is zeroed with the word it is in: that of the directory here, those of the payloads below.
	le.PutUint64(dst[base-abi.Align:], 0)
	le.PutUint64(dst, abi.Magic|uint64(size)<<32)
	le.PutUint64(dst[8:], uint64(l.hook)|uint64(l.count)<<16|uint64(l.flags)<<32)
	directory := dst[abi.HeaderSize:]
	for rest := uint32(l.has); rest != 0; rest &= rest - 1 {
		k := bits.TrailingZeros32(rest)
		e := &l.entries[k]
		offset := uint32(base) + e.offset
		le.PutUint32(directory, uint32(k))
		le.PutUint64(directory[4:], uint64(offset)|uint64(e.length)<<32)
		directory = directory[abi.EntrySize:]
		if e.length%abi.Align != 0 {
			le.PutUint64(dst[offset+e.length&^(abi.Align-1):], 0)
		}
	}
	return Writer{dst: dst, layout: l, base: uint32(base)}
}
