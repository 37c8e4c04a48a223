package frame

import "weir/sdk/abi"

// about are the sections that a hook is about: its frames always have them, whatever a manifest asks for.
var about = [abi.Hooks]abi.Set{
	abi.HookConfigure: 1 << abi.SectionConfig,
	abi.HookDelta:     1 << abi.SectionDelta,
	abi.HookEnd:       1 << abi.SectionUsage,
	abi.HookJudge:     1 << abi.SectionJudge,
	abi.HookFeedback:  1 << abi.SectionFeedback,
}

// Wants is what frames of the hook hold for the plugin: what it asks for, and what the hook is about.
func (m *Manifest) Wants(h abi.Hook) abi.Set {
	if h >= abi.Hooks {
		return 0
	}
	return m.Sections[h] | about[h]
}
