package signal

// Scripts whose letters are mistaken for each other's, as far as words mixing
// them are worth counting; see mixes. Letters of all other scripts end a word.
const (
	scriptNone uint8 = iota
	scriptLatinLower
	scriptLatinUpper
	scriptGreek      // letters no one takes for Latin: λ, π, Ω
	scriptGreekLower // those that look Latin, lower case: ο, ν
	scriptGreekUpper // and upper case: Α, Ρ
	scriptCyrillic
	scriptArmenian
	scriptGeorgian
	scriptCherokee
	scriptCoptic
	scriptLisu
)

// Categories of code points that are counted.
const (
	catNone uint8 = iota
	catZeroWidth
	catJoiner
	catBidi
	catTag
	catSelector
	catMark
	catSpace
	catCompatibility
	catStyled // styled, with no ASCII form under NFKC
	catStyledCompatibility
	catPrivate
	catControl
)

// mixes[a] has bit b set where a letter of script a directly beside one of
// script b makes a word mixed. Greek beside Latin is everyday science (µm, kΩ,
// TNFα), so only look-alikes of the same case count.
var mixes = [...]uint16{
	scriptLatinLower: 1<<scriptGreekLower | others,
	scriptLatinUpper: 1<<scriptGreekUpper | others,
	scriptGreek:      others,
	scriptGreekLower: 1<<scriptLatinLower | others,
	scriptGreekUpper: 1<<scriptLatinUpper | others,
	scriptCyrillic:   allScripts &^ (1 << scriptCyrillic),
	scriptArmenian:   allScripts &^ (1 << scriptArmenian),
	scriptGeorgian:   allScripts &^ (1 << scriptGeorgian),
	scriptCherokee:   allScripts &^ (1 << scriptCherokee),
	scriptCoptic:     allScripts &^ (1 << scriptCoptic),
	scriptLisu:       allScripts &^ (1 << scriptLisu),
	15:               0, // so that any script's four bits index it
}

const (
	others     = 1<<scriptCyrillic | 1<<scriptArmenian | 1<<scriptGeorgian | 1<<scriptCherokee | 1<<scriptCoptic | 1<<scriptLisu
	allScripts = others | 1<<scriptLatinLower | 1<<scriptLatinUpper | 1<<scriptGreek | 1<<scriptGreekLower | 1<<scriptGreekUpper
)

// A span is a closed range of code points with its script or category.
type span struct {
	lo, hi rune
	is     uint8
}

// scriptSpans is Unicode's Script property of letters (Scripts.txt), simplified
// to spans that stay the same from one Unicode version to the next. Latin
// letters outside ASCII count as lower case. Later spans win.
var scriptSpans = [...]span{
	{0x00C0, 0x00D6, scriptLatinLower}, {0x00D8, 0x00F6, scriptLatinLower}, {0x00F8, 0x02B8, scriptLatinLower},
	{0x1D00, 0x1D25, scriptLatinLower}, {0x1E00, 0x1EFF, scriptLatinLower}, {0x2C60, 0x2C7F, scriptLatinLower},
	{0xA722, 0xA787, scriptLatinLower}, {0xA78B, 0xA7CA, scriptLatinLower}, {0xAB30, 0xAB5A, scriptLatinLower},
	{0xFB00, 0xFB06, scriptLatinLower}, {0xFF21, 0xFF3A, scriptLatinUpper}, {0xFF41, 0xFF5A, scriptLatinLower},

	{0x0370, 0x0373, scriptGreek}, {0x0376, 0x0377, scriptGreek}, {0x037B, 0x037D, scriptGreek},
	{0x037F, 0x037F, scriptGreek}, {0x0386, 0x0386, scriptGreek}, {0x0388, 0x03E1, scriptGreek},
	{0x03F0, 0x03F5, scriptGreek}, {0x03F7, 0x03FF, scriptGreek}, {0x1F00, 0x1FBC, scriptGreek},
	{0x1FC2, 0x1FCC, scriptGreek}, {0x1FD0, 0x1FDB, scriptGreek}, {0x1FE0, 0x1FEC, scriptGreek},
	{0x1FF2, 0x1FFC, scriptGreek},

	// Α Β, Ε Ζ Η, Ι Κ, Μ Ν Ο, Ρ, Τ Υ, Χ, Ϲ, Ϳ; α, γ, ι κ, ν ο, ρ, τ υ, χ, ϲ ϳ.
	{0x0391, 0x0392, scriptGreekUpper}, {0x0395, 0x0397, scriptGreekUpper}, {0x0399, 0x039A, scriptGreekUpper},
	{0x039C, 0x039D, scriptGreekUpper}, {0x039F, 0x039F, scriptGreekUpper}, {0x03A1, 0x03A1, scriptGreekUpper},
	{0x03A4, 0x03A5, scriptGreekUpper}, {0x03A7, 0x03A7, scriptGreekUpper}, {0x03F9, 0x03F9, scriptGreekUpper},
	{0x037F, 0x037F, scriptGreekUpper},
	{0x03B1, 0x03B1, scriptGreekLower}, {0x03B3, 0x03B3, scriptGreekLower}, {0x03B9, 0x03BA, scriptGreekLower},
	{0x03BD, 0x03BD, scriptGreekLower}, {0x03BF, 0x03BF, scriptGreekLower}, {0x03C1, 0x03C1, scriptGreekLower},
	{0x03C4, 0x03C5, scriptGreekLower}, {0x03C7, 0x03C7, scriptGreekLower}, {0x03F2, 0x03F3, scriptGreekLower},

	{0x03E2, 0x03EF, scriptCoptic}, {0x2C80, 0x2CE4, scriptCoptic},
	{0x0400, 0x0481, scriptCyrillic}, {0x048A, 0x052F, scriptCyrillic}, {0x1C80, 0x1C8A, scriptCyrillic},
	{0xA640, 0xA66E, scriptCyrillic}, {0xA680, 0xA69B, scriptCyrillic},
	{0x0531, 0x0556, scriptArmenian}, {0x0560, 0x0588, scriptArmenian},
	{0x10A0, 0x10FA, scriptGeorgian}, {0x10FC, 0x10FF, scriptGeorgian}, {0x1C90, 0x1CBF, scriptGeorgian},
	{0x2D00, 0x2D2D, scriptGeorgian},
	{0x13A0, 0x13FD, scriptCherokee}, {0xAB70, 0xABBF, scriptCherokee},
	{0xA4D0, 0xA4F7, scriptLisu},
}

// categorySpans gives what is counted of each code point below U+20000. Later spans win.
var categorySpans = [...]span{
	{0x0080, 0x009F, catControl},

	// Default-ignorable and blank characters (DerivedCoreProperties.txt), and the blank Braille pattern.
	{0x00AD, 0x00AD, catZeroWidth}, {0x034F, 0x034F, catZeroWidth}, {0x115F, 0x1160, catZeroWidth},
	{0x17B4, 0x17B5, catZeroWidth}, {0x180E, 0x180E, catZeroWidth}, {0x200B, 0x200B, catZeroWidth},
	{0x200C, 0x200D, catJoiner}, {0x2060, 0x2064, catZeroWidth}, {0x206A, 0x206F, catZeroWidth},
	{0x2800, 0x2800, catZeroWidth}, {0x3164, 0x3164, catZeroWidth}, {0xFEFF, 0xFEFF, catZeroWidth},
	{0xFFA0, 0xFFA0, catZeroWidth}, {0xFFF9, 0xFFFB, catZeroWidth}, {0x1BCA0, 0x1BCA3, catZeroWidth},
	{0x1D173, 0x1D17A, catZeroWidth},

	{0x061C, 0x061C, catBidi}, {0x200E, 0x200F, catBidi}, {0x202A, 0x202E, catBidi}, {0x2066, 0x2069, catBidi},

	{0x180B, 0x180D, catSelector}, {0x180F, 0x180F, catSelector}, {0xFE00, 0xFE0F, catSelector},

	{0x0300, 0x034E, catMark}, {0x0350, 0x036F, catMark}, {0x0483, 0x0489, catMark}, {0x1AB0, 0x1AFF, catMark},
	{0x1DC0, 0x1DFF, catMark}, {0x20D0, 0x20FF, catMark}, {0xFE20, 0xFE2F, catMark},

	{0x00A0, 0x00A0, catSpace}, {0x1680, 0x1680, catSpace}, {0x2000, 0x200A, catSpace}, {0x2028, 0x2029, catSpace},
	{0x202F, 0x202F, catSpace}, {0x205F, 0x205F, catSpace}, {0x3000, 0x3000, catSpace},

	{0xE000, 0xF8FF, catPrivate},

	// Code points whose NFKC form is ASCII without spaces (Unicode 15).
	{0x00AA, 0x00AA, catCompatibility}, {0x00B2, 0x00B3, catCompatibility}, {0x00B9, 0x00BA, catCompatibility},
	{0x0132, 0x0133, catCompatibility}, {0x017F, 0x017F, catCompatibility}, {0x01C7, 0x01CC, catCompatibility},
	{0x01F1, 0x01F3, catCompatibility}, {0x02B0, 0x02B0, catCompatibility}, {0x02B2, 0x02B3, catCompatibility},
	{0x02B7, 0x02B8, catCompatibility}, {0x02E1, 0x02E3, catCompatibility}, {0x037E, 0x037E, catCompatibility},
	{0x1D2C, 0x1D2C, catCompatibility}, {0x1D2E, 0x1D2E, catCompatibility}, {0x1D30, 0x1D31, catCompatibility},
	{0x1D33, 0x1D3A, catCompatibility}, {0x1D3C, 0x1D3C, catCompatibility}, {0x1D3E, 0x1D43, catCompatibility},
	{0x1D47, 0x1D49, catCompatibility}, {0x1D4D, 0x1D4D, catCompatibility}, {0x1D4F, 0x1D50, catCompatibility},
	{0x1D52, 0x1D52, catCompatibility}, {0x1D56, 0x1D58, catCompatibility}, {0x1D5B, 0x1D5B, catCompatibility},
	{0x1D62, 0x1D65, catCompatibility}, {0x1D9C, 0x1D9C, catCompatibility}, {0x1DA0, 0x1DA0, catCompatibility},
	{0x1DBB, 0x1DBB, catCompatibility}, {0x1FEF, 0x1FEF, catCompatibility}, {0x2024, 0x2026, catCompatibility},
	{0x203C, 0x203C, catCompatibility}, {0x2047, 0x2049, catCompatibility}, {0x2070, 0x2071, catCompatibility},
	{0x2074, 0x207A, catCompatibility}, {0x207C, 0x208A, catCompatibility}, {0x208C, 0x208E, catCompatibility},
	{0x2090, 0x2093, catCompatibility}, {0x2095, 0x209C, catCompatibility}, {0x20A8, 0x20A8, catCompatibility},
	{0x2100, 0x2102, catCompatibility}, {0x2105, 0x2106, catCompatibility}, {0x210A, 0x210E, catCompatibility},
	{0x2110, 0x2113, catCompatibility}, {0x2115, 0x2116, catCompatibility}, {0x2119, 0x211D, catCompatibility},
	{0x2120, 0x2122, catCompatibility}, {0x2124, 0x2124, catCompatibility}, {0x2128, 0x2128, catCompatibility},
	{0x212A, 0x212A, catCompatibility}, {0x212C, 0x212D, catCompatibility}, {0x212F, 0x2131, catCompatibility},
	{0x2133, 0x2134, catCompatibility}, {0x2139, 0x2139, catCompatibility}, {0x213B, 0x213B, catCompatibility},
	{0x2145, 0x2149, catCompatibility}, {0x2160, 0x217F, catCompatibility}, {0x2460, 0x24EA, catCompatibility},
	{0x2A74, 0x2A76, catCompatibility}, {0x2C7C, 0x2C7D, catCompatibility}, {0x3250, 0x325F, catCompatibility},
	{0x32B1, 0x32BF, catCompatibility}, {0x32CC, 0x32CF, catCompatibility}, {0x3371, 0x337A, catCompatibility},
	{0x3380, 0x3381, catCompatibility}, {0x3383, 0x338B, catCompatibility}, {0x338E, 0x3394, catCompatibility},
	{0x3396, 0x339A, catCompatibility}, {0x339C, 0x33A6, catCompatibility}, {0x33A9, 0x33AD, catCompatibility},
	{0x33B0, 0x33B1, catCompatibility}, {0x33B3, 0x33B5, catCompatibility}, {0x33B7, 0x33BB, catCompatibility},
	{0x33BD, 0x33BF, catCompatibility}, {0x33C2, 0x33C5, catCompatibility}, {0x33C7, 0x33DD, catCompatibility},
	{0x33FF, 0x33FF, catCompatibility}, {0xA7F2, 0xA7F4, catCompatibility}, {0xFB00, 0xFB06, catCompatibility},
	{0xFB29, 0xFB29, catCompatibility}, {0xFE10, 0xFE10, catCompatibility}, {0xFE13, 0xFE16, catCompatibility},
	{0xFE19, 0xFE19, catCompatibility}, {0xFE30, 0xFE30, catCompatibility}, {0xFE33, 0xFE38, catCompatibility},
	{0xFE47, 0xFE48, catCompatibility}, {0xFE4D, 0xFE50, catCompatibility}, {0xFE52, 0xFE52, catCompatibility},
	{0xFE54, 0xFE57, catCompatibility}, {0xFE59, 0xFE5C, catCompatibility}, {0xFE5F, 0xFE66, catCompatibility},
	{0xFE68, 0xFE6B, catCompatibility}, {0xFF01, 0xFF5E, catCompatibility}, {0x107A5, 0x107A5, catCompatibility},
	{0x1F100, 0x1F10A, catCompatibility}, {0x1F110, 0x1F129, catCompatibility}, {0x1F12B, 0x1F12E, catCompatibility},
	{0x1F130, 0x1F14F, catCompatibility}, {0x1F16A, 0x1F16C, catCompatibility}, {0x1F190, 0x1F190, catCompatibility},
	{0x1FBF0, 0x1FBF9, catCompatibility},

	// Letters of the mathematical and the enclosed alphabets; flags (U+1F1E6 and on) are not styled.
	{0x249C, 0x24E9, catStyledCompatibility}, {0x1F110, 0x1F12B, catStyledCompatibility},
	{0x1F130, 0x1F149, catStyledCompatibility}, {0x1F150, 0x1F169, catStyled}, {0x1F170, 0x1F189, catStyled},
	{0x1F12A, 0x1F12A, catStyled},
	{0x1D6A4, 0x1D7CD, catStyled},
	{0x1D400, 0x1D454, catStyledCompatibility}, {0x1D456, 0x1D49C, catStyledCompatibility},
	{0x1D49E, 0x1D49F, catStyledCompatibility}, {0x1D4A2, 0x1D4A2, catStyledCompatibility},
	{0x1D4A5, 0x1D4A6, catStyledCompatibility}, {0x1D4A9, 0x1D4AC, catStyledCompatibility},
	{0x1D4AE, 0x1D4B9, catStyledCompatibility}, {0x1D4BB, 0x1D4BB, catStyledCompatibility},
	{0x1D4BD, 0x1D4C3, catStyledCompatibility}, {0x1D4C5, 0x1D505, catStyledCompatibility},
	{0x1D507, 0x1D50A, catStyledCompatibility}, {0x1D50D, 0x1D514, catStyledCompatibility},
	{0x1D516, 0x1D51C, catStyledCompatibility}, {0x1D51E, 0x1D539, catStyledCompatibility},
	{0x1D53B, 0x1D53E, catStyledCompatibility}, {0x1D540, 0x1D544, catStyledCompatibility},
	{0x1D546, 0x1D546, catStyledCompatibility}, {0x1D54A, 0x1D550, catStyledCompatibility},
	{0x1D552, 0x1D6A3, catStyledCompatibility}, {0x1D7CE, 0x1D7FF, catStyledCompatibility},
}

// highSpans are the categories from U+20000 on.
var highSpans = [...]span{
	{0xE0000, 0xE007F, catTag}, {0xE0100, 0xE01EF, catSelector}, {0xF0000, 0xFFFFD, catPrivate}, {0x100000, 0x10FFFD, catPrivate},
}
