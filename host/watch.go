package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long the files must rest before they are read: editors and
// ConfigMap updates touch them several times.
const settle = 100 * time.Millisecond

// watcher reloads the configuration when one of its files changes. It watches
// folders, not files: a ConfigMap is updated by swapping a symbolic link, and
// editors replace files.
type watcher struct {
	g    *Gateway
	fs   *fsnotify.Watcher
	done chan struct{}

	mu    sync.Mutex
	files []string
	seen  [sha256.Size]byte
}

// watch starts watching the files of the configuration in force; nil when there
// are none, or when the system has no watches left.
func (g *Gateway) watch() *watcher {
	files := g.cfg.Load().Files()
	if len(files) == 0 {
		return nil
	}
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		g.log.Warn("file changes are not seen; reload with SIGHUP", "err", err)
		return nil
	}
	w := &watcher{g: g, fs: fs, done: make(chan struct{})}
	w.files = files
	w.follow(files, g.read0)
	go w.run()
	return w
}

// look takes note of what the files hold. A reload does so before it reads them:
// what changes while it is under way is then seen as a change.
func (w *watcher) look() (seen [sha256.Size]byte) {
	if w == nil {
		return seen
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return digest(w.files)
}

// follow watches the folders of these files, and of what they link to. seen is
// what they held before they were read.
func (w *watcher) follow(files []string, seen [sha256.Size]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(files, w.files) {
		seen = digest(files) // of other files
	}
	w.files, w.seen = files, seen
	for _, f := range files {
		dirs := []string{filepath.Dir(f)}
		if real, err := filepath.EvalSymlinks(f); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
		for _, d := range dirs {
			if err := w.fs.Add(d); err != nil {
				w.g.log.Warn("folder is not watched; reload with SIGHUP", "folder", d, "err", err)
			}
		}
	}
}

func (w *watcher) run() {
	defer close(w.done)
	timer := time.After(settle) // the files may have changed between New and here
	for {
		select {
		case _, ok := <-w.fs.Events:
			if !ok {
				return
			}
			if timer == nil {
				timer = time.After(settle)
			}
		case err, ok := <-w.fs.Errors:
			if !ok {
				return
			}
			w.g.log.Warn("file watcher", "err", err)
		case <-timer:
			timer = nil
			if w.changed() {
				_ = w.g.Reload(context.Background()) // it logs its faults
			}
		}
	}
}

// changed tells whether the files' contents differ from when they were last
// looked at. A folder's other files come and go.
func (w *watcher) changed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := digest(w.files)
	if now == w.seen {
		return false
	}
	w.seen = now
	return true
}

func digest(files []string) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, f := range files {
		b, err := content(f)
		if err != nil {
			b = []byte("unreadable: " + err.Error())
		}
		d := sha256.Sum256(b)
		h.Write(d[:])
	}
	h.Sum(sum[:0])
	return sum
}

// content reads a file. A pipe was read when the process began; reading it again
// could wait for ever.
func content(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("no regular file")
	}
	return os.ReadFile(path)
}

func (w *watcher) close() {
	_ = w.fs.Close()
	<-w.done
}
