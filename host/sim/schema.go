package sim

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// Bounds of generated values: schemas come from outside and may be recursive,
// or ask for a billion items.
const (
	schemaDepth  = 16
	schemaValues = 4096
	schemaItems  = 64
	schemaString = 4096
	schemaSize   = 1 << 20 // bytes made, beyond which the rest is null
	schemaVisits = 1 << 20 // subschemas and names looked at
)

// instance makes one JSON value that conforms to a JSON schema, the same for the
// same schema and seed. Understood: type (also a list), enum, const, properties,
// required, items, prefixItems, minItems, maxItems, uniqueItems, minimum,
// maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength,
// format, anyOf, oneOf, allOf, $ref inside the schema. Not understood, and so
// possibly violated: pattern, not, if, dependent*, contains.
type instance struct {
	rand   random
	root   value // where $ref begins
	count  int   // values made so far
	visits int
}

// spend counts work that a schema can multiply, and reports whether some is left.
func (g *instance) spend(n int) bool {
	g.visits += n
	return g.visits <= schemaVisits
}

func (g *instance) append(dst []byte, schema value, depth int) []byte {
	schema = g.resolve(schema)
	g.count++
	if depth > schemaDepth || g.count > schemaValues || len(dst) > schemaSize || !g.spend(1+schema.len()) {
		return append(dst, "null"...)
	}
	if c := g.keyword(schema, "const"); c.kind() != kindAbsent {
		return appendCompact(dst, c)
	}
	if e := g.keyword(schema, "enum"); e.kind() == kindArray && e.len() > 0 {
		at := g.rand.below(e.len())
		for v := range e.items() {
			if at == 0 {
				return appendCompact(dst, v)
			}
			at--
		}
	}
	if branch := g.branch(schema); branch.given() {
		return g.append(dst, branch, depth+1)
	}
	switch g.typeOf(schema) {
	case "object":
		return g.appendObject(dst, schema, depth)
	case "array":
		return g.appendArray(dst, schema, depth)
	case "integer":
		return g.appendNumber(dst, schema, true)
	case "number":
		return g.appendNumber(dst, schema, false)
	case "boolean":
		return strconv.AppendBool(dst, g.rand.below(2) == 1)
	case "null":
		return append(dst, "null"...)
	}
	return g.appendString(dst, schema)
}

// resolve follows $ref, a pointer (RFC 6901) into the root schema.
func (g *instance) resolve(schema value) value {
	for range schemaDepth {
		ref := schema.get("$ref")
		if ref.kind() != kindString {
			return schema
		}
		pointer, ok := strings.CutPrefix(ref.text(), "#")
		if !ok {
			return value{}
		}
		schema = g.root
		for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
			if step != "" && g.spend(schema.len()) {
				schema = schema.get(strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
			}
		}
	}
	return value{}
}

// keyword is a keyword of the schema itself or of one that allOf adds to it.
func (g *instance) keyword(schema value, name string) value {
	return g.keywordAt(schema, name, 0)
}

func (g *instance) keywordAt(schema value, name string, depth int) value {
	if v := schema.get(name); v.kind() != kindAbsent || depth > schemaDepth {
		return v
	}
	for sub := range schema.get("allOf").items() {
		if sub = g.resolve(sub); !g.spend(1 + sub.len()) {
			break
		}
		if v := g.keywordAt(sub, name, depth+1); v.kind() != kindAbsent {
			return v
		}
	}
	return value{}
}

// branch is the first alternative of anyOf or oneOf that is not null.
func (g *instance) branch(schema value) value {
	for _, name := range [...]string{"anyOf", "oneOf"} {
		for alt := range g.keyword(schema, name).items() {
			if alt = g.resolve(alt); alt.given() && !alt.get("type").is("null") {
				return alt
			}
		}
	}
	return value{}
}

func (g *instance) typeOf(schema value) string {
	t := g.keyword(schema, "type")
	if t.kind() == kindString {
		return t.text()
	}
	for alt := range t.items() {
		if !alt.is("null") {
			return alt.text()
		}
	}
	switch {
	case t.len() > 0:
		return "null"
	case g.keyword(schema, "properties").given():
		return "object"
	case g.keyword(schema, "items").given(), g.keyword(schema, "prefixItems").given():
		return "array"
	case g.keyword(schema, "minimum").given(), g.keyword(schema, "maximum").given():
		return "number"
	}
	return "string"
}

// appendObject fills in every property near the root; deeper down only the
// required ones, so that recursive schemas come to an end.
func (g *instance) appendObject(dst []byte, schema value, depth int) []byte {
	dst = append(dst, '{')
	dst, _ = g.appendMembers(dst, schema, depth, 0, true)
	return append(dst, '}')
}

func (g *instance) appendMembers(dst []byte, schema value, depth, nested int, first bool) ([]byte, bool) {
	required := schema.get("required")
	names := required.len()
	for k, sub := range schema.get("properties").members() {
		if depth >= 3 && !(g.spend(names) && contains(required, k.text())) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, k.raw()...), ':')
		dst = g.append(dst, sub, depth+1)
	}
	for sub := range schema.get("allOf").items() {
		if nested < schemaDepth && g.spend(1) {
			dst, first = g.appendMembers(dst, g.resolve(sub), depth, nested+1, first)
		}
	}
	return dst, first
}

func contains(list value, s string) bool {
	for v := range list.items() {
		if v.is(s) {
			return true
		}
	}
	return false
}

func (g *instance) appendArray(dst []byte, schema value, depth int) []byte {
	low, high := g.bound(schema, "minItems", 0), g.bound(schema, "maxItems", schemaItems)
	n := low
	if n == 0 && depth < 3 {
		n = 1 + g.rand.below(2)
	}
	n = min(max(n, g.keyword(schema, "prefixItems").len()), high, schemaItems)
	unique := g.keyword(schema, "uniqueItems").bool()
	var seen [][]byte
	dst = append(dst, '[')
	i := 0
	for tries := 0; i < n && tries < 8*schemaItems; tries++ {
		mark := len(dst)
		if i > 0 {
			dst = append(dst, ',')
		}
		at := len(dst)
		dst = g.append(dst, g.itemSchema(schema, i), depth+1)
		if unique && holds(seen, dst[at:]) {
			dst = dst[:mark]
			if i < low {
				continue
			}
			break
		}
		if unique {
			seen = append(seen, bytes.Clone(dst[at:]))
		}
		i++
	}
	return append(dst, ']')
}

func holds(seen [][]byte, b []byte) bool {
	for _, s := range seen {
		if bytes.Equal(s, b) {
			return true
		}
	}
	return false
}

func (g *instance) itemSchema(schema value, i int) value {
	for v := range g.keyword(schema, "prefixItems").items() {
		if i == 0 {
			return v
		}
		i--
	}
	return g.keyword(schema, "items")
}

// bound is a keyword with a count, or def.
func (g *instance) bound(schema value, name string, def int) int {
	if n, ok := g.keyword(schema, name).int(); ok && n >= 0 {
		return n
	}
	return def
}

func (g *instance) appendNumber(dst []byte, schema value, integer bool) []byte {
	step, stepped := g.keyword(schema, "multipleOf").float()
	if !stepped || step <= 0 {
		step, stepped = 0.5, integer
		if integer {
			step = 1
		}
	}
	l := g.limits(schema)
	first, last := math.Ceil(l.low/step), math.Floor(l.high/step)
	if l.lowOpen && first*step <= l.low {
		first++
	}
	if l.highOpen && last*step >= l.high {
		last--
	}
	v := first * step
	switch span := last - first; {
	case span >= 0:
		v = (first + float64(g.rand.below(int(min(span, 100))+1))) * step
	case !stepped: // too narrow for the grid
		v = (l.low + l.high) / 2
	}
	if integer && math.Abs(v) < 1<<53 {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	if math.IsInf(v, 0) || math.IsNaN(v) {
		v = 0
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64)
}

// interval is where a number may lie.
type interval struct {
	low, high         float64
	lowOpen, highOpen bool
}

// limits reads the bounds of a number: 1 to 100 where the schema leaves both
// open, a hundred wide where it leaves one open.
func (g *instance) limits(schema value) interval {
	var l interval
	var lowSet, highSet bool
	l.low, lowSet = g.keyword(schema, "minimum").float()
	l.high, highSet = g.keyword(schema, "maximum").float()
	if v, ok := g.keyword(schema, "exclusiveMinimum").float(); ok && (!lowSet || v >= l.low) {
		l.low, l.lowOpen, lowSet = v, true, true
	}
	if v, ok := g.keyword(schema, "exclusiveMaximum").float(); ok && (!highSet || v <= l.high) {
		l.high, l.highOpen, highSet = v, true, true
	}
	switch {
	case !lowSet && !highSet:
		l.low, l.high = 1, 100
	case !highSet:
		l.high = l.low + 100
	case !lowSet:
		l.low = min(1, l.high-100)
	}
	return l
}

func (g *instance) appendString(dst []byte, schema value) []byte {
	low, high := g.bound(schema, "minLength", 0), g.bound(schema, "maxLength", schemaString)
	var s string
	switch g.keyword(schema, "format").text() {
	case "date-time":
		s = "2025-06-15T12:30:00Z"
	case "date":
		s = "2025-06-15"
	case "time":
		s = "12:30:00Z"
	case "duration":
		s = "PT30M"
	case "email":
		s = word(&g.rand, 5) + "@example.com"
	case "hostname":
		s = word(&g.rand, 5) + ".example.com"
	case "ipv4":
		s = "192.0.2." + strconv.Itoa(1+g.rand.below(254))
	case "ipv6":
		s = "2001:db8::" + strconv.Itoa(1+g.rand.below(9))
	case "uri", "url":
		s = "https://example.com/" + word(&g.rand, 6)
	case "uuid":
		h := string(appendHex(nil, g.rand.next(), 16)) + string(appendHex(nil, g.rand.next(), 16))
		s = h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
	default:
		size := min(max(low, 4+g.rand.below(12)), high, schemaString)
		return appendString(dst, appendLabel(make([]byte, 0, size), size, &g.rand))
	}
	return appendString(dst, []byte(s))
}

// appendLabel appends words up to exactly size bytes, without punctuation.
func appendLabel(dst []byte, size int, r *random) []byte {
	for len(dst) < size {
		gap := min(len(dst), 1)
		room := size - len(dst)
		if room == gap {
			return append(dst, 's')
		}
		if gap == 1 {
			dst = append(dst, ' ')
		}
		dst = append(dst, word(r, wordLen(room-gap, r))...)
	}
	return dst
}

// appendCompact appends v as it stands in the source, less the blanks between tokens.
func appendCompact(dst []byte, v value) []byte {
	switch v.kind() {
	case kindObject:
		dst = append(dst, '{')
		sep := false
		for k, m := range v.members() {
			if sep {
				dst = append(dst, ',')
			}
			sep = true
			dst = appendCompact(append(append(dst, k.raw()...), ':'), m)
		}
		return append(dst, '}')
	case kindArray:
		dst = append(dst, '[')
		sep := false
		for e := range v.items() {
			if sep {
				dst = append(dst, ',')
			}
			sep = true
			dst = appendCompact(dst, e)
		}
		return append(dst, ']')
	}
	return append(dst, v.raw()...)
}
