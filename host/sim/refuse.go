package sim

import (
	"errors"
	"fmt"
	"net"

	"github.com/valyala/fasthttp"
)

// refuse answers a request that could not be read. fasthttp closes its connection.
func (s *Server) refuse(ctx *fasthttp.RequestCtx, err error) {
	h := &ctx.Request.Header
	network, broken := errors.AsType[net.Error](err)
	slow := broken && network.Timeout()
	if broken && !slow {
		s.chunked.Delete(h)
		return // reset: nobody is there to be answered
	}
	x := s.acquire(ctx)
	defer s.release(x)
	x.close = true
	x.dialect = dialectOf(h)
	if d, ok := s.chunked.LoadAndDelete(h); ok {
		x.dialect = d.(dialect)
	}
	p := &problem{status: 400, message: "The request could not be read: " + err.Error()}
	_, small := errors.AsType[*fasthttp.ErrSmallBuffer](err)
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		p = s.tooLarge()
		x.conn.linger = true
	case small:
		p = &problem{status: 431, message: "The request header is too large."}
		x.conn.linger = true
	case slow:
		p = &problem{status: 408, message: "The request did not arrive in time."}
	}
	a := x.refusal(p)
	_ = x.transmit(&a)
}

func (s *Server) tooLarge() *problem {
	return &problem{status: 413, message: fmt.Sprintf("The request body is larger than %d bytes.", s.opt.MaxBody)}
}

// received notes the dialect of a body of unknown length: when such a body turns
// out too large, fasthttp has forgotten its header.
func (s *Server) received(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if h.ContentLength() == -1 {
		s.chunked.Store(h, dialectOf(h))
	}
	return fasthttp.RequestConfig{}
}

// expect answers "Expect: 100-continue". What fasthttp says by itself is not
// sent; see conn.Write.
func (s *Server) expect(ctx *fasthttp.RequestCtx) int {
	if ctx.Request.Header.ContentLength() > s.opt.MaxBody {
		s.refuse(ctx, fasthttp.ErrBodyTooLarge)
		return fasthttp.StatusRequestEntityTooLarge
	}
	_, _ = ctx.Conn().(*conn).Conn.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	return fasthttp.StatusContinue
}
