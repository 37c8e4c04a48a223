package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

func (c *checker) targets() {
	for _, name := range names(c.config.Targets) {
		c.target(join("targets", name), c.config.Targets[name])
	}
}

func (c *checker) target(path string, t *Target) {
	c.onlyFor(path, t)
	switch {
	case t.Kind == "":
		return // a fault already; the rest depends on it
	case t.Kind != KindSim && t.URL == "":
		c.fault(c.at(path+".url", path), path+" has no url", "set "+path+".url to the server's base URL, such as http://127.0.0.1:8000/v1")
	case t.Kind != KindSim:
		if _, err := parseOrigin(t.URL); err != nil {
			c.fault(c.at(path+".url"), path+".url: "+err.Error(), "write "+path+".url as http://HOST[:PORT][/PREFIX], https://… or unix:/PATH[:/PREFIX]; credentials go to "+path+".key")
		}
	}
	switch {
	case t.Data == "" && (t.Kind == KindOpenAI || t.Kind == KindAnthropic):
		t.Data = DataCloud
	case t.Data == "":
		t.Data = DataLocal
	case !isName(t.Data):
		c.fault(c.at(path+".data"), path+".data is no name", "write a word such as local or cloud: letters, digits and . _ : -")
	}
	if t.Dialects == nil {
		t.Dialects = dialectsOf(t.Kind)
	}
	c.duplicates(path+".dialects", t.Dialects)
	if t.Kind != KindSim {
		c.oneSecret(path+".key", &t.Key, path+".key_file", t.KeyFile)
		c.proxy(path, t)
		c.clientTLS(path, t)
	}
	c.headers(path, t)
	c.models(path, t)
}

// dialectsOf gives the wire formats a kind of server speaks when none are named.
func dialectsOf(kind Kind) []string {
	switch kind {
	case KindAnthropic:
		return []string{DialectAnthropic}
	case KindSim:
		return []string{DialectOpenAI, DialectAnthropic}
	}
	return []string{DialectOpenAI}
}

// onlyFor refuses the settings that mean nothing for the target's kind, and
// clears their defaults.
func (c *checker) onlyFor(path string, t *Target) {
	if t.Kind == "" {
		return
	}
	v := reflect.ValueOf(t).Elem()
	for _, f := range fieldsOf(v.Type()) {
		if f.only == "" || (f.only == "sim") == (t.Kind == KindSim) {
			continue
		}
		v.Field(f.index).SetZero()
		if !c.given(path + "." + f.key) {
			continue
		}
		why := "is for kind sim only"
		if t.Kind == KindSim {
			why = "means nothing for kind sim, which runs inside Weir"
		}
		c.fault(c.at(path+"."+f.key), path+"."+f.key+" "+why, "remove it, or set "+path+".kind to what the target is")
	}
}

func (c *checker) proxy(path string, t *Target) {
	if t.Proxy == "" {
		return
	}
	at := path + ".proxy"
	if err := t.Proxy.check(); err != nil {
		c.fault(c.at(at), at+": "+err.Error(), "write "+at+" as http://[USER:PASSWORD@]HOST:PORT")
		return
	}
	if o, err := parseOrigin(t.URL); err == nil && o.unix {
		c.fault(c.at(at), at+" is given for a unix socket", "remove "+at)
	}
}

func (c *checker) headers(path string, t *Target) {
	seen := map[string]string{}
	for _, name := range names(t.Headers) {
		at := join(path+".headers", name)
		if !isHeaderValue(string(t.Headers[name])) {
			c.fault(c.at(at), at+" holds control characters, or blanks at its ends", "write a value that fits into one header line")
		}
		if first, twice := seen[strings.ToLower(name)]; twice {
			c.fault(c.at(at), at+" is the same header as "+first, "keep one of the two")
		}
		seen[strings.ToLower(name)] = name
	}
}

func (c *checker) models(path string, t *Target) {
	for _, name := range names(t.Models) {
		at := join(path+".models", name)
		if to := t.Models[name]; to == "" || hasControl(to) {
			c.fault(c.at(at), at+" is empty or holds control characters", "write the name the target knows the model by")
		}
	}
}

func (c *checker) duplicates(path string, list []string) {
	for i, s := range list {
		if at := fmt.Sprintf("%s[%d]", path, i); slices.Contains(list[:i], s) {
			c.fault(c.at(at), at+" names "+s+" again", "name each once in "+path)
		}
	}
}
