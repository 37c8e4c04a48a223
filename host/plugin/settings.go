package plugin

import (
	"weir/host/frame"
	"weir/sdk/abi"
)

// settings is the frame of weir_on_configure: the section CONFIG.
type settings struct {
	layout frame.Layout
	json   []byte
}

func newSettings(json []byte) *settings {
	s := &settings{json: json}
	s.layout.Reset(abi.HookConfigure, 0)
	s.layout.Add(abi.SectionConfig, len(json))
	return s
}

// Size implements frame.Encoder.
func (s *settings) Size() int { return s.layout.Size() }

// Encode implements frame.Encoder.
func (s *settings) Encode(dst []byte) {
	w := s.layout.Writer(dst)
	w.Bytes(abi.SectionConfig, s.json)
}

// bare is a frame without sections: what on_tick gets.
type bare struct{ layout frame.Layout }

func newBare(h abi.Hook) *bare {
	b := &bare{}
	b.layout.Reset(h, 0)
	return b
}

// Size implements frame.Encoder.
func (b *bare) Size() int { return b.layout.Size() }

// Encode implements frame.Encoder.
func (b *bare) Encode(dst []byte) { b.layout.Writer(dst) }
