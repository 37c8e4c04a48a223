package sim

import (
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"
)

const (
	defaultDimensions = 64
	maxDimensions     = 8192
)

// appendVector appends the direction of a text: numbers drawn from a bell-shaped
// distribution seeded by its hash, scaled to length 1, so that different texts are
// about orthogonal. They have nothing to do with meaning. Every step is exact or
// rounded the same way on all platforms.
func (x *exchange) appendVector(dst []float32, text []byte, n int) []float32 {
	r := random{mix(xxhash.Sum64(text) ^ mix(x.srv.opt.Seed^xxhash.Sum64String(x.req.model)))}
	sum := 0.0
	for range n {
		v := r.unit() + r.unit() + r.unit() + r.unit() - 2 // Irwin and Hall 1927
		sum += float64(v * v)                              // the conversion forbids a fused multiply-add
		dst = append(dst, float32(v))
	}
	if sum == 0 {
		dst[0], sum = 1, 1
	}
	scale := math.Sqrt(sum)
	for i := range dst {
		dst[i] = float32(float64(dst[i]) / scale)
	}
	return dst
}

// appendEmbeddings appends the answer of /v1/embeddings: lists of numbers, or
// base64 of little-endian float32, which SDKs ask for on their own.
func (x *exchange) appendEmbeddings(dst []byte) []byte {
	n := x.req.dimensions
	if n < 0 {
		n = defaultDimensions
	}
	dst = append(dst, `{"object":"list","data":[`...)
	var vector []float32
	var packed []byte
	for i := range x.req.ends {
		vector = x.appendVector(vector[:0], x.req.span(i), n)
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendField(append(dst, `{"object":"embedding",`...), "index", i), `,"embedding":`...)
		if x.req.base64 {
			packed = packed[:0]
			for _, f := range vector {
				packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(f))
			}
			dst = append(base64.StdEncoding.AppendEncode(append(dst, '"'), packed), `"}`...)
			continue
		}
		for k, f := range vector {
			sep := byte(',')
			if k == 0 {
				sep = '['
			}
			dst = appendFloat32(append(dst, sep), f)
		}
		dst = append(dst, `]}`...)
	}
	dst = appendString(append(dst, `],"model":`...), x.req.model)
	dst = appendField(append(dst, `,"usage":{`...), "prompt_tokens", x.gen.usage.prompt)
	dst = appendField(append(dst, ','), "total_tokens", x.gen.usage.prompt)
	return append(dst, `}}`...)
}
