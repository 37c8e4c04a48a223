package compile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Limits bound the child process that compiles one module.
type Limits struct {
	CPU    time.Duration // processor time, rounded up to whole seconds; default 10s
	Wall   time.Duration // default 60s: processor time is what counts, and the compiler yields to requests
	Memory int64         // resident, in bytes; default 256 MiB. Never more than a quarter of the cgroup's limit
}

// Options of a Cache.
type Options struct {
	Dir    string   // cache_dir; made when missing
	Key    string   // file of the seal's key, outside Dir; default Dir with ".key" appended
	Self   []string // command line of the child; default this executable, "plugin", "compile", "--child"
	Limits Limits
	Build  string       // tells builds apart; default a digest of the executable
	Size   int64        // bytes that the cache may hold; default 1 GiB
	Log    *slog.Logger // nil: nothing is logged

	// Tell, unless nil, is called for each module that Compile is about to return, with the bytes that run. For tools.
	Tell func(code *Code, metered []byte)
}

// Cache compiles modules and remembers what came of it. One that is nil, or that Without made, compiles trusted modules alone.
type Cache struct {
	why error // it has no directory, for this reason

	top      *os.Root
	dir      *directory // entries of this build and platform
	build    string     // as directories name it
	platform string
	key      []byte
	self     []string
	limits   Limits
	cgroup   int64 // memory limit of the cgroup, in bytes; 0: none
	size     int64
	log      *slog.Logger
	tell     func(*Code, []byte)

	one  chan struct{} // holds a token while no child runs
	life context.Context
	end  context.CancelFunc
	open sync.RWMutex // held for reading by those who use the directory
}

// Without gives a Cache without a directory: it compiles trusted modules alone, and refuses others with this reason.
func Without(reason error) *Cache { return &Cache{why: reason} }

// Open readies a cache directory. It fails when the directory or the key cannot be had or are not this user's alone. A key that
// cannot be kept is a warning in the log: modules are then compiled again after each start.
func Open(opt Options) (*Cache, error) {
	c := &Cache{
		platform: runtime.GOOS + "-" + runtime.GOARCH, self: opt.Self, limits: opt.Limits, size: opt.Size, log: opt.Log, tell: opt.Tell,
		one: make(chan struct{}, 1),
	}
	c.life, c.end = context.WithCancel(context.Background())
	c.one <- struct{}{}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.size == 0 {
		c.size = 1 << 30
	}
	if err := c.acquire(opt); err != nil {
		_ = c.Close()
		return nil, err
	}
	c.sweep(time.Now())
	return c, nil
}

func (c *Cache) acquire(opt Options) error {
	if err := c.setLimits(); err != nil {
		return err
	}
	exe, err := executable()
	if err != nil {
		return fmt.Errorf("compile plugins: find this executable: %w", err)
	}
	if len(c.self) == 0 {
		c.self = []string{exe, "plugin", "compile", "--child"}
	}
	if c.build, err = buildID(opt.Build, exe); err != nil {
		return fmt.Errorf("compile plugins: read this executable: %w", err)
	}
	if opt.Dir == "" {
		return fmt.Errorf("%s is not set", SettingDir)
	}
	if err := c.openDir(opt.Dir); err != nil {
		return fmt.Errorf("%s: %w", SettingDir, err)
	}
	return c.openKey(opt)
}

func (c *Cache) openDir(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	if c.top, err = os.OpenRoot(path); err != nil {
		return err
	}
	info, err := c.top.Stat(".")
	if err == nil {
		err = unshared(info)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if c.dir, err = openDirectory(c.top, os.Getuid(), c.build, c.platform); err != nil {
		return err
	}
	probe, err := c.dir.temporary(trashPrefix) // a directory that was made earlier may be read-only now
	if err != nil {
		return err
	}
	return c.dir.Remove(probe)
}

func (c *Cache) openKey(opt Options) error {
	path := opt.Key
	if path == "" {
		path = filepath.Clean(opt.Dir) + ".key"
	}
	key, dir := resolved(path), resolved(opt.Dir)
	if inside, err := filepath.Rel(dir, key); err == nil && filepath.IsLocal(inside) {
		return fmt.Errorf("%s: %s lies in %s, and who can change what is sealed must not find the key beside it", SettingKey, path, SettingDir)
	}
	var kept, err error
	if c.key, kept, err = openKey(path, os.Getuid()); err != nil {
		return fmt.Errorf("%s: %w", SettingKey, err)
	}
	if kept != nil {
		c.log.Warn("compiled plugins are not kept over restarts: their key cannot be written", "setting", SettingKey, "err", kept)
	}
	return nil
}

// resolved is the absolute path without links, as far as it exists.
func resolved(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(resolved(parent), filepath.Base(path))
	}
	return path
}

// setLimits fills in defaults and looks up the cgroup.
func (c *Cache) setLimits() error {
	l := &c.limits
	if l.CPU < 0 || l.Wall < 0 || l.Memory < 0 {
		return fmt.Errorf("%s, %s and %s are not below 0", SettingCPU, SettingWall, SettingMemory)
	}
	if l.CPU == 0 {
		l.CPU = 10 * time.Second
	}
	if l.Wall == 0 {
		l.Wall = time.Minute
	}
	if l.Memory == 0 {
		l.Memory = 256 << 20
	}
	l.CPU = (l.CPU + time.Second - 1).Truncate(time.Second)
	if n, err := memlimit.FromCgroup(); err == nil && n < 1<<50 { // an error: no cgroup, or no limit there
		c.cgroup = int64(n)
		l.Memory = min(l.Memory, c.cgroup/4)
	}
	return nil
}

// executable is this program's file; on Linux it stays the one that runs when another is put in its place.
func executable() (string, error) {
	if byDescriptor {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// buildID is a directory's name that another build does not have: its meter or its compiler may differ.
func buildID(build, exe string) (string, error) {
	h := sha256.New()
	if build != "" {
		_, _ = io.WriteString(h, build)
		return hex.EncodeToString(h.Sum(nil)[:buildSize/2]), nil
	}
	f, err := os.Open(exe)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:buildSize/2]), nil
}
