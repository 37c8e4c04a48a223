package compile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// directory is one of this user alone, held open: what becomes of the names above it no longer matters.
type directory struct {
	*os.Root
	self *os.File
	uid  int
}

// openDirectory opens parent's subdirectory name, which may lie several levels down, and makes what is missing of it. Each level
// must be this user's alone.
func openDirectory(parent *os.Root, uid int, names ...string) (*directory, error) {
	path := ""
	for _, name := range names {
		path = filepath.Join(path, name)
		if err := parent.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		info, err := parent.Lstat(path)
		if err == nil {
			err = private(info, uid, true)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(parent.Name(), path), err)
		}
	}
	return subdirectory(parent, path, uid)
}

// subdirectory opens a directory that must be there and be this user's alone.
func subdirectory(parent *os.Root, path string, uid int) (*directory, error) {
	root, err := parent.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	d := &directory{Root: root, uid: uid}
	if d.self, err = root.Open("."); err == nil {
		var info fs.FileInfo
		if info, err = d.self.Stat(); err == nil {
			err = private(info, uid, true)
		}
	}
	if err != nil {
		d.close()
		return nil, fmt.Errorf("%s: %w", filepath.Join(parent.Name(), path), err)
	}
	return d, nil
}

func (d *directory) close() {
	if d.self != nil {
		_ = d.self.Close()
	}
	_ = d.Root.Close()
}

// path names what lies in the directory for those who open it by name: other processes started from here, and wazero.
func (d *directory) path(name string) string {
	if byDescriptor {
		return fmt.Sprintf("/proc/self/fd/%d/%s", d.self.Fd(), name)
	}
	return filepath.Join(d.Name(), name)
}

// byDescriptor tells whether an open directory has a path that stays right when somebody renames the names above it.
const byDescriptor = runtime.GOOS == "linux"

// temporary makes a directory with a name that nobody else has.
func (d *directory) temporary(kind string) (name string, err error) {
	name = kind + "-" + rand.Text()
	return name, d.Mkdir(name, 0o700)
}

// remove takes a directory of ours away, and what is not to be used under its name. The name is free at once.
func (d *directory) remove(name string) error {
	trash := trashPrefix + "-" + rand.Text()
	if err := d.Rename(name, trash); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return d.RemoveAll(trash)
}

// private holds what was found to being this user's alone, and a directory or a plain file.
func private(info fs.FileInfo, uid int, dir bool) error {
	switch stat, ok := info.Sys().(*syscall.Stat_t); {
	case dir && !info.IsDir():
		return errors.New("it is no directory")
	case !dir && !info.Mode().IsRegular():
		return errors.New("it is no regular file")
	case !ok:
		return errors.New("the system does not tell whose it is")
	case int(stat.Uid) != uid:
		return fmt.Errorf("it belongs to user %d, and Weir runs as user %d", stat.Uid, uid)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("its mode is %#o: others than its owner have access", info.Mode().Perm())
	default:
		return nil
	}
}

// unshared refuses a cache directory in which others could exchange what this process is about to open by name.
func unshared(info fs.FileInfo) error {
	if byDescriptor || info.Mode().Perm()&0o022 == 0 || info.Mode()&fs.ModeSticky != 0 {
		return nil
	}
	return fmt.Errorf("its mode is %#o: others can write to it", info.Mode().Perm())
}
