package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// defaultName is what faults of the embedded default name as their file.
const defaultName = "embedded default"

// defaultConfig is what Weir runs without a configuration file.
const defaultConfig = "targets: {sim: {kind: sim}}\n"

// Default gives the embedded configuration: one target sim of kind sim, one
// route for everything, no tenants, listen 127.0.0.1:8080, admin on 127.0.0.1:8081.
func Default() *Config {
	c, err := Parse(defaultName, []byte(defaultConfig), nil)
	if err != nil {
		panic("config: " + err.Error()) // a constant of this package is wrong
	}
	return c
}

// Load reads the configuration file at path, and the secret, TLS and phrase
// files it names. env looks variables up, as os.LookupEnv does; nil knows none. The
// error, if any, is of type Faults.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	data, readable, err := readConfig(path)
	if err != nil {
		return nil, Faults{{File: path, Line: 1, Column: 1, What: "cannot read the configuration: " + err.Error(), Setting: "name a readable file with --config"}}
	}
	return parse(path, data, env, readable, true)
}

// Parse reads a configuration from data. It reads no files but the secret, TLS
// and phrase files that the configuration names; their relative paths start at
// the folder of name. env and errors are as for Load.
func Parse(name string, data []byte, env func(string) (string, bool)) (*Config, error) {
	return parse(name, data, env, false, false)
}

// readConfig reads a file, or a pipe to its end, up to the limit, and says
// whether everybody can read it.
func readConfig(path string) (data []byte, readable bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, bare(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, bare(err)
	}
	if info.IsDir() {
		return nil, false, errors.New("it is a folder")
	}
	data, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, false, bare(err)
	}
	return data, info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0, nil
}

func parse(name string, data []byte, env func(string) (string, bool), readable, file bool) (*Config, error) {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	faults := &faultList{file: name}
	root := parseSource(data, faults)
	if root == nil {
		return nil, faults.sorted()
	}
	d := &decoder{dir: filepath.Dir(name), env: env, faults: faults, places: map[string]place{}}
	cfg := new(Config)
	setDefaults(reflect.ValueOf(cfg).Elem())
	d.root(root, cfg)
	c := newChecker(d, cfg)
	if file {
		c.watch(d.absolute(filepath.Base(name)))
	}
	c.all()
	if readable && len(d.literals) > 0 {
		c.warnings.add(c.at(d.literals[0]), "every user of this machine can read the secrets in this file", "take the right to read away from others: chmod o-r, or move the secrets to files or variables")
	}
	if faults.any() {
		return nil, faults.sorted()
	}
	cfg.files, cfg.warnings = c.files, c.warnings.sorted()
	return cfg, nil
}

// root decodes the whole file, whose path is empty.
func (d *decoder) root(n *node, cfg *Config) {
	if n.kind != kindMapping {
		d.faults.add(n.place, "the configuration is "+n.kind.name()+", not a mapping", "begin with keys such as listen: and targets:")
		return
	}
	d.structure(n, "", reflect.ValueOf(cfg).Elem())
}

func setRouteDefaults(r *Route) { setDefaults(reflect.ValueOf(r).Elem()) }

// Digest gives the SHA-256 of the key, however it was given; zero when there
// is none.
func (k Key) Digest() [sha256.Size]byte {
	var sum [sha256.Size]byte
	switch {
	case k.Value != "":
		return sha256.Sum256([]byte(k.Value))
	case isDigest(k.SHA256):
		hex.Decode(sum[:], []byte(k.SHA256)) //nolint:errcheck // checked by isDigest
	}
	return sum
}

// SetListen replaces Listen by what a command-line flag says, and checks it
// like the setting. Relative socket paths start at the working directory.
func (c *Config) SetListen(addresses ...string) error {
	list := make(Listen, len(addresses))
	for i, text := range addresses {
		if err := (&decoder{}).setAddress(&list[i], text, field{}); err != nil {
			return flagFault("--listen", err.Error(), "write --listen as HOST:PORT or unix:PATH")
		}
	}
	if len(list) == 0 {
		return flagFault("--listen", "no address", "write --listen as HOST:PORT or unix:PATH")
	}
	for _, f := range checkListen(list, c.Admin.Listen, c.hasKeys(), "--listen") {
		return flagFault("--listen", f.what, f.setting)
	}
	c.Listen = list
	return nil
}

// SetAdmin replaces Admin.Listen by what a command-line flag says; "" and off
// disable the admin listener.
func (c *Config) SetAdmin(address string) error {
	var a Address
	if err := (&decoder{}).setAddress(&a, address, field{format: "optional"}); err != nil {
		return flagFault("--admin", err.Error(), "write --admin as HOST:PORT, unix:PATH or off")
	}
	if slices.ContainsFunc(c.Listen, a.conflicts) {
		return flagFault("--admin", "this address is taken by listen", "give --admin another port")
	}
	c.Admin.Listen = a
	return nil
}

func flagFault(flag, what, setting string) error {
	return Faults{{File: flag, Line: 1, Column: 1, What: strings.TrimSpace(what), Setting: setting}}
}
