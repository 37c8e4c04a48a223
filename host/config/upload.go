package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxUploadSettings bounds what a tenant may say of a plugin, in bytes of JSON.
const MaxUploadSettings = 1 << 20

// uploadName is what faults of the settings of an upload name as their file.
const uploadName = "settings"

// An upload is what a tenant may say of a plugin that it uploads: the part of Plugin that is not the operator's to decide.
// Limits may be lowered, not raised; capabilities there are none.
type upload struct {
	Mode    string            `yaml:"mode" default:"enforce" enum:"enforce observe off"`
	OnError string            `yaml:"on_error" enum:"deny allow"`
	OnFault map[string]string `yaml:"on_fault" format:"fault" enum:"deny allow" most:"16"`
	Sample  float64           `yaml:"sample" default:"1" range:"0..1"`
	Limits  PluginLimits      `yaml:"limits"`
	Config  Settings          `yaml:"config"`
}

// ParseUpload reads the settings of an uploaded plugin: a JSON object of mode, on_error, on_fault, sample, limits and config, each as
// plugins.NAME has them, without variables. No text at all is {}. The error, if any, is of type Faults.
func ParseUpload(text []byte) (*Plugin, error) {
	u := new(upload)
	setDefaults(reflect.ValueOf(u).Elem())
	faults := &faultList{file: uploadName}
	d := &decoder{faults: faults, places: map[string]place{}, plain: true}
	if len(text) > 0 {
		d.upload(text, u)
	}
	if faults.any() {
		return nil, faults.sorted()
	}
	return &Plugin{Mode: u.Mode, OnError: u.OnError, OnFault: u.OnFault, Sample: u.Sample, Limits: u.Limits, Config: u.Config}, nil
}

func (d *decoder) upload(text []byte, u *upload) {
	at := place{1, 1}
	if len(text) > MaxUploadSettings {
		d.faults.add(at, "the settings are longer than "+Size(MaxUploadSettings).String(), "shorten config, or let the plugin hold its data itself")
		return
	}
	root, err := parseJSON(text)
	if err != nil {
		d.faults.add(at, "not valid JSON: "+err.Error(), "write one JSON object")
		return
	}
	if root.kind != kindMapping {
		d.faults.add(root.place, "the settings are "+root.kind.name()+", not an object", "write one JSON object")
		return
	}
	d.structure(root, "", reflect.ValueOf(u).Elem())
	most := new(PluginLimits)
	setDefaults(reflect.ValueOf(most).Elem())
	given, allowed := reflect.ValueOf(u.Limits), reflect.ValueOf(*most)
	for _, f := range fieldsOf(given.Type()) {
		if path := join("limits", f.key); given.Field(f.index).Int() > allowed.Field(f.index).Int() {
			d.faults.add(d.places[path], path+" is above what a tenant may have: "+f.def, "lower "+path+", or remove it")
		}
	}
}

// jsonReader turns JSON into the tree that YAML files make, so that both are decoded alike.
type jsonReader struct {
	text []byte
	dec  *jsontext.Decoder
	at   place // of byte done
	done int
}

// parseJSON reads one value. Names given twice and text that is not UTF-8 are errors.
func parseJSON(text []byte) (*node, error) {
	r := jsonReader{text: text, dec: jsontext.NewDecoder(bytes.NewReader(text)), at: place{1, 1}}
	root, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return root, nil
}

// place is where the next token begins.
func (r *jsonReader) place() place {
	next := int(r.dec.InputOffset())
	for next < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[next]) >= 0 {
		next++
	}
	for r.done < next {
		c, n := utf8.DecodeRune(r.text[r.done:])
		r.done += n
		r.at.column++
		if c == '\n' {
			r.at = place{r.at.line + 1, 1}
		}
	}
	return r.at
}

func (r *jsonReader) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("more than %d levels", maxDepth)
	}
	n := &node{place: r.place()}
	t, err := r.dec.ReadToken()
	if err != nil {
		return nil, jsonFault(err)
	}
	switch t.Kind() {
	case 'n':
	case 't', 'f':
		n.kind, n.text = kindBool, t.String()
	case '"':
		n.kind, n.text = kindString, t.String()
	case '0':
		n.kind, n.text = kindInteger, t.String()
		if strings.ContainsAny(n.text, ".eE") {
			n.kind = kindFloat
		}
	case '{':
		n.kind = kindMapping
		err = r.entries(n, depth)
	case '[':
		n.kind = kindSequence
		err = r.items(n, depth)
	}
	return n, err
}

func (r *jsonReader) entries(n *node, depth int) error {
	for {
		at := r.place()
		t, err := r.dec.ReadToken()
		if err != nil {
			return jsonFault(err)
		}
		if t.Kind() == '}' {
			return nil
		}
		key := t.String()
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.entries = append(n.entries, entry{key, at, value})
	}
}

func (r *jsonReader) items(n *node, depth int) error {
	for r.dec.PeekKind() != ']' {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, err := r.dec.ReadToken()
	return err
}

// jsonFault says what is wrong and where, without the text there.
func jsonFault(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return errors.New("a name is given twice in one object")
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Errorf("at byte %d", syntax.ByteOffset)
	}
	return errors.New("it cannot be read")
}
