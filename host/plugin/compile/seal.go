package compile

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Files of an entry.
const (
	sealFile    = "seal"
	reportFile  = "report"
	meteredFile = "metered.wasm"
	codeDir     = "code"
)

// Bounds of an entry: a seal beyond them is none.
const (
	maxFiles = 8
	maxFile  = 256 << 20
	maxSeal  = 8 << 10
)

// sealedFile is one line of a seal.
type sealedFile struct {
	path string // in the entry, slashes between
	size int64
	sum  [sha256.Size]byte
}

// makeSeal lists the files of an entry.
func makeSeal(entry *directory) ([]sealedFile, error) {
	var files []sealedFile
	err := fs.WalkDir(entry.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case len(files) == maxFiles:
			return fmt.Errorf("more than %d files", maxFiles)
		case strings.ContainsAny(name, "\n "):
			return fmt.Errorf("a file named %q", name)
		}
		f := sealedFile{path: name}
		if err := f.measure(entry); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

func (f *sealedFile) measure(entry *directory) error {
	h := sha256.New()
	n, err := copyFile(entry, f.path, maxFile, h)
	f.size = n
	h.Sum(f.sum[:0])
	return err
}

// copyFile copies a plain file of this user alone, of at most limit bytes. A link leads at most to another file in the entry.
func copyFile(entry *directory, name string, limit int64, to io.Writer) (int64, error) {
	in, err := entry.OpenFile(name, syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return 0, err
	}
	if err := private(info, entry.uid, false); err != nil {
		return 0, err
	}
	n, err := io.Copy(to, io.LimitReader(in, limit+1))
	if err == nil && n > limit {
		return n, fmt.Errorf("more than %d bytes", limit)
	}
	return n, err
}

// sealText is the seal of these files, for the entry of that key in that place.
func sealText(files []sealedFile, secret []byte, place string) []byte {
	var b strings.Builder
	for _, f := range files {
		_, _ = fmt.Fprintf(&b, "%x %d %s\n", f.sum, f.size, f.path)
	}
	body := b.String()
	return fmt.Appendf(nil, "%s%x\n", body, sealMAC(body, secret, place))
}

func sealMAC(body string, secret []byte, place string) []byte {
	h := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(h, "weir seal 1\n%s\n%s", place, body)
	return h.Sum(nil)
}

// readSeal reads a seal. Nothing in it is looked at before its HMAC is right.
func readSeal(text, secret []byte, place string) ([]sealedFile, error) {
	s, ok := strings.CutSuffix(string(text), "\n")
	i := strings.LastIndexByte(s, '\n') + 1
	mac, err := hex.DecodeString(s[i:])
	if !ok || err != nil || !hmac.Equal(mac, sealMAC(s[:i], secret, place)) {
		return nil, errors.New("the seal is broken")
	}
	var files []sealedFile
	for line := range strings.Lines(s[:i]) {
		f, err := parseSealed(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func parseSealed(line string) (f sealedFile, err error) {
	fields := strings.Split(line, " ")
	if len(fields) != 3 || !fs.ValidPath(fields[2]) {
		return f, errors.New("a line of the seal that cannot be read")
	}
	sum, err := hex.DecodeString(fields[0])
	if err != nil || len(sum) != len(f.sum) {
		return f, errors.New("a digest in the seal that cannot be read")
	}
	copy(f.sum[:], sum)
	f.path = fields[2]
	f.size, err = strconv.ParseInt(fields[1], 10, 64)
	if err != nil || f.size < 0 || f.size > maxFile {
		return f, errors.New("a length in the seal that cannot be read")
	}
	return f, nil
}

// unsealTo copies the files of an entry while it holds them to the seal: code to the directory live, the rest to memory.
func unsealTo(live, entry *directory, files []sealedFile) (map[string][]byte, error) {
	small := map[string][]byte{}
	for _, f := range files {
		h := sha256.New()
		var n int64
		var err error
		if strings.HasPrefix(f.path, codeDir+"/") {
			n, err = copyCode(live, entry, f, h)
		} else {
			w := bytes.NewBuffer(make([]byte, 0, f.size))
			n, err = copyFile(entry, f.path, f.size, io.MultiWriter(h, w))
			small[f.path] = w.Bytes()
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", f.path, err)
		case n != f.size || !slices.Equal(h.Sum(nil), f.sum[:]):
			return nil, stale("%s is not what was sealed", f.path)
		}
	}
	return small, nil
}

func copyCode(live, entry *directory, f sealedFile, h io.Writer) (int64, error) {
	if err := live.MkdirAll(path.Dir(f.path), 0o700); err != nil {
		return 0, writeError{err}
	}
	out, err := live.OpenFile(f.path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL, 0o600)
	if err != nil {
		return 0, writeError{err}
	}
	w := &checkedWriter{w: out}
	n, err := copyFile(entry, f.path, f.size, io.MultiWriter(h, w))
	if closed := out.Close(); w.err == nil {
		w.err = closed
	}
	if w.err != nil {
		return n, writeError{w.err}
	}
	return n, err
}

// writeError is one of the disk that is written to, not of the entry that is read.
type writeError struct{ error }

func (e writeError) Unwrap() error { return e.error }

// checkedWriter remembers that writing, not reading, failed.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err != nil {
		c.err = err
	}
	return n, err
}
