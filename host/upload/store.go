package upload

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrCorrupt is returned for what is not what was put.
var ErrCorrupt = errors.New("corrupt")

// Plugin is what is kept of an uploaded plugin, its module aside.
type Plugin struct {
	Tenant, Name string
	SHA256       string    // of the module, in hex
	Size         int64     // of the module, in bytes
	Settings     []byte    // JSON
	Time         time.Time // of the upload
	Fault        string    // why it cannot be used: a file was found corrupt; if it is NAME.json, nothing above but the name is known
}

// Store keeps plugins in a folder. Its methods may be called from any goroutine.
type Store struct {
	dir  string
	log  *slog.Logger
	lock *os.File // nil: the file system has no locks, or cannot be written

	mu      sync.Mutex
	plugins map[string]map[string]*Plugin // by folder and name
}

// ValidName tells whether a plugin may be called so: 1 to 64 of a-z, 0-9 and -. That is safe in paths of any file system.
func ValidName(name string) bool {
	return len(name) >= 1 && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// folderOf is the name of a tenant's folder. Tenants' names are case-sensitive and may be "..", file systems need not be and it may not.
func folderOf(tenant string) string {
	const plain = "abcdefghijklmnopqrstuvwxyz0123456789-_"
	if strings.Trim(tenant, plain) == "" && tenant != "" && len(tenant) <= 128 {
		return tenant
	}
	sum := sha256.Sum256([]byte(tenant))
	readable := strings.Map(func(r rune) rune {
		if strings.ContainsRune(plain, r) {
			return r
		}
		return '_'
	}, strings.ToLower(tenant))
	return readable[:min(len(readable), 64)] + "+" + hex.EncodeToString(sum[:16])
}

// Open reads what is in a folder, which is made when missing. Corrupt files are no error: they are set aside.
func Open(dir string, log *slog.Logger) (*Store, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Store{dir: dir, log: log, plugins: map[string]map[string]*Plugin{}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if s.lock, err = takeLock(filepath.Join(dir, ".lock")); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	for _, f := range folders {
		if !f.IsDir() {
			continue
		}
		if err := s.read(f.Name()); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// takeLock takes the lock of a folder. It lasts as long as the file is open.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil // nothing can be put then, which will be told
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		_ = f.Close()
		return nil, errors.New("another process keeps its plugins there; give each its own folder")
	}
	return f, nil
}

// Close lets others have the folder. It may be called again.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return nil
	}
	err := s.lock.Close()
	s.lock = nil
	return err
}

// Dir is the folder.
func (s *Store) Dir() string { return s.dir }

// Of are a tenant's plugins by name.
func (s *Store) Of(tenant string) []Plugin {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.plugins[folderOf(tenant)]
	out := make([]Plugin, 0, len(own))
	for _, name := range slices.Sorted(maps.Keys(own)) {
		out = append(out, *own[name])
		out[len(out)-1].Tenant = tenant // which a corrupt file does not say
	}
	return out
}

// Get is one plugin of a tenant.
func (s *Store) Get(tenant, name string) (Plugin, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.plugins[folderOf(tenant)][name]
	if p == nil {
		return Plugin{}, false
	}
	out := *p
	out.Tenant = tenant
	return out, true
}

// Put keeps a plugin in the place of any of its name. On an error the old one stays.
func (s *Store) Put(p Plugin, module []byte) error {
	if !ValidName(p.Name) || p.Tenant == "" {
		return fmt.Errorf("keep plugin %q of tenant %q: no such name can be kept", p.Name, p.Tenant)
	}
	sum := sha256.Sum256(module)
	p.SHA256, p.Size, p.Fault = hex.EncodeToString(sum[:]), int64(len(module)), ""
	text, err := encode(&p)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	folder := folderOf(p.Tenant)
	dir := filepath.Join(s.dir, folder)
	if err := os.Mkdir(dir, 0o700); err == nil {
		s.settle(s.dir)
	} else if !errors.Is(err, os.ErrExist) {
		return err
	}
	wasm := filepath.Join(dir, moduleFile(p.Name, p.SHA256))
	if err := replace(wasm, module); err != nil {
		return err
	}
	s.settle(dir) // the module lasts before anything names it
	if err := replace(filepath.Join(dir, p.Name+".json"), text); err != nil {
		s.tidy(folder, p.Name)
		return err
	}
	s.settle(dir)
	if s.plugins[folder] == nil {
		s.plugins[folder] = map[string]*Plugin{}
	}
	s.plugins[folder][p.Name] = &p
	s.tidy(folder, p.Name)
	return nil
}

// Delete forgets a plugin; none of that name is no error.
func (s *Store) Delete(tenant, name string) error {
	if !ValidName(name) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	folder := folderOf(tenant)
	dir := filepath.Join(s.dir, folder)
	for _, file := range []string{name + ".json" + corrupt, name + ".json"} { // in this order: the last one is the plugin
		if err := os.Remove(filepath.Join(dir, file)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if s.plugins[folder][name] == nil {
		return nil
	}
	delete(s.plugins[folder], name)
	s.settle(dir)
	s.tidy(folder, name)
	return nil
}

// Module reads a plugin's module. One that is not what was put is set aside, and the error is ErrCorrupt.
func (s *Store) Module(p Plugin) ([]byte, error) {
	if p.Fault != "" {
		return nil, fmt.Errorf("%w: %s", ErrCorrupt, p.Fault)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	folder := folderOf(p.Tenant)
	file := moduleFile(p.Name, p.SHA256)
	module, err := readUpTo(filepath.Join(s.dir, folder, file), p.Size)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = errors.New("its module is not there any more")
	case errors.Is(err, errLarger):
	case err != nil:
		return nil, err
	default:
		if sum := sha256.Sum256(module); hex.EncodeToString(sum[:]) == p.SHA256 {
			return module, nil
		}
		err = errors.New("its module is not the one that was uploaded")
	}
	if now := s.plugins[folder][p.Name]; now != nil && now.SHA256 == p.SHA256 {
		now.Fault = err.Error()
	}
	s.setAside(folder, file, err)
	return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
}
