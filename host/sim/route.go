package sim

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"
)

type endpoint uint8

const (
	endpointUnknown endpoint = iota
	endpointChat
	endpointCompletions
	endpointResponses
	endpointEmbeddings
	endpointMessages
	endpointCountTokens
	endpointModels
	endpointModel
)

// route is where a request goes.
type route struct {
	endpoint endpoint
	method   string // the one that is allowed
	model    string // of endpointModel
}

// find maps a request target, less its query, to an endpoint. Paths are compared
// as they came: no decoding, no cleaning.
func find(target string) route {
	path, _, _ := strings.Cut(target, "?")
	switch path {
	case "/v1/chat/completions":
		return route{endpointChat, "POST", ""}
	case "/v1/completions":
		return route{endpointCompletions, "POST", ""}
	case "/v1/responses":
		return route{endpointResponses, "POST", ""}
	case "/v1/embeddings":
		return route{endpointEmbeddings, "POST", ""}
	case "/v1/messages":
		return route{endpointMessages, "POST", ""}
	case "/v1/messages/count_tokens":
		return route{endpointCountTokens, "POST", ""}
	case "/v1/models":
		return route{endpointModels, "GET", ""}
	}
	if id, ok := strings.CutPrefix(path, "/v1/models/"); ok && id != "" {
		if name, err := url.PathUnescape(id); err == nil {
			return route{endpointModel, "GET", name}
		}
	}
	return route{}
}

// dialectOf is the family of a request: that of its path, or of its headers where
// both families have the path.
func dialectOf(h *fasthttp.RequestHeader) dialect {
	target := string(h.RequestURI())
	switch {
	case strings.HasPrefix(target, "/v1/messages"):
		return anthropicDialect
	case len(h.Peek("Anthropic-Version")) > 0:
		return anthropicDialect
	}
	return openaiDialect
}

// answer reads the request and decides what to say. What a model has to generate
// is made only when it has a slot.
func (x *exchange) answer(ctx *fasthttp.RequestCtx) (answer, error) {
	h := &ctx.Request.Header
	x.dialect = dialectOf(h)
	if err := x.control(h); err != nil {
		return answer{}, err
	}
	switch f := &x.fault; {
	case f.redirect != "":
		return answer{status: 302, location: f.redirect}, nil
	case f.status >= 400:
		a := x.refusal(requested(f.status))
		a.retryAfter = f.retry
		return a, nil
	case x.echo:
		return x.echoed(ctx), nil
	}
	x.route = find(string(h.RequestURI()))
	method := string(h.Method())
	switch {
	case x.route.endpoint == endpointUnknown:
		return answer{}, &problem{status: 404, message: "Invalid URL (" + method + " " + string(h.RequestURI()) + ")"}
	case method != x.route.method:
		a := x.refusal(&problem{status: 405, message: "Not allowed to " + method + " on " + string(h.RequestURI()) + "; use " + x.route.method + "."})
		a.allow = x.route.method
		return a, nil
	case x.route.endpoint == endpointModels, x.route.endpoint == endpointModel:
		return x.models(), nil
	}
	if err := x.read(ctx.Request.Body()); err != nil {
		return answer{}, err
	}
	if err := x.affordable(); err != nil {
		return answer{}, err
	}
	if x.route.endpoint == endpointCountTokens {
		body := appendField([]byte{'{'}, "input_tokens", tokens(len(x.req.prompt)))
		return answer{status: 200, body: append(body, '}')}, nil
	}
	a := answer{status: 200, generated: true, stream: x.req.stream}
	if f := x.fault.status; f != 0 {
		a.status = f
	}
	a.retryAfter = x.fault.retry
	return a, nil
}

// read parses the body for its endpoint.
func (x *exchange) read(body []byte) error {
	if err := x.doc.parse(body); err != nil {
		return &problem{status: 400, code: "invalid_json", message: "We could not parse the JSON body of your request: " + err.Error() + "."}
	}
	x.req.reset()
	root := x.doc.root()
	switch x.route.endpoint {
	case endpointChat:
		return x.req.chat(root)
	case endpointCompletions:
		return x.req.completion(root)
	case endpointResponses:
		return x.req.responses(root)
	case endpointEmbeddings:
		return x.req.embedding(root)
	case endpointMessages:
		return x.req.message(root, false)
	default:
		return x.req.message(root, true)
	}
}

// affordable bounds what one request can make the model generate.
func (x *exchange) affordable() error {
	choices := x.req.n * len(x.req.ends)
	if choices > maxInputs {
		return invalid("n", "Invalid 'n': "+strconv.Itoa(choices)+" choices for all prompts together, at most "+strconv.Itoa(maxInputs)+".")
	}
	if choices*x.forced > maxForced {
		return &problem{status: 400, code: "bad_x_sim_header", message: "x-sim-tokens: at most " + strconv.Itoa(maxForced) + " for all choices together"}
	}
	return nil
}

// refusal is an error in the dialect's shape.
func (x *exchange) refusal(err error) answer {
	p, ok := errors.AsType[*problem](err)
	if !ok {
		p = &problem{status: 500, message: err.Error()}
	}
	return answer{status: p.status, body: p.appendBody(nil, x.dialect, x.id)}
}
