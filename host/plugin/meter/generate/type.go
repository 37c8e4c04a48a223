package generate

import "github.com/tetratelabs/wazero/api"

// Value types that wazero's api does not name.
const (
	ValueTypeV128    api.ValueType = 0x7b // two words, the low one first
	ValueTypeFuncref api.ValueType = 0x70
)

// Inside the package a value type is a letter, and a list of them a string.
const (
	letterI32    = 'i'
	letterI64    = 'l'
	letterF32    = 'f'
	letterF64    = 'd'
	letterV128   = 'v'
	letterFunc   = 'r'
	letterExtern = 'e'

	numbers = "ilfd"
	letters = numbers + "vre"
)

func typeOf(letter byte) api.ValueType {
	switch letter {
	case letterI32:
		return api.ValueTypeI32
	case letterI64:
		return api.ValueTypeI64
	case letterF32:
		return api.ValueTypeF32
	case letterF64:
		return api.ValueTypeF64
	case letterV128:
		return ValueTypeV128
	case letterFunc:
		return ValueTypeFuncref
	default:
		return api.ValueTypeExternref
	}
}

func typesOf(letters string) []api.ValueType {
	list := make([]api.ValueType, len(letters))
	for i := range list {
		list[i] = typeOf(letters[i])
	}
	return list
}

// signature is the type of a function.
type signature struct{ params, results string }

// pick takes up to most value types, each with even odds.
func (s *source) pick(most int) string {
	list := make([]byte, s.n(most+1))
	for i := range list {
		list[i] = letters[s.n(len(letters))]
	}
	return string(list)
}
