package session

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Request is one line from the client: run Argv, or stop what ID began.
type Request struct {
	ID     uint64   `json:"id"` // from 1, each but once
	Argv   []string `json:"argv,omitempty"`
	Cancel bool     `json:"cancel,omitempty"`
}

// Answer is one line to the client: what the run ID came to. The first line, and
// one every Beat, have the ID 0 and tell only that the session is there.
type Answer struct {
	ID     uint64 `json:"id"`
	Code   int    `json:"code,omitempty"`
	Stdout []byte `json:"stdout,omitempty"`
	Stderr []byte `json:"stderr,omitempty"`
}

const (
	// Beat is how often the session says that it is there.
	Beat = time.Second
	// MaxOutput is how much one run may print: a thousand bodies of the http
	// applet, at the size where it cuts them, and as much again for the rest.
	MaxOutput = 1000 * (64 << 10) * 2
	// maxComplaint is how much of its standard error is kept.
	maxComplaint = 64 << 10
	// maxRequest is how long a request may be; a command line could not be longer.
	maxRequest = 4 << 20
)

// MaxLine is how long the line of an answer may be.
func MaxLine() int {
	return base64.StdEncoding.EncodedLen(MaxOutput) + base64.StdEncoding.EncodedLen(maxComplaint) + 1<<10
}

// eachRequest calls f with every request until r ends.
func eachRequest(r io.Reader, f func(Request)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxRequest)
	for lines.Scan() {
		var request Request
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		f(request)
	}
	return lines.Err()
}
