// Package neterr names the ways a network request fails. The names are what
// checks and learners see in JSON: keep them stable.
package neterr

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// The kinds of failure.
const (
	DNS         = "dns"         // the name was not resolved
	Refused     = "refused"     // nobody listens on that address and port
	Timeout     = "timeout"     // no answer in time
	Reset       = "reset"       // the connection broke off, or ended without an answer
	Unreachable = "unreachable" // no route to that host or network
	TLS         = "tls"         // the handshake failed or the certificate is not trusted
	Protocol    = "protocol"    // what answered does not speak HTTP
	Canceled    = "canceled"    // we gave up ourselves
	Other       = "other"
)

// Kind names the failure err stands for; "" for nil.
func Kind(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case err == nil:
		return ""
	case strings.Contains(err.Error(), "malformed HTTP"): // first: net/http may call the connection broken, too
		return Protocol
	case errors.As(err, &dns):
		return DNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Reset
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return Unreachable
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT), errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.Is(err, context.Canceled):
		return Canceled
	case isTLS(err):
		return TLS
	case closedByServer(err):
		return Reset
	}
	return Other
}

// closedByServer finds the errors net/http does not export for a connection
// that ended before, or in the middle of, an answer.
func closedByServer(err error) bool {
	text := err.Error()
	return strings.Contains(text, "server closed idle connection") || strings.Contains(text, "transport connection broken")
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var verify *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verify) || errors.As(err, &authority) ||
		errors.As(err, &host) || errors.As(err, &invalid) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}
