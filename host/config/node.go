package config

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A place is a position in the file: line and column from 1, in characters.
type place struct{ line, column int }

type nodeKind uint8

const (
	kindNull nodeKind = iota
	kindMapping
	kindSequence
	kindString
	kindInteger
	kindFloat
	kindBool
)

// name gives the kind as it is spoken of in faults.
func (k nodeKind) name() string {
	switch k {
	case kindMapping:
		return "a mapping (key: value)"
	case kindSequence:
		return "a list"
	case kindString:
		return "a string"
	case kindInteger, kindFloat:
		return "a number"
	case kindBool:
		return "true or false"
	}
	return "nothing"
}

// A node is one value of the file, without what the decoder has no use for.
type node struct {
	kind    nodeKind
	place   place
	text    string  // of a scalar, variables still masked
	entries []entry // of a mapping, keys unique
	items   []*node // of a sequence
	broken  bool    // a mapping that lost entries to faults
}

type entry struct {
	key   string
	place place // of the key
	value *node
}

// node converts the parser's tree; duplicate keys are reported and left out.
func (s *source) node(n ast.Node) *node {
	at := s.place(n.GetToken())
	switch n := n.(type) {
	case *ast.MappingNode:
		return s.mapping(at, n.Values)
	case *ast.MappingValueNode:
		return s.mapping(at, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		out := &node{kind: kindSequence, place: at}
		for _, item := range n.Values {
			out.items = append(out.items, s.node(item))
		}
		return out
	case *ast.StringNode:
		return &node{kind: kindString, place: at, text: n.Value}
	case *ast.LiteralNode:
		return &node{kind: kindString, place: at, text: n.Value.Value}
	case *ast.IntegerNode:
		return &node{kind: kindInteger, place: at, text: n.Token.Value}
	case *ast.FloatNode:
		return &node{kind: kindFloat, place: at, text: n.Token.Value}
	case *ast.InfinityNode, *ast.NanNode:
		return &node{kind: kindFloat, place: at, text: n.GetToken().Value}
	case *ast.BoolNode:
		return &node{kind: kindBool, place: at, text: n.Token.Value}
	case *ast.NullNode:
		return &node{kind: kindNull, place: at}
	}
	s.faults.add(at, "this part of YAML is not supported", "write a plain value, a list or a mapping")
	return &node{kind: kindNull, place: at}
}

func (s *source) mapping(at place, values []*ast.MappingValueNode) *node {
	out := &node{kind: kindMapping, place: at}
	seen := make(map[string]place, len(values))
	for i, v := range values {
		key, where, ok := s.key(v.Key)
		if i == 0 && at.column > where.column && at.line == where.line {
			out.place = where // the library places a block mapping at its first colon
		}
		if !ok {
			out.broken = true
			continue
		}
		if first, twice := seen[key]; twice {
			s.faults.add(where, fmt.Sprintf("%s is given twice, first on line %d", describeKey(key), first.line), "keep one of the two")
			continue
		}
		seen[key] = where
		value := s.node(v.Value)
		if v.Value.GetToken().Type == token.ImplicitNullType {
			value.place = where // an absent value has no place of its own
		}
		out.entries = append(out.entries, entry{key, where, value})
	}
	return out
}

func (s *source) key(n ast.MapKeyNode) (key string, at place, ok bool) {
	at = s.place(n.GetToken())
	switch n := n.(type) {
	case *ast.StringNode:
		key = n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		key = n.GetToken().Value
	case *ast.NullNode:
		// null and ~ are names like others; no name at all is not.
		if key = n.GetToken().Value; n.GetToken().Type == token.ImplicitNullType {
			key = ""
		}
	default:
		s.faults.add(at, "this is no key", "write key: value")
		return "", at, false
	}
	if plain := unmask(key); plain != key {
		s.faults.add(at, "variables are not expanded in keys", "write the key out")
		return "", at, false
	}
	return key, at, true
}
