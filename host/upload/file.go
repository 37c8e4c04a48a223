package upload

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// version of NAME.json.
const version = 1

// maxRecord bounds NAME.json, in bytes.
const maxRecord = 4 << 20

// Ends of files' names.
const (
	corrupt = ".corrupt"
	next    = ".next" // one name a file: what a crash left behind is overwritten, not gathered
)

// record is NAME.json.
type record struct {
	Version  int             `json:"version"`
	Tenant   string          `json:"tenant"`
	Name     string          `json:"name"`
	SHA256   string          `json:"sha256"`
	Size     int64           `json:"size"`
	Uploaded time.Time       `json:"uploaded"`
	Settings json.RawMessage `json:"settings"`
	Sum      string          `json:"sum"` // SHA-256 of all this with sum "": against disks and torn writes, not against people
}

func (r record) sum() (string, error) {
	r.Sum = ""
	text, err := marshal(r)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

func encode(p *Plugin) ([]byte, error) {
	if len(p.Settings) == 0 {
		p.Settings = []byte("{}")
	}
	var err error
	if p.Settings, err = marshal(json.RawMessage(p.Settings)); err != nil { // as they will be read
		return nil, fmt.Errorf("keep plugin %q: its settings: %w", p.Name, err)
	}
	p.Time = p.Time.UTC().Round(0)
	r := record{Version: version, Tenant: p.Tenant, Name: p.Name, SHA256: p.SHA256, Size: p.Size, Uploaded: p.Time, Settings: p.Settings}
	if r.Sum, err = r.sum(); err != nil {
		return nil, err
	}
	text, err := marshal(r)
	return append(text, '\n'), err
}

// marshal writes JSON on one line without escapes for HTML: settings must not grow.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// decode reads NAME.json, which has to be that of this folder and name.
func decode(folder, name string, text []byte) (*Plugin, error) {
	var r record
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return nil, errors.New("it cannot be read as what Weir writes there")
	}
	sum, err := r.sum()
	switch {
	case r.Version != version:
		return nil, fmt.Errorf("it is of version %d; this Weir knows %d", r.Version, version)
	case err != nil || sum != r.Sum:
		return nil, errors.New("its sum is wrong")
	case folderOf(r.Tenant) != folder || r.Name != name:
		return nil, errors.New("it is another plugin's")
	}
	return &Plugin{Tenant: r.Tenant, Name: r.Name, SHA256: r.SHA256, Size: r.Size, Settings: r.Settings, Time: r.Uploaded}, nil
}

func moduleFile(name, digest string) string { return name + "." + digest + ".wasm" }

// nameOf is the plugin that a file in a tenant's folder belongs to; "" for a file that is not of this package.
func nameOf(file string) string {
	name, _, _ := strings.Cut(file, ".") // names hold no dot
	if !ValidName(name) {
		return ""
	}
	return name
}

// read takes in a tenant's folder.
func (s *Store) read(folder string) error {
	files, err := os.ReadDir(filepath.Join(s.dir, folder))
	if err != nil {
		return err
	}
	own := map[string]*Plugin{}
	s.plugins[folder] = own
	for _, f := range files {
		name := nameOf(f.Name())
		if name == "" || f.Name() != name+".json" {
			continue
		}
		text, err := readUpTo(filepath.Join(s.dir, folder, f.Name()), maxRecord)
		if err != nil && !errors.Is(err, errLarger) { // what cannot be read today may be good tomorrow
			own[name] = &Plugin{Name: name, Fault: "what was kept of it cannot be read"}
			s.log.Error("an uploaded plugin cannot be read; its fail mode is in force", "file", f.Name(), "folder", folder, "err", err)
			continue
		}
		if err == nil {
			own[name], err = decode(folder, name, text)
		}
		if err != nil {
			own[name] = &Plugin{Name: name, Fault: "what was kept of it: " + err.Error()}
			s.setAside(folder, f.Name(), err)
		}
	}
	for _, f := range files { // set aside before: the plugin is still wanted
		if name := nameOf(f.Name()); name != "" && own[name] == nil && f.Name() == name+".json"+corrupt {
			own[name] = &Plugin{Name: name, Fault: "what was kept of it was corrupt and is set aside in " + f.Name()}
		}
	}
	for _, f := range files {
		if name := nameOf(f.Name()); name != "" && (own[name] == nil || own[name].Fault == "") {
			s.tidy(folder, name)
		}
	}
	return nil
}

// tidy removes the files of a name that are not those of its plugin: what it replaced, and what a crash left half-way. A file that cannot be
// removed is of no consequence.
func (s *Store) tidy(folder, name string) {
	dir := filepath.Join(s.dir, folder)
	keep := map[string]bool{}
	if p := s.plugins[folder][name]; p != nil {
		if p.Fault != "" && p.SHA256 == "" {
			return // whatever there is, is somebody's to look at
		}
		module := moduleFile(name, p.SHA256)
		keep[name+".json"], keep[module] = true, true
		if p.Fault != "" {
			keep[module+corrupt] = true
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, f := range files {
		if nameOf(f.Name()) == name && !keep[f.Name()] && ours(f.Name()) {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}

// ours tells whether a file of a plugin's name is one that this package makes.
func ours(file string) bool {
	for _, end := range []string{next, corrupt, ""} {
		if rest, ok := strings.CutSuffix(file, end); ok && (strings.HasSuffix(rest, ".json") || strings.HasSuffix(rest, ".wasm")) {
			return true
		}
	}
	return false
}

// setAside renames a corrupt file, and tells.
func (s *Store) setAside(folder, file string, why error) {
	path := filepath.Join(s.dir, folder, file)
	attrs := []any{"file", path, "reason", why}
	if err := os.Rename(path, path+corrupt); err == nil {
		attrs = append(attrs, "set_aside", path+corrupt)
	} else if !errors.Is(err, fs.ErrNotExist) {
		attrs = append(attrs, "err", err)
	}
	s.log.Error("an uploaded plugin is corrupt; its fail mode is in force until its tenant uploads it again", attrs...)
}

var errLarger = errors.New("it is larger than what was put")

// readUpTo reads a file of at most so many bytes.
func readUpTo(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = errLarger
	}
	return text, err
}

// replace puts a file in the place of any of its name. Whoever looks sees one of the two, whole.
func replace(path string, text []byte) error {
	w, err := os.OpenFile(path+next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	if err = errors.Join(err, w.Sync(), w.Close()); err == nil {
		err = os.Rename(path+next, path)
	}
	if err != nil {
		_ = os.Remove(path + next)
	}
	return err
}

// settle makes what was renamed in a folder last. Where that cannot be done all is well until the power fails.
func (s *Store) settle(dir string) {
	d, err := os.Open(dir)
	if err == nil {
		err = d.Sync()
		_ = d.Close()
	}
	if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		s.log.Warn("uploaded plugins may not outlast a power failure", "folder", dir, "err", err)
	}
}
