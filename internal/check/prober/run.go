package prober

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"labctl.dev/labctl/internal/kube"
)

// startTime is how long the helper pod may take to come back.
const startTime = 20 * time.Second

// Prober runs labapp's applets in the helper pod of one cluster. It is safe for
// concurrent use.
type Prober struct {
	client *kube.Client
	mu     sync.Mutex // lets one caller at a time mend the pod
}

// New makes a prober. The pod is looked for, and mended, at each use.
func New(client *kube.Client) *Prober { return &Prober{client: client} }

// Output runs an applet to its end and returns what it printed. If the pod goes
// in the middle of it, it is tried once more with another one: what it does has
// to be harmless twice.
func (p *Prober) Output(ctx context.Context, argv ...string) ([]byte, error) {
	out, err := p.Once(ctx, argv...)
	if err != nil && ctx.Err() == nil {
		out, err = p.Once(ctx, argv...)
	}
	return out, err
}

// Once is Output for what must not be done twice.
func (p *Prober) Once(ctx context.Context, argv ...string) ([]byte, error) {
	var out bytes.Buffer
	err := p.Run(ctx, nil, &out, io.Discard, argv...)
	return out.Bytes(), err
}

// Run runs an applet with these streams. The error is about running it, or
// says what it complained about when its exit code is not 0.
func (p *Prober) Run(ctx context.Context, in io.Reader, out, complaints io.Writer, argv ...string) error {
	pod, err := p.find(ctx)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	code, err := p.client.Exec(ctx, kube.Command{
		Namespace: Namespace, Pod: pod, Container: name, Argv: append([]string{Binary}, argv...),
		Stdin: in, Stdout: out, Stderr: io.MultiWriter(&said, complaints),
	})
	if err != nil {
		return fmt.Errorf("run %s in the checker's helper pod: %w", argv[0], err)
	}
	if code != 0 {
		return fmt.Errorf("%s in the checker's helper pod: exit code %d: %s", argv[0], code, strings.TrimSpace(said.String()))
	}
	return nil
}

func (p *Prober) find(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	return Ensure(ctx, p.client)
}
