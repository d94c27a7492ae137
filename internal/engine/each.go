package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
)

// LoadEach gives every node what tar holds, all at once: load reads one copy. What
// one of them fails with ends the others, too. A node may stop reading before the
// end: whether that is a failure, its load says.
func LoadEach(ctx context.Context, tar io.Reader, nodes []string, load func(ctx context.Context, node string, tar io.Reader) error) error {
	sending, ctx := errgroup.WithContext(ctx)
	copies := make(listeners, 0, len(nodes))
	for _, node := range nodes {
		r, w := io.Pipe()
		copies = append(copies, w)
		sending.Go(func() error {
			err := load(ctx, node, r)
			if err != nil {
				err = fmt.Errorf("load images into node %s: %w", node, err)
			}
			r.CloseWithError(err) // so that the others are not kept waiting
			return err
		})
	}
	_, err := io.Copy(&copies, tar)
	copies.end(err)
	failed := sending.Wait()
	if err != nil && !errors.Is(err, errNoListener) {
		return err // the tar could not be read; the nodes only pass that on
	}
	return failed
}

// errNoListener ends the copying: every node has what it wants, or failed.
var errNoListener = errors.New("no node reads on")

// listeners writes to all nodes that still read. One that does not is left out and
// does not end the others: an HTTP client closes what it sends before it says why,
// and what ended first would be the others, which have nothing to say.
type listeners []*io.PipeWriter

func (l *listeners) Write(p []byte) (int, error) {
	still := (*l)[:0]
	for _, w := range *l {
		if _, err := w.Write(p); err == nil {
			still = append(still, w)
		}
	}
	if *l = still; len(still) == 0 {
		return 0, errNoListener
	}
	return len(p), nil
}

// end tells those that read on that there is no more, or why.
func (l *listeners) end(err error) {
	for _, w := range *l {
		w.CloseWithError(err)
	}
}
