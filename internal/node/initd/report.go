//go:build linux

package initd

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"labctl.dev/labctl/internal/node"
)

// reporter writes events. A reader that went away is no error: the end of
// standard input tells that, too.
type reporter struct {
	mu    sync.Mutex
	w     io.Writer
	start time.Time
}

func (r *reporter) report(e node.Event) {
	e.Millis = time.Since(r.start).Milliseconds()
	line, err := json.Marshal(e)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.w.Write(append(line, '\n'))
}
