package proxy

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"weir/host/dialect"
	"weir/host/http1"
)

var errCoding = errors.New("unknown content coding")

// decode takes the content coding off the body, under limits.body: what comes
// out is bounded, and so is what the decompressors hold. Two codings, or two
// fields that name one, could be undone differently by a target.
func (x *exchange) decode() *dialect.Error {
	encoding, fields := contentEncoding(&x.conn.head)
	switch {
	case fields == 0:
		return nil
	case fields > 1:
		return codingError()
	case len(encoding) == 0 || http1.EqualFold(encoding, "identity"):
		x.decodedH = true
		return nil
	}
	limit := x.st.Limits.Body
	r, err := decompressor(encoding, x.body, limit)
	if errors.Is(err, errCoding) {
		return codingError()
	}
	if err == nil {
		defer func() { _ = r.Close() }()
		if cap(x.decoded) == 0 {
			x.decoded = make([]byte, 0, min(max(4*len(x.body), 4<<10), limit+1))
		}
		x.decoded, err = readAll(x.decoded[:0], r, limit)
	}
	switch {
	case errors.Is(err, errTooLong), errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return &dialect.Error{Kind: dialect.TooLarge, Code: "body_too_large", Message: "the decompressed body is larger than limits.body = " + strconv.Itoa(limit) + " bytes"}
	case err != nil:
		return &dialect.Error{Kind: dialect.BadRequest, Code: "content_encoding", Message: "the body is not what its Content-Encoding says"}
	}
	x.body, x.decodedH = x.decoded, true
	return nil
}

// contentEncoding is the first Content-Encoding field, and how many there are.
func contentEncoding(h *http1.Head) (value []byte, fields int) {
	for i := range h.Fields {
		if f := &h.Fields[i]; http1.EqualFold(f.Name, "content-encoding") {
			if fields++; fields == 1 {
				value = f.Value
			}
		}
	}
	return value, fields
}

func codingError() *dialect.Error {
	return &dialect.Error{Kind: dialect.UnsupportedMedia, Code: "content_encoding", Message: "Content-Encoding must be one of gzip, deflate, br, zstd, applied once"}
}

// zstdWindow is the window that every decoder of the HTTP coding has to support
// and no encoder may exceed (RFC 9659), however short the text is.
const zstdWindow = 8 << 20

func decompressor(encoding, body []byte, limit int) (io.ReadCloser, error) {
	src := bytes.NewReader(body)
	switch {
	case http1.EqualFold(encoding, "gzip"), http1.EqualFold(encoding, "x-gzip"):
		return gzip.NewReader(src)
	case http1.EqualFold(encoding, "deflate"):
		return zlib.NewReader(src)
	case http1.EqualFold(encoding, "br"):
		return io.NopCloser(brotli.NewReader(src)), nil
	case http1.EqualFold(encoding, "zstd"):
		memory := uint64(max(limit, zstdWindow))
		d, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(memory), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, errCoding
}

var errTooLong = errors.New("longer than the limit")

// readAll appends at most limit bytes of r to dst.
func readAll(dst []byte, r io.Reader, limit int) ([]byte, error) {
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):min(cap(dst), limit+1)])
		dst = dst[:len(dst)+n]
		if len(dst) > limit {
			return dst, errTooLong
		}
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}
