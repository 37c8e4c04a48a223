package sim

import (
	"strconv"
	"strings"
)

// dialect is the family of wire formats a request came in.
type dialect uint8

const (
	openaiDialect dialect = iota
	anthropicDialect
)

// problem is a refusal, told in the shape of the dialect.
type problem struct {
	status  int
	message string
	param   string // OpenAI: the field at fault
	code    string // OpenAI: a machine-readable code
}

func (p *problem) Error() string { return p.message }

// invalid is a 400 about one field of the body.
func invalid(param, message string) *problem {
	return &problem{status: 400, message: message, param: param}
}

// appendBody appends the error body. OpenAI: {"error":{message,type,param,code}};
// Anthropic: {"type":"error","error":{type,message},"request_id"}.
func (p *problem) appendBody(dst []byte, d dialect, requestID []byte) []byte {
	p.message = strings.ToValidUTF8(p.message, "?") // it may quote what came in
	if d == anthropicDialect {
		dst = append(dst, `{"type":"error","error":{"type":"`...)
		dst = append(dst, anthropicType(p.status)...)
		dst = append(dst, `","message":`...)
		message := p.message
		if p.param != "" {
			message = p.param + ": " + message
		}
		dst = appendString(dst, message)
		dst = append(dst, `},"request_id":`...)
		dst = appendString(dst, requestID)
		return append(dst, '}')
	}
	dst = append(dst, `{"error":{"message":`...)
	dst = appendString(dst, p.message)
	dst = append(dst, `,"type":"`...)
	dst = append(dst, openaiType(p.status)...)
	dst = append(dst, `","param":`...)
	dst = appendOptional(dst, p.param)
	dst = append(dst, `,"code":`...)
	code := p.code
	if code == "" {
		code = openaiCode(p.status)
	}
	dst = appendOptional(dst, code)
	return append(dst, `}}`...)
}

func appendOptional(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s)
}

func openaiType(status int) string {
	switch {
	case status == 429:
		return "rate_limit_error"
	case status >= 500:
		return "server_error"
	}
	return "invalid_request_error"
}

func openaiCode(status int) string {
	switch status {
	case 401:
		return "invalid_api_key"
	case 404:
		return "not_found"
	case 405:
		return "method_not_supported"
	case 413:
		return "request_too_large"
	case 429:
		return "rate_limit_exceeded"
	case 503:
		return "overloaded"
	}
	return ""
}

func anthropicType(status int) string {
	switch status {
	case 401:
		return "authentication_error"
	case 402:
		return "billing_error"
	case 403:
		return "permission_error"
	case 404:
		return "not_found_error"
	case 413:
		return "request_too_large"
	case 429:
		return "rate_limit_error"
	case 503, 529:
		return "overloaded_error"
	case 504:
		return "timeout_error"
	}
	if status >= 500 {
		return "api_error"
	}
	return "invalid_request_error"
}

// requested is the problem that an x-sim-fault status asks for.
func requested(status int) *problem {
	return &problem{status: status, message: "Simulated status " + strconv.Itoa(status) + ", as asked for by x-sim-fault."}
}
