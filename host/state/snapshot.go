package state

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cespare/xxhash/v2"
)

// A snapshot is, in this order:
//
//	"WEIRSTAT", version u32
//	for each namespace: tagSpace, tenant, plugin; then for each of its entries
//	  tagEntry+kind, key, what is left of its time in ns (uvarint, 0: for ever), and of a counter its count (varint), of a value its bytes
//	tagEnd, XXH64 of all before u64, end of file
//
// Integers of fixed size are little-endian; strings and bytes are a uvarint length and so many bytes. The sum is against disks and torn writes, not against
// people: who can write the file can write a good sum.
const (
	magic   = "WEIRSTAT"
	version = 1

	tagEnd   = 0
	tagSpace = 1
	tagEntry = 2 // and the kind
)

// file is where snapshots go. It belongs to the store's goroutine.
type file struct {
	path    string
	lock    *os.File // nil: the file system has no locks, or cannot be written
	failing bool
	pending bool  // to be written although nothing changed: the last time failed, or was before Open
	written int64 // when it was last, on the store's clock
	timed   bool  // the last one held entries with a time to live
	buf     []byte
}

// openFile takes the lock beside the snapshot.
func openFile(o *Options) (*file, error) {
	path, err := filepath.Abs(o.Snapshot)
	if err != nil {
		return nil, fmt.Errorf("state: %s: %w; name a file in state.memory.snapshot", o.Snapshot, err)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("state: %s is not a regular file; name a file in state.memory.snapshot", path)
	}
	f := &file{path: path, pending: true}
	lock, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return f, nil // the first snapshot will say why
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		_ = lock.Close()
		return nil, fmt.Errorf("state: %s: another process keeps its state there; give each its own state.memory.snapshot", path)
	}
	f.lock = lock
	return f, nil
}

func (f *file) close() {
	if f.lock != nil {
		_ = f.lock.Close() // which lets the lock go; the file stays, for removing it would race with whoever waits for it
	}
}

// rewriteTimed is how often a snapshot is written although nothing changed, for the sake of what is left of the entries' times.
const rewriteTimed = time.Minute

// save writes a snapshot if there is something new to say, or always with force.
func (m *Memory) save(force bool) {
	f := m.file
	now := m.opt.Now()
	spaces := m.all(nil)
	if !force && !f.pending && !changed(spaces) && !(f.timed && now-f.written >= int64(rewriteTimed)) {
		return
	}
	err := f.replace(func(w io.Writer) error { return f.write(w, spaces, now) })
	f.pending = err != nil
	if err == nil {
		f.written = now
	}
	if f.failing == (err != nil) {
		return
	}
	f.failing = err != nil
	m.opt.Degraded(f.failing)
	if f.failing {
		m.opt.Log.Error("the state cannot be kept over a restart: the snapshot was not written; see state.memory.snapshot", "file", f.path, "error", err)
	} else {
		m.opt.Log.Info("the state's snapshot is written again", "file", f.path)
	}
}

func changed(spaces []*space) bool {
	for _, sp := range spaces {
		for i := range sp.shards {
			if s := sp.shards[i].Load(); s != nil {
				s.mu.Lock()
				dirty := s.dirty
				s.mu.Unlock()
				if dirty {
					return true
				}
			}
		}
	}
	return false
}

// replace puts a new file in the place of the old one. Whoever looks, also after a crash at any moment, sees one of the two, whole.
func (f *file) replace(write func(io.Writer) error) error {
	next := f.path + ".next" // one name: what a crash left behind is overwritten, not gathered
	w, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(w), w.Sync(), w.Close()); err != nil {
		_ = os.Remove(next)
		return err
	}
	if err := os.Rename(next, f.path); err != nil {
		_ = os.Remove(next)
		return err
	}
	return syncFolder(filepath.Dir(f.path))
}

// syncFolder makes a rename in a folder last. File systems that cannot do that are not told from those that need not.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// write writes a snapshot. Each entry is as it is at one moment; what changes meanwhile is in or not, and comes with the next.
func (f *file) write(to io.Writer, spaces []*space, now int64) error {
	sum := xxhash.New()
	buffered := bufio.NewWriterSize(to, 64<<10)
	w := io.MultiWriter(buffered, sum)
	f.timed = false
	b := binary.LittleEndian.AppendUint32(append(f.buf[:0], magic...), version)
	for _, sp := range spaces {
		b = append(b, tagSpace)
		b = appendBytes(b, sp.name.tenant)
		b = appendBytes(b, sp.name.plugin)
		for i := range sp.shards {
			s := sp.shards[i].Load()
			if s == nil {
				continue
			}
			s.mu.Lock()
			s.dirty = false
			s.mu.Unlock()
			s.visit(func(_ int, e *slot) {
				b = e.append(b, now)
				f.timed = f.timed || e.expires != 0
			})
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	if _, err := w.Write(append(b, tagEnd)); err != nil {
		return err
	}
	f.buf = nil
	if cap(b) <= 1<<20 {
		f.buf = b[:0]
	}
	if _, err := buffered.Write(binary.LittleEndian.AppendUint64(nil, sum.Sum64())); err != nil {
		return err
	}
	return buffered.Flush()
}

// append appends an entry as a snapshot has it; one that has expired is left out.
func (e *slot) append(b []byte, now int64) []byte {
	if !e.live(now) {
		return b
	}
	b = append(b, tagEntry+byte(e.kind))
	b = appendBytes(b, e.key)
	var left uint64
	if e.expires != 0 {
		left = uint64(e.expires - now)
	}
	b = binary.AppendUvarint(b, left)
	switch e.kind {
	case counter:
		return binary.AppendVarint(b, e.count)
	case value:
		return appendBytes(b, e.data)
	}
	return b
}

func appendBytes[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
