package compile

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// What names in a cache directory look like. Nothing else there is ever touched: a directory may be named by mistake.
const (
	buildSize = 32 // hex digits
	keyLength = 64

	jobPrefix   = "job"
	livePrefix  = "live"
	trashPrefix = "trash"
)

const (
	unusedFor  = 30 * 24 * time.Hour
	abandoned  = time.Hour // working directories older than this belong to no process that lives
	maxEntries = 4096
)

// kept is an entry of the cache, of any build and platform.
type kept struct {
	path string // from the cache directory
	size int64
	used time.Time
}

// sweep removes what was not used for long, and what is too much, those first that were not used for longest. Others may do the
// same at the same time: what is gone is gone. Empty directories of builds stay: another process may hold them open.
func (c *Cache) sweep(now time.Time) {
	var entries []kept
	for _, build := range c.children("", isHex(buildSize)) {
		for _, platform := range c.children(build, isPlatform) {
			c.sweepWork(platform, now)
			for _, entry := range c.children(platform, isHex(keyLength)) {
				entries = append(entries, c.measure(entry))
			}
		}
	}
	slices.SortFunc(entries, func(a, b kept) int { return b.used.Compare(a.used) })
	var total int64
	for i, e := range entries {
		if total += e.size; total > c.size || i >= maxEntries || now.Sub(e.used) > unusedFor {
			total -= e.size
			c.drop(e.path)
		}
	}
}

// children are the directories below parent with names that are ours.
func (c *Cache) children(parent string, ours func(string) bool) (paths []string) {
	list, err := fs.ReadDir(c.top.FS(), path.Join(".", parent))
	if err != nil {
		return nil
	}
	for _, e := range list {
		if e.IsDir() && ours(e.Name()) {
			paths = append(paths, path.Join(parent, e.Name()))
		}
	}
	return paths
}

// sweepWork removes what processes left behind that died while they compiled.
func (c *Cache) sweepWork(platform string, now time.Time) {
	for _, dir := range c.children(platform, isWork) {
		if info, err := c.top.Lstat(dir); err == nil && now.Sub(info.ModTime()) > abandoned {
			_ = c.top.RemoveAll(dir)
		}
	}
}

// measure reads an entry's size, and when it was used last. One without a seal is as old as can be.
func (c *Cache) measure(entry string) kept {
	k := kept{path: entry}
	if info, err := c.top.Lstat(path.Join(entry, sealFile)); err == nil {
		k.used = info.ModTime()
	}
	_ = fs.WalkDir(c.top.FS(), entry, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir
		}
		if info, err := d.Info(); err == nil {
			k.size += info.Size()
		}
		return nil
	})
	return k
}

func (c *Cache) drop(entry string) {
	trash := path.Join(path.Dir(entry), trashPrefix+"-"+path.Base(entry))
	if c.top.Rename(entry, trash) == nil { // whoever reads it meanwhile finds it whole or not at all
		_ = c.top.RemoveAll(trash)
	}
}

func isHex(length int) func(string) bool {
	return func(name string) bool {
		return len(name) == length && strings.Trim(name, "0123456789abcdef") == ""
	}
}

func isPlatform(name string) bool {
	system, processor, ok := strings.Cut(name, "-")
	return ok && system != "" && processor != "" && strings.Trim(system+processor, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

func isWork(name string) bool {
	kind, unique, ok := strings.Cut(name, "-")
	return ok && unique != "" && (kind == jobPrefix || kind == livePrefix || kind == trashPrefix)
}
