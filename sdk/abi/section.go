package abi

// SectionLayout is what a section holds and means.
type SectionLayout struct {
	Section Section
	Payload string  // as README.md says it
	Hooks   HookSet // whose frames can hold it
	Doc     string
}

// SectionLayouts are all sections, in order.
func SectionLayouts() []SectionLayout {
	whose := hooksOf(HookRequest, HookDelta, HookEnd, HookJudge, HookFeedback)
	request := hooksOf(HookRequest)
	answered := hooksOf(HookRequest, HookDelta, HookEnd)
	const text = "UTF-8"
	return []SectionLayout{
		{SectionRequest, "`request`", hooksOf(HookRequest, HookDelta, HookEnd, HookJudge), "the request in numbers"},
		{SectionTenant, text, whose | hooksOf(HookConfigure, HookTick), "whose request it is"},
		{SectionRoute, text, whose, "the route's name"},
		{SectionModel, text, whose, "the model, as the client named it"},
		{SectionRequestID, text, whose, "the request's id in records"},
		{SectionSession, "`session`, key", whose, "the conversation it belongs to"},
		{SectionMessages, "`part` ×n", request, "every text that can reach the model, in the body's order"},
		{SectionText, text, hooksOf(HookRequest, HookDelta), "the texts that MESSAGES or DELTA point into"},
		{SectionSignals, "u32 ×n", request, "counts of what is notable in the texts, by SIGNAL_…"},
		{SectionPrefix, "`prefix`, u64 ×keys, u32 ×boundaries", request, "keys of the prompt's beginnings: equal beginnings, equal keys; they steer and prove nothing"},
		{SectionTools, "`tool` ×n", request, "definitions of tools"},
		{SectionHeaders, "`list`, `header_field` ×n, strings", request, "the request's headers that the manifest names; never credentials"},
		{SectionTargets, "`list`, `target` ×n, strings", request, "the candidates"},
		{SectionConfig, "JSON", hooksOf(HookConfigure), "the plugin's settings"},
		{SectionStreamState, "bytes", hooksOf(HookDelta, HookEnd), "what the plugin left by STREAM_STATE; empty when it left nothing"},
		{SectionUsage, "`usage`, finish reason", hooksOf(HookEnd), "how the request ended"},
		{SectionDelta, "`batch`, `delta` ×n", hooksOf(HookDelta), "what came of the answer, behind what was held back"},
		{SectionResponseText, text, hooksOf(HookEnd), "the whole answer's text, for plugins that said WANT_TEXT"},
		{SectionJudge, "`judge`, name, text", hooksOf(HookJudge), "what the judge answered"},
		{SectionFeedback, "`feedback`, name", hooksOf(HookFeedback), "the signal and its name"},
		{SectionBody, "bytes", request, "the raw body"},
		{SectionScores, "`list`, `score` ×n, strings", answered, "scores of earlier plugins"},
		{SectionTags, "`list`, `tag` ×n, strings", answered, "tags of earlier plugins"},
		{SectionMemo, "`list`, `score` ×n, strings", request, "the plugin's own scores of messages it judged before"},
	}
}
