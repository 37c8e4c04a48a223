package state

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/cespare/xxhash/v2"
)

const (
	maxSnapshot = 1 << 30 // bytes; an entry takes less here than in memory, and no store may be larger there
	maxOwner    = 4 << 10 // bytes of a tenant's or a plugin's name
)

var (
	errFormat  = errors.New("it is no snapshot of Weir's state")
	errVersion = errors.New("it is of a later version of Weir")
	errSum     = errors.New("its checksum is wrong")
	errCut     = errors.New("it ends before its end")
	errEntry   = errors.New("an entry in it cannot be right")
	errTrailer = errors.New("something follows its end")
	errSize    = errors.New("it is larger than any snapshot")
)

// load reads the snapshot. One that cannot be read is set aside and told of, and the store is empty.
func (m *Memory) load() {
	path := m.file.path
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = m.readFile(f)
		_ = f.Close()
	}
	if err == nil {
		m.opt.Log.Info("state restored from its snapshot", "file", path, "entries", m.entries.Load())
		return
	}
	m.empty()
	aside := path + ".corrupt-" + time.Now().UTC().Format("20060102T150405.000000000Z")
	m.opt.Log.Error("the state's snapshot cannot be read: plugins begin without counters and values, and the file is set aside", "file", path, "aside", aside, "error", err)
	if err := os.Rename(path, aside); err != nil {
		m.opt.Log.Error("the state's snapshot cannot be set aside; see state.memory.snapshot", "file", path, "error", err)
	}
}

func (m *Memory) readFile(f *os.File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.Size() > maxSnapshot:
		return errSize
	}
	return m.read(f)
}

// empty forgets everything, before anybody uses the store.
func (m *Memory) empty() {
	m.spaces, m.list = make(map[name]*space), nil
	m.entries.Store(0)
	m.bytes.Store(0)
	m.evicted.Store(0)
	m.largest.Store(nil)
}

// read takes in a whole snapshot. After an error the store holds part of it.
func (m *Memory) read(from io.Reader) error {
	r := &reader{from: bufio.NewReaderSize(io.LimitReader(from, maxSnapshot), 64<<10), sum: xxhash.New()}
	var head [len(magic) + 4]byte
	r.fill(head[:])
	switch {
	case r.err != nil || string(head[:len(magic)]) != magic:
		return errFormat
	case binary.LittleEndian.Uint32(head[len(magic):]) != version:
		return fmt.Errorf("%w: format %d, this one reads %d", errVersion, binary.LittleEndian.Uint32(head[len(magic):]), version)
	}
	var n *Namespace
	for r.err == nil {
		switch tag := r.byte(); {
		case r.err != nil:
		case tag == tagEnd:
			return r.end()
		case tag == tagSpace:
			tenant := string(r.bytes(maxOwner)) // apart: the next call reuses the bytes
			plugin := string(r.bytes(maxOwner))
			n = m.Namespace(tenant, plugin)
		case n == nil || tag < tagEntry || tag >= tagEntry+byte(kinds):
			return errEntry
		default:
			r.entry(n, kind(tag-tagEntry))
		}
	}
	return r.err
}

// entry takes in one entry. One that finds no room, because the bounds are lower than they were, is left out.
func (r *reader) entry(n *Namespace, k kind) {
	key := append([]byte(nil), r.bytes(MaxKey)...)
	left := r.uvarint()
	var count int64
	var data []byte
	switch k {
	case counter:
		count = r.varint()
	case value:
		data = r.bytes(MaxValue)
	}
	if r.err == nil && (len(key) == 0 || left > math.MaxInt64) {
		r.err = errEntry
	}
	if r.err != nil {
		return
	}
	ttl := time.Duration(left)
	switch k {
	case counter:
		n.restore(key, count, ttl)
	case value:
		n.Set(key, data, ttl)
	case once:
		n.Once(key, ttl)
	}
}

// restore sets a counter.
func (n *Namespace) restore(key []byte, count int64, ttl time.Duration) {
	s, e, _ := n.claim(counter, key, 0, n.hash(key))
	if s == nil {
		return
	}
	defer s.mu.Unlock()
	e.count = count
	s.until(e, n.expiry(ttl))
}

// reader reads and sums up; after its first error it reads nothing more.
type reader struct {
	from *bufio.Reader
	sum  hash.Hash64
	one  [1]byte
	buf  []byte
	err  error
}

func (r *reader) fill(dst []byte) {
	if r.err != nil {
		return
	}
	if _, err := io.ReadFull(r.from, dst); err != nil {
		if r.err = err; errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			r.err = errCut
		}
		return
	}
	_, _ = r.sum.Write(dst)
}

func (r *reader) byte() byte {
	r.one[0] = 0
	r.fill(r.one[:])
	return r.one[0]
}

// ReadByte is for binary.ReadUvarint.
func (r *reader) ReadByte() (byte, error) {
	b := r.byte()
	return b, r.err
}

func (r *reader) uvarint() uint64 {
	v, err := binary.ReadUvarint(r)
	if err != nil && r.err == nil {
		r.err = errEntry
	}
	return v
}

func (r *reader) varint() int64 {
	v, err := binary.ReadVarint(r)
	if err != nil && r.err == nil {
		r.err = errEntry
	}
	return v
}

// bytes reads a length of at most limit and so many bytes, good until the next call.
func (r *reader) bytes(limit uint64) []byte {
	n := r.uvarint()
	if r.err == nil && n > limit {
		r.err = errEntry
	}
	if r.err != nil {
		return nil
	}
	if uint64(cap(r.buf)) < n {
		r.buf = make([]byte, n)
	}
	r.fill(r.buf[:n])
	return r.buf[:n]
}

// end checks the sum, and that nothing follows.
func (r *reader) end() error {
	want := r.sum.Sum64()
	var sum [8]byte
	r.fill(sum[:])
	if r.err == nil && binary.LittleEndian.Uint64(sum[:]) != want {
		return errSum
	}
	if r.err == nil {
		if _, err := r.from.ReadByte(); err == nil {
			return errTrailer
		}
	}
	return r.err
}
