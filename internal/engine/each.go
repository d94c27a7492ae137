package engine

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
)

// LoadEach gives every node what tar holds, all at once: load reads one copy. What
// one of them fails with ends the others, too.
func LoadEach(ctx context.Context, tar io.Reader, nodes []string, load func(ctx context.Context, node string, tar io.Reader) error) error {
	sending, ctx := errgroup.WithContext(ctx)
	var ends []io.Writer
	var pipes []*io.PipeWriter
	for _, node := range nodes {
		r, w := io.Pipe()
		ends, pipes = append(ends, w), append(pipes, w)
		sending.Go(func() error {
			err := load(ctx, node, r)
			if err != nil {
				err = fmt.Errorf("load images into node %s: %w", node, err)
			}
			r.CloseWithError(err) // so that the others are not kept waiting
			return err
		})
	}
	_, err := io.Copy(io.MultiWriter(ends...), tar)
	for _, w := range pipes {
		w.CloseWithError(err)
	}
	if failed := sending.Wait(); failed != nil {
		return failed
	}
	return err
}
