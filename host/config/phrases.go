package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds on phrases. All but the first are those of the package that compiles
// them: what it would refuse is reported here, with its place.
const (
	maxPhraseFile  = 4 << 20
	maxPhrase      = 1 << 10 // bytes of one phrase
	maxPhrases     = 65_536  // of all lists together
	maxPhraseBytes = 2 << 20 // of all lists together
)

// maxLineFaults is how many lines of one file of phrases are reported: a file
// that is no text at all has a fault in most of its lines.
const maxLineFaults = 10

// All gives the phrases of the list: those of List, then those of File, each as
// often as it is written.
func (p *Phrases) All() []string { return slices.Concat(p.List, p.lines) }

func (c *checker) phrases() {
	count, size, full := 0, 0, false
	for _, name := range names(c.config.Phrases) {
		path := join("phrases", name)
		p := c.config.Phrases[name]
		c.phraseList(path, p)
		for _, phrase := range p.All() {
			count++
			size += len(phrase)
		}
		if full || count <= maxPhrases && size <= maxPhraseBytes {
			continue
		}
		full = true
		c.fault(c.at(path), fmt.Sprintf("%s: the lists up to this one hold %d phrases of %d bytes, more than %d or %s", path, count, size, maxPhrases, Size(maxPhraseBytes)),
			"shorten the lists under phrases")
	}
}

// phraseList checks one list and reads its file.
func (c *checker) phraseList(path string, p *Phrases) {
	for i, phrase := range p.List {
		at := fmt.Sprintf("%s.list[%d]", path, i)
		if what := phraseFault(phrase); what != "" {
			c.fault(c.at(at), at+" is "+what, "write a phrase of 1 to 1024 bytes of UTF-8, or remove it")
		}
	}
	switch {
	case p.File != "":
		c.phraseFile(path+".file", p)
	case !c.given(path+".list") && !c.given(path+".file"):
		c.fault(c.at(path), path+" has no phrase", "give "+path+" a list or a file")
	}
}

// phraseFault says what is wrong with a phrase; "" when nothing is. Blanks alone
// would be found in every text.
func phraseFault(phrase string) string {
	switch {
	case strings.TrimSpace(phrase) == "":
		return "empty"
	case len(phrase) > maxPhrase:
		return "longer than " + Size(maxPhrase).String()
	case !utf8.ValidString(phrase):
		return "not UTF-8"
	}
	return ""
}

// phraseFile reads the phrases of a file.
func (c *checker) phraseFile(setting string, p *Phrases) {
	c.watch(p.File)
	data, _, err := readFile(p.File, maxPhraseFile)
	if err != nil {
		c.fault(c.at(setting), setting+": cannot read the file: "+err.Error(), "name a readable file in "+setting+"; relative paths start at the configuration file's folder")
		return
	}
	lines, faults, more := phraseLines(data)
	for _, what := range faults {
		c.fault(c.at(setting), setting+": "+what, "mend the file that "+setting+" names: UTF-8, one phrase a line, each of at most 1024 bytes")
	}
	switch {
	case more > 0:
		c.fault(c.at(setting), fmt.Sprintf("%s: %d more lines", setting, more), "mend those above first")
	case len(faults) == 0 && len(lines) == 0:
		c.fault(c.at(setting), setting+": the file holds no phrase", "write one phrase a line into the file that "+setting+" names")
	}
	p.lines = lines
}

// phraseLines splits a file of phrases. The faults name their lines, counted
// from 1, and do not repeat what stands there; more counts those left out.
func phraseLines(data []byte) (phrases, faults []string, more int) {
	text := string(bytes.TrimPrefix(data, []byte("\ufeff")))
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		switch what := phraseFault(line); {
		case what == "":
			phrases = append(phrases, line)
		case len(faults) < maxLineFaults:
			faults = append(faults, fmt.Sprintf("line %d is %s", number, what))
		default:
			more++
		}
	}
	return phrases, faults, more
}
