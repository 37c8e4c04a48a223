package compile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

const keySize = 32

// openKey reads the key of the seals, and makes it when there is none. Where none can be kept, kept says why, and the key is one
// for the life of the process.
func openKey(path string, uid int) (key []byte, kept, err error) {
	key, err = readKey(path, uid)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, nil, err
	}
	if kept = makeKey(path); kept != nil {
		key = make([]byte, keySize)
		_, _ = rand.Read(key) // it never fails
		return key, kept, nil
	}
	key, err = readKey(path, uid)
	return key, nil, err
}

func readKey(path string, uid int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := private(info, uid, false); err != nil {
		return nil, fmt.Errorf("%s: %w; remove it, and modules are compiled again under a new key", path, err)
	}
	key, err := io.ReadAll(io.LimitReader(f, keySize+1))
	if err != nil {
		return nil, err
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("%s: it is not a key of %d bytes; remove it, and modules are compiled again under a new key", path, keySize)
	}
	return key, nil
}

// makeKey makes a key whole or not at all, and leaves alone the one that another process made meanwhile.
func makeKey(path string) error {
	temporary := path + "." + rand.Text()
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary) }()
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // it never fails
	_, err = f.Write(key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(temporary, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
