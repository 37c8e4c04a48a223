package config

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// A guard looks at the tokens of a file in order and refuses anchors, aliases,
// tags and the other parts of YAML that a configuration has no use for, and
// more depth or more entries than the parser can be trusted with.
type guard struct {
	source    *source
	flow      int        // open brackets
	blocks    []siblings // open block collections, the outermost first
	entries   int        // keys and list items seen
	began     bool       // a document has begun
	ended     bool       // it has ended, by ...
	directive bool       // a directive came before it
	deep      bool       // depth was reported
	many      bool       // number of keys was reported
}

type siblings struct {
	column int
	keys   int
}

func (g *guard) token(all token.Tokens, i int, tk *token.Token) {
	switch tk.Type {
	case token.CommentType:
		return
	case token.AnchorType:
		g.refuse(tk, "anchors (&) are not supported", "write the value out where it is needed; quote a value that begins with &")
	case token.AliasType:
		g.refuse(tk, "aliases (*) are not supported", `write the value out; quote a value that begins with *, such as "*"`)
	case token.TagType:
		g.refuse(tk, "tags (!) are not supported", "remove the tag; quote a value that begins with !")
	case token.MergeKeyType:
		g.refuse(tk, "merge keys (<<) are not supported", "write the keys out")
	case token.MappingKeyType:
		g.refuse(tk, "complex keys (?) are not supported", "write key: value; quote a value that begins with ?")
	case token.DirectiveType:
		g.directive = true
		g.refuse(tk, "directives (%) are not supported", "remove the line; quote a value that begins with %")
	case token.DocumentEndType:
		if g.ended {
			g.refuse(tk, "a second YAML document", "keep one document in the file")
		}
		g.ended = true
	case token.DocumentHeaderType:
		if g.began && !g.directive {
			g.refuse(tk, "a second YAML document", "keep one document in the file")
		}
	case token.MappingStartType, token.SequenceStartType:
		g.flow++
	case token.MappingEndType, token.SequenceEndType:
		g.flow = max(0, g.flow-1)
	case token.CollectEntryType:
		g.count(tk)
	case token.SequenceEntryType:
		g.count(tk)
		g.block(tk, false)
	case token.MappingValueType:
		// The key is the token before; without one the parser complains.
		if i > 0 {
			g.key(all[i-1])
		}
	}
	if g.began = true; g.ended && tk.Type != token.DocumentEndType {
		g.refuse(tk, "content after the document's end (...)", "keep one document in the file")
		g.ended = false
	}
	if depth := g.flow + len(g.blocks); depth > maxDepth && !g.deep {
		g.deep = true
		g.refuse(tk, fmt.Sprintf("nested deeper than %d levels", maxDepth), "remove the nesting; no setting needs it")
	}
}

func (g *guard) count(tk *token.Token) {
	if g.entries++; g.entries > maxEntries {
		g.tooMany(tk, fmt.Sprintf("more than %d keys and list items in the file", maxEntries))
	}
}

func (g *guard) key(tk *token.Token) {
	g.count(tk)
	if g.flow == 0 {
		g.block(tk, true)
	}
}

// block notes a key or a - of block style: columns tell what it belongs to.
func (g *guard) block(tk *token.Token, key bool) {
	if g.flow > 0 {
		return
	}
	column := tk.Position.Column
	for len(g.blocks) > 0 && g.blocks[len(g.blocks)-1].column > column {
		g.blocks = g.blocks[:len(g.blocks)-1]
	}
	if len(g.blocks) == 0 || g.blocks[len(g.blocks)-1].column < column {
		g.blocks = append(g.blocks, siblings{column: column})
	}
	if !key {
		return
	}
	top := &g.blocks[len(g.blocks)-1]
	if top.keys++; top.keys > maxSiblings {
		g.tooMany(tk, fmt.Sprintf("more than %d keys in one mapping", maxSiblings))
	}
}

func (g *guard) tooMany(tk *token.Token, what string) {
	if !g.many {
		g.many = true
		g.refuse(tk, what, "shorten the file")
	}
}

func (g *guard) refuse(tk *token.Token, what, setting string) {
	g.source.faults.add(g.source.place(tk), what, setting)
}
