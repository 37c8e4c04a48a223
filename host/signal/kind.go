package signal

// A Kind is one counter of a [Vector]. Values are part of the plugin ABI and of
// records: new kinds are appended, none is renumbered or reused.
//
// README.md gives the exact definition of each; what follows is the short form.
type Kind uint8

// Sizes and byte classes. Lower to Controls partition the ASCII bytes (Lines is
// a part of WhiteSpace; Controls also counts C1).
const (
	Bytes       Kind = iota // length in bytes
	Characters              // code points: bytes that are not UTF-8 continuation bytes
	NonASCII                // bytes ≥ 0x80
	Lower                   // a–z
	Upper                   // A–Z
	Digits                  // 0–9
	WhiteSpace              // tab, LF, CR, space
	Lines                   // LF
	Punctuation             // printable ASCII that is neither letter nor digit nor space
	Controls                // C0 without tab, LF, CR; DEL; C1

	// What a reader does not see, or sees as something else.

	ZeroWidth     // characters without width, except Joiners
	Joiners       // U+200C, U+200D where scripts and emoji use them
	Tags          // U+E0000–E007F
	Selectors     // variation selectors
	SelectorRuns  // variation selectors that directly follow another one
	Bidi          // bidirectional controls
	Marks         // combining marks of the general blocks
	StackedMarks  // the third and every further mark on one letter
	UnicodeSpaces // spaces and line separators outside ASCII
	Compatibility // characters whose NFKC form is ASCII without spaces
	Styled        // mathematical and enclosed letters
	PrivateUse    // private-use code points
	MixedWords    // words that mix confusable scripts

	// What hides text in text.

	Base64Runs       // runs that look like base64
	Base64Bytes      // bytes in them
	HexRuns          // runs that look like hexadecimal
	HexBytes         // bytes in them
	PercentEscapes   // %41
	BackslashEscapes // \x41 \u0041 \u{41} \U00000041
	References       // &#65; &#x41; &lt;

	// Markup.

	Comments      // <!--
	Hidden        // styles and attributes that hide an element
	Embeds        // elements that run, fetch or swallow text
	URLs          // ://
	Links         // Markdown links and images, HTML anchors
	Images        // Markdown and HTML images
	DataLinks     // links and images that carry data; data: URIs
	Fences        // lines that open or close a fenced code block
	RoleMarkers   // "system:" and the like at the start of a line; "role": "system"
	RoleTags      // <system> and the like
	SpecialTokens // <|im_start|>, [INST], <<SYS>>, <s>

	// Shape. Merge does not add these.

	LongestToken // bytes of the longest run without white space
	Entropy      // millibits a byte, from 64 samples; 0 under 64 bytes
)

// Kinds is the number of counters in a [Vector].
const Kinds = int(Entropy) + 1

var names = [Kinds]string{
	Bytes:            "bytes",
	Characters:       "characters",
	NonASCII:         "non_ascii",
	Lower:            "lower",
	Upper:            "upper",
	Digits:           "digits",
	WhiteSpace:       "white_space",
	Lines:            "lines",
	Punctuation:      "punctuation",
	Controls:         "controls",
	ZeroWidth:        "zero_width",
	Joiners:          "joiners",
	Tags:             "tags",
	Selectors:        "selectors",
	SelectorRuns:     "selector_runs",
	Bidi:             "bidi",
	Marks:            "marks",
	StackedMarks:     "stacked_marks",
	UnicodeSpaces:    "unicode_spaces",
	Compatibility:    "compatibility",
	Styled:           "styled",
	PrivateUse:       "private_use",
	MixedWords:       "mixed_words",
	Base64Runs:       "base64",
	Base64Bytes:      "base64_bytes",
	HexRuns:          "hex",
	HexBytes:         "hex_bytes",
	PercentEscapes:   "percent_escapes",
	BackslashEscapes: "backslash_escapes",
	References:       "references",
	Comments:         "comments",
	Hidden:           "hidden",
	Embeds:           "embeds",
	URLs:             "urls",
	Links:            "links",
	Images:           "images",
	DataLinks:        "data_links",
	Fences:           "fences",
	RoleMarkers:      "role_markers",
	RoleTags:         "role_tags",
	SpecialTokens:    "special_tokens",
	LongestToken:     "longest_token",
	Entropy:          "entropy",
}

// String is the name of the kind in metrics, records and plugins, in snake_case.
func (k Kind) String() string {
	if int(k) >= Kinds {
		return "unknown"
	}
	return names[k]
}

// Notable returns the kinds whose being above zero is worth an operator's
// metric: rare in honest text, common in text that hides something.
func Notable() [17]Kind {
	return [...]Kind{
		Controls, ZeroWidth, Tags, SelectorRuns, Bidi, StackedMarks, Styled, PrivateUse, MixedWords,
		Base64Runs, Comments, Hidden, Embeds, DataLinks, RoleMarkers, RoleTags, SpecialTokens,
	}
}
