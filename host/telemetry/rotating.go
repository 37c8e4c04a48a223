package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// file is what the writer needs of *os.File.
type file interface {
	io.WriteCloser
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	SetWriteDeadline(t time.Time) error
}

type opener func(path string) (file, error)

// openFile opens path for appending, mode 0600 if new, and locks it. O_NONBLOCK keeps a named pipe without a reader from blocking the open; regular
// files do not know it.
func openFile(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		if err := lock(f); err != nil {
			_ = f.Close()
			return nil, err
		}
	}
	return f, nil
}

// lock takes the file's advisory lock. File systems that have none do without.
func lock(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	if err := raw.Control(func(fd uintptr) { locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) }); err != nil {
		return err
	}
	if errors.Is(locked, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%s: another process, or a former configuration still draining, writes to it; give each its own records.file", f.Name())
	}
	return nil
}

// rotating is an appended file of whole lines: it reopens a file that was moved away, rotates one that is full, and mends one whose last line is
// torn. But for abort, it belongs to one goroutine.
type rotating struct {
	opt  RecordsOptions
	open opener

	mu      sync.Mutex // f and aborted, between its goroutine and abort
	f       file
	aborted bool
	regular bool
	size    int64
	checked time.Time // when the path was last seen to be f

	rotateErr  error
	rotateNext time.Time // no rotation before
}

func newRotating(o RecordsOptions, open opener) *rotating { return &rotating{opt: o, open: open} }

// write appends whole lines and returns how many bytes of whole lines are in the file for good. After an error the file is closed: the next write opens
// it anew.
func (t *rotating) write(lines []byte, now time.Time) (int, error) {
	if err := t.ensure(int64(len(lines)), now); err != nil {
		return 0, err
	}
	n, err := t.f.Write(lines)
	t.size += int64(n)
	if err == nil {
		return n, nil
	}
	whole := bytes.LastIndexByte(lines[:n], '\n') + 1
	if torn := int64(n - whole); torn > 0 && t.regular {
		if info, err := t.f.Stat(); err == nil && info.Size() == t.size {
			_ = t.f.Truncate(t.size - torn) // failing that, open mends the tail
		}
	}
	t.close()
	return whole, err
}

// ensure makes sure that the path's file is open and has room for n bytes more.
func (t *rotating) ensure(n int64, now time.Time) error {
	if t.f != nil && t.regular && now.Sub(t.checked) >= identityFor {
		t.checked = now
		if !t.stillThere() {
			t.close()
		}
	}
	if t.f == nil {
		if err := t.reopen(now); err != nil {
			return err
		}
	}
	if !t.regular || t.opt.MaxSize < 0 || t.size == 0 || t.size+n <= t.opt.MaxSize || now.Before(t.rotateNext) {
		return nil
	}
	if t.rotateErr = t.shift(); t.rotateErr != nil {
		t.rotateNext = now.Add(rotateAgain) // grow rather than lose records
		return nil
	}
	t.close()
	return t.reopen(now)
}

func (t *rotating) stillThere() bool {
	have, err := t.f.Stat()
	if err != nil {
		return false
	}
	t.size = have.Size() // somebody may have truncated it (logrotate's copytruncate)
	there, err := os.Stat(t.opt.Path)
	return err == nil && os.SameFile(have, there)
}

func (t *rotating) reopen(now time.Time) error {
	f, err := t.open(t.opt.Path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return err
	}
	t.mu.Lock()
	if t.aborted {
		t.mu.Unlock()
		_ = f.Close()
		return os.ErrDeadlineExceeded
	}
	t.f = f
	t.mu.Unlock()
	t.regular, t.size, t.checked = info.Mode().IsRegular(), info.Size(), now
	if t.regular && t.size > 0 {
		if err := t.mend(); err != nil {
			t.close()
			return err
		}
	}
	return nil
}

// mend makes the file end with a whole line. A torn record — of a process that was killed, or a disk that filled up — is cut off; any other last line
// is not ours to cut and gets the newline it lacks.
func (t *rotating) mend() error {
	torn, ours := tornTail(t.opt.Path, t.size)
	if torn == 0 {
		return nil
	}
	if ours && t.f.Truncate(t.size-torn) == nil {
		t.size -= torn
		return nil
	}
	n, err := t.f.Write(newline)
	t.size += int64(n)
	return err
}

// recordStart is how every line of records begins.
const recordStart = `{"time":"`

// tornTail returns the length of what follows the last newline of the first size bytes of the file, and whether that is the beginning of a record. A
// file that may be written but not read counts as whole.
func tornTail(path string, size int64) (torn int64, ours bool) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	const step = 64 << 10
	buf := make([]byte, step)
	for torn < size && torn <= maxLine {
		from := max(size-torn-step, 0)
		piece := buf[:size-torn-from]
		if _, err := f.ReadAt(piece, from); err != nil {
			return 0, false
		}
		if end := bytes.LastIndexByte(piece, '\n'); end >= 0 {
			torn += int64(len(piece) - end - 1)
			break
		}
		torn += int64(len(piece))
	}
	start := make([]byte, min(torn, int64(len(recordStart))))
	if _, err := f.ReadAt(start, size-torn); err != nil {
		return 0, false
	}
	return torn, torn <= maxLine && strings.HasPrefix(recordStart, string(start))
}

// shift renames PATH to PATH.1, PATH.1 to PATH.2 and so on; the oldest is overwritten.
func (t *rotating) shift() error {
	name := func(i int) string { return t.opt.Path + "." + strconv.Itoa(i) }
	for i := t.opt.Keep - 1; i >= 1; i-- {
		if err := os.Rename(name(i), name(i+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(t.opt.Path, name(1))
}

// close lets the file go; the next write opens the path anew.
func (t *rotating) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.f != nil {
		_ = t.f.Close()
		t.f = nil
	}
}

// abort makes writes fail from now on, also one that waits for a pipe's reader. It may be called from any goroutine.
func (t *rotating) abort() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.aborted = true
	if t.f != nil {
		_ = t.f.SetWriteDeadline(time.Unix(1, 0)) // regular files have no deadlines
	}
}
