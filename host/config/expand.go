package config

import (
	"fmt"
	"strings"
)

// maxValue bounds a value after expansion: a few letters of the file must not
// become many times a large variable.
const maxValue = 64 << 10

// expand replaces the variables of a string value: ${NAME} by the variable's
// value, which is not looked at again, and $$ by one $. Any other $ stands for
// itself. It reports what it cannot expand, and whether there was a variable.
func (d *decoder) expand(n *node, path string) (text string, expanded, ok bool) {
	if d.plain {
		return n.text, false, true
	}
	if !strings.Contains(n.text, "$") {
		return unmask(n.text), false, true
	}
	var b strings.Builder
	missing := map[string]bool{}
	before, rest, more := strings.Cut(n.text, "$")
	b.WriteString(unmask(before))
	for more {
		switch {
		case strings.HasPrefix(rest, "$"):
			b.WriteByte('$')
			rest = rest[1:]
		case strings.HasPrefix(rest, string(maskOpen)):
			var name string
			name, rest, _ = strings.Cut(rest[len(string(maskOpen)):], string(maskClose))
			value, set := d.env(name)
			if !set && !missing[name] {
				missing[name] = true
				d.faults.add(n.place, path+": the environment variable "+name+" is not set", "set "+name+", or write a value for "+path)
			}
			b.WriteString(value)
			expanded = true
		case strings.HasPrefix(rest, "{"):
			d.faults.add(n.place, path+" holds a ${ that begins no variable", "write ${NAME} with letters, digits and _, or $${ for the characters themselves")
			return "", false, false
		default:
			b.WriteByte('$')
		}
		if b.Len() > maxValue {
			d.faults.add(n.place, fmt.Sprintf("%s is longer than %d bytes with its variables expanded", path, maxValue), "shorten the variables in "+path)
			return "", false, false
		}
		before, rest, more = strings.Cut(rest, "$")
		b.WriteString(unmask(before))
	}
	return b.String(), expanded, len(missing) == 0
}
